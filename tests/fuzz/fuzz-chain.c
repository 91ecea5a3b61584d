/* SPDX-License-Identifier: ISC */
/*
 * Chains of certificates as text. What is taken is written as plain PEM, which OpenSSL's own reader
 * must read as the same certificates; a reader that remembers must say the same as one that does
 * not; and nothing but white space may stand behind what was taken.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/gid.h"
#include "tests/fuzz/must.h"

#define END "-----END CERTIFICATE-----"

static struct tr_certs *certs;

static void check_openssl_agrees(const struct tr_gids *gids, const struct cc_buf *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);

	MUST(bio);
	for (size_t i = 0; i < gids->count; i++) {
		X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		uint8_t *der = NULL;
		int len = i2d_X509(cert, &der);

		/* what it would write may differ: its reader takes BER */
		MUST(cert && len > 0 && X509_cmp(cert, gids->items[i]->cert) == 0);
		OPENSSL_free(der);
		X509_free(cert);
	}
	MUST(!PEM_read_bio_X509(bio, NULL, NULL, NULL));
	BIO_free(bio);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* In text that has a BEGIN. */
static void check_nothing_follows(const char *text, size_t len)
{
	size_t at = len;

	while (at > 0 && is_space(text[at - 1]))
		at--;
	MUST(at >= strlen(END) && memcmp(text + at - strlen(END), END, strlen(END)) == 0);
}

static size_t count(const char *text, size_t len, const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i + strlen(word) <= len; i++)
		n += memcmp(text + i, word, strlen(word)) == 0;
	return n;
}

/* The same certificates one by one. */
static void check_der_agrees(const struct tr_gids *gids)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids again = {0};
	const uint8_t *ders[TR_CHAIN_MAX];
	size_t lens[TR_CHAIN_MAX];

	for (size_t i = 0; i < gids->count; i++) {
		ders[i] = gids->items[i]->der;
		lens[i] = gids->items[i]->der_len;
	}
	MUST(tr_gids_read_der(certs, ders, lens, gids->count, &again, NULL) == 0);
	for (size_t i = 0; i < gids->count; i++)
		MUST(memcmp(again.items[i]->hash, gids->items[i]->hash, TR_HASH) == 0);
}

static void check_taken(const char *text, size_t len, const struct tr_gids *gids)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(0);
	size_t begins = count(text, len, "-----BEGIN CERTIFICATE-----");

	MUST(gids->count == (begins ? begins : 1) && gids->count <= TR_CHAIN_MAX);
	if (begins)
		check_nothing_follows(text, len);
	MUST(tr_gids_write(gids, &pem) == 0);
	check_openssl_agrees(gids, &pem);
	check_der_agrees(gids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids plain = {0}, known = {0};
	struct cc_note why = {0}, also = {0};
	const char *text = (const char *)data;
	int r, again;

	/* so small that it forgets, too */
	if (!certs)
		MUST(tr_certs_new(&certs, 4) == 0);
	r = tr_gids_read(NULL, text, size, &plain, &why);
	again = tr_gids_read(certs, text, size, &known, &also);
	MUST(r == 0 || r == CC_RULE_CERT_FORM || r == CC_RULE_CHAIN_DEPTH);
	MUST(r == again && strcmp(why.text, also.text) == 0 && plain.count == known.count);
	for (size_t i = 0; i < plain.count; i++)
		MUST(memcmp(plain.items[i]->hash, known.items[i]->hash, TR_HASH) == 0);
	if (r == 0)
		check_taken(text, size, &plain);
	ERR_clear_error();
	return 0;
}
