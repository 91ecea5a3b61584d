/* SPDX-License-Identifier: ISC */
/*
 * What libcrypto does without us: EVP verify and EVP sign (SHA-256) of an echo request's octets, over and over.
 *
 *   bench-evp KEYSTORE NAME THREADS SECONDS
 *
 * Prints {"rate": pairs a second, "cpu_us": CPU a pair}. Each thread has its own copy of the key.
 */
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "bench/bench.h"
#include "lib/base/clock.h"
#include "lib/cc/keyfile.h"

#define THREADS_MAX 64
#define SIGNATURE_MAX 2048

struct side {
	pthread_t thread;
	EVP_PKEY *key;
	uint8_t signature[SIGNATURE_MAX];
	size_t len;
	uint64_t pairs;
};

static struct cc_bytes text;
static atomic_bool stop;

static void sign(struct side *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	s->len = sizeof(s->signature);
	if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, s->key) != 1 ||
	    EVP_DigestSign(ctx, s->signature, &s->len, text.data, text.len) != 1)
		bench_die("EVP_DigestSign failed");
	EVP_MD_CTX_free(ctx);
}

static void verify(struct side *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, s->key) != 1 ||
	    EVP_DigestVerify(ctx, s->signature, s->len, text.data, text.len) != 1)
		bench_die("EVP_DigestVerify failed");
	EVP_MD_CTX_free(ctx);
}

static void *run(void *arg)
{
	struct side *s = arg;

	for (; !stop; s->pairs++) {
		verify(s);
		sign(s);
	}
	return NULL;
}

static void prepare(struct side *s, EVP_PKEY *key)
{
	s->key = EVP_PKEY_dup(key);
	if (!s->key)
		bench_die("EVP_PKEY_dup failed");
	sign(s);
}

static void measure(struct side *sides, int threads, double seconds)
{
	struct timespec wait = {(time_t)seconds, (long)((seconds - (long)seconds) * 1e9)};
	int64_t start = cc_clock_ns(), cpu = cc_clock_cpu_ns();
	uint64_t pairs = 0;

	for (int i = 0; i < threads; i++)
		if (pthread_create(&sides[i].thread, NULL, run, &sides[i]) != 0)
			bench_die("cannot start a thread");
	nanosleep(&wait, NULL);
	stop = true;
	for (int i = 0; i < threads; i++) {
		pthread_join(sides[i].thread, NULL);
		pairs += sides[i].pairs;
	}
	printf("{\"rate\": %.1f, \"cpu_us\": %.3f}\n",
	       (double)pairs * 1e9 / (double)(cc_clock_ns() - start),
	       (double)(cc_clock_cpu_ns() - cpu) / 1000 / (double)pairs);
}

int main(int argc, char **argv)
{
	static struct side sides[THREADS_MAX];
	static const char id[CC_ID_HEX + 1] = "0123456789abcdef0123456789abcdef";
	struct cc_note why = {0};
	struct cc_msg *m = cc_msg_new();
	EVP_PKEY *key;
	int threads;

	if (argc != 5) {
		fprintf(stderr, "usage: bench-evp KEYSTORE NAME THREADS SECONDS\n");
		return 2;
	}
	threads = (int)bench_number("THREADS", argv[3], 1);
	if (threads > THREADS_MAX)
		bench_die("at most %d threads", THREADS_MAX);
	bench_request(bench_gate(NULL, ""), m, "echo.request", id);
	text = cc_msg_body(m);
	if (cc_keyfile_read_key(argv[1], argv[2], &key, &why) != 0)
		bench_die("%s", why.text);
	for (int i = 0; i < threads; i++)
		prepare(&sides[i], key);
	measure(sides, threads, bench_number("SECONDS", argv[4], 0.01));
	return 0;
}
