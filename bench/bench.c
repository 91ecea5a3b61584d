/* SPDX-License-Identifier: ISC */
#include "bench/bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"

void bench_die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void bench_must(int r, const char *what)
{
	if (r)
		bench_die("%s: %s", what, cc_err_text(r));
}

int64_t bench_cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		bench_die("process %d has no CPU clock: has it ended?", (int)pid);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

double bench_number(const char *name, const char *text, double min)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min))
		bench_die("%s wants a number, at least %g, not \"%s\"", name, min, text);
	return v;
}

static struct cc_gate *open_gate(struct cc_keystore_conf *conf, const char *sign,
				 const struct cc_gate_conf *extra)
{
	cc_cleanup(cf_list_deinit) struct cf_list ca = {0}, keys = {0};
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	bool dir = conf->dir[0] != 0;
	struct cc_gate_conf gate_conf = {
		.window_back_ms = dir ? 300000 : 0,
		.window_ahead_ms = 2000,
		.signer_cache = 16,
		.policy = extra->policy,
		.replay = extra->replay,
		.realm = extra->realm,
	};
	struct cc_note why = {0};
	struct cc_gate *gate;

	bench_must(cf_list_parse(dir ? "ca" : "", &ca), "cf_list_parse");
	bench_must(cf_list_parse(dir ? sign : "", &keys), "cf_list_parse");
	conf->verify = &ca;
	conf->sign = &keys;
	if (cc_keystore_load(conf, &ks, &why) != 0)
		bench_die("%s", why.text);
	bench_must(cc_gate_new(&gate, ks, &gate_conf), "cc_gate_new");
	return gate;
}

struct cc_gate *bench_gate(const char *dir, const char *sign)
{
	return bench_gate_with(dir, sign, &(struct cc_gate_conf){0});
}

struct cc_gate *bench_gate_with(const char *dir, const char *sign, const struct cc_gate_conf *extra)
{
	return open_gate(&(struct cc_keystore_conf){.dir = dir ? dir : ""}, sign, extra);
}

struct cc_gate *bench_gate_own(const char *dir, const char *cert, const char *key)
{
	struct cc_keystore_conf conf = {.dir = dir, .own_cert = cert, .own_key = key};

	return open_gate(&conf, "", &(struct cc_gate_conf){0});
}

void bench_request(struct cc_gate *gate, struct cc_msg *m, const char *type, const char *id)
{
	static const char pad[] =
		"what a message of a testbed says beside its envelope is about so long";
	json_t *body = json_pack("{s:s, s:s, s:s*}", "target", "tcp://127.0.0.1:22632", "pad", pad,
				 "id", id);

	if (!body)
		bench_die("no memory");
	bench_must(cc_gate_seal(gate, m, type, body, (struct cc_bytes){NULL, 0}), "sealing");
	json_decref(body);
}
