/* SPDX-License-Identifier: ISC */
/*
 * One certificate in DER ("c" and its octets), or a public key as text ("k" and the text). What is
 * read of a certificate is held against what every user of a struct tr_gid relies on; a key that is
 * read is written in another form and read again.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/gid.h"
#include "tests/fuzz/must.h"

/* Letters that any terminal and any protocol passes on. */
static void check_name(const char *name, size_t size)
{
	size_t len = strnlen(name, size);

	MUST(len < size);
	for (size_t i = 0; i < len; i++)
		MUST((uint8_t)name[i] > 0x20 && (uint8_t)name[i] < 0x7f);
}

static void check_shown(const char *text)
{
	MUST(*text);
	for (; *text; text++)
		MUST((uint8_t)*text >= 0x20 && (uint8_t)*text != 0x7f);
}

static void check_urn(const struct tr_gid *g)
{
	char hrn[TR_NAME_MAX + 1], type[sizeof(g->type)];
	struct tr_urn urn;

	if (!g->urn[0]) {
		MUST(!g->name.authority.len && !g->name.type.len && !g->name.name.len);
		MUST(!g->type[0] && (!g->hrn[0] || g->params));
		return;
	}
	MUST(tr_urn_parse_text(g->urn, &urn, NULL) == 0);
	MUST(memcmp(&urn, &g->name, sizeof(urn)) == 0);
	MUST(tr_urn_to_hrn(&urn, hrn, type, NULL) == 0);
	MUST(strcmp(hrn, g->hrn) == 0 && strcmp(type, g->type) == 0);
}

static void check_names(const struct tr_gid *g)
{
	char parent[TR_NAME_MAX + 1];

	check_name(g->urn, sizeof(g->urn));
	check_name(g->hrn, sizeof(g->hrn));
	check_name(g->type, sizeof(g->type));
	check_name(g->uuid, sizeof(g->uuid));
	check_name(g->email, sizeof(g->email));
	check_urn(g);
	check_shown(tr_gid_label(g));
	MUST(strnlen(g->cn, sizeof(g->cn)) < sizeof(g->cn));
	if (g->cn[0])
		check_shown(g->cn);
	MUST(!g->hrn[0] || tr_hrn_parent(g->hrn, parent) == 0);
	if (g->params)
		MUST(g->params_len >= 8 && memcmp(g->params, "<params>", 8) == 0 &&
		     !g->params[g->params_len]);
}

static void check_rest(struct tr_gid *g)
{
	MUST(g->cert && g->key && g->refs == 1 && tr_gid_same_key(g, g));
	MUST(strlen(g->key_id) == 40 && strspn(g->key_id, "0123456789abcdef") == 40);
	MUST(g->version >= 0 && g->version <= 3 && (!g->ca || g->has_basic));
	MUST(g->rsa_bits == 0 || EVP_PKEY_is_a(g->key, "RSA"));
	MUST(!g->key_good || g->rsa_bits == 0 || g->rsa_bits >= 2048);
}

/* Written and read again it is the same certificate. */
static void check_written(struct tr_gid *g)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids again = {0};
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(0);
	const struct tr_gids one = {.items = {g}, .count = 1};

	MUST(tr_gids_write(&one, &text) == 0);
	MUST(tr_gids_read(NULL, (char *)text.data, text.len, &again, NULL) == 0);
	MUST(again.count == 1 && memcmp(again.items[0]->hash, g->hash, TR_HASH) == 0);
	MUST(memcmp(again.items[0]->urn, g->urn, sizeof(g->urn)) == 0);
}

static void read_certificate(const uint8_t *der, size_t len)
{
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;
	struct cc_note why = {0};
	int r = tr_gid_read_der(NULL, der, len, &g, &why);

	MUST(r == 0 || (r == CC_RULE_CERT_FORM && !g));
	if (r != 0) {
		check_shown(why.text);
		return;
	}
	MUST(g->der_len == len && memcmp(g->der, der, len) == 0);
	check_names(g);
	check_rest(g);
	check_written(g);
}

static void read_key(const char *text, size_t len)
{
	EVP_PKEY *key = NULL, *again = NULL;
	struct cc_note why = {0};
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long n;

	MUST(bio);
	if (tr_key_read_public(text, len, &key, &why) != 0) {
		MUST(!key);
		check_shown(why.text);
	} else if (PEM_write_bio_PUBKEY(bio, key)) { /* it refuses keys of DH */
		n = BIO_get_mem_data(bio, &pem);
		MUST(tr_key_read_public(pem, (size_t)n, &again, &why) == 0);
		MUST(EVP_PKEY_eq(key, again) == 1);
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(again);
	BIO_free(bio);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 'c')
		read_certificate(data + 1, size - 1);
	else if (size > 0 && data[0] == 'k')
		read_key((const char *)data + 1, size - 1);
	ERR_clear_error();
	return 0;
}
