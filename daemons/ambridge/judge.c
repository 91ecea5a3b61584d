/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/judge.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/cc/caller.h"
#include "lib/trust/roots_folder.h"

#define REMEMBERED 2048 /* certificates, and chains, that a listener's verifier remembers */

/* ---- roots ---- */

static uint64_t next_number(void)
{
	static _Atomic uint64_t number;

	return atomic_fetch_add(&number, 1) + 1;
}

static int load(const char *dir, const struct cf_list *crls, const struct cf_section *section,
		char **values, struct ab_judge *out, struct cc_note *why)
{
	struct tr_root_rule rules[TR_ROOTS_MAX];
	struct tr_roots_folder from = {
		.dir = dir, .rules = rules, .crls = crls->items, .n_crls = crls->count};
	int r = 0;

	for (size_t i = 0; section && i < section->count && !r; i++) {
		const struct cf_entry *e = &section->entries[i];

		if (e->from_default || e->variable)
			continue;
		values[i] = strdup(e->value);
		if (!values[i])
			return cc_raise(CC_ENOMEM);
		r = tr_root_rule_read(e->key, values[i], &rules[from.n_rules++], why);
	}
	out->number = next_number();
	return r ? r : tr_roots_load(&from, out->number, &out->roots, why);
}

int ab_judge_init(struct ab_judge *j, const char *roots, const struct cf_list *crls,
		  const struct cf_section *rules, struct cc_note *why)
{
	size_t n = rules ? rules->count : 0;
	char **values;
	int r;

	*j = (struct ab_judge){0};
	if (n > TR_ROOTS_MAX)
		return cc_note_set(why, CC_ELIMIT, "more than %d lines in [roots]", TR_ROOTS_MAX);
	values = calloc(n + 1, sizeof(*values));
	r = values ? load(roots, crls, rules, values, j, why) : cc_raise(CC_ENOMEM);
	for (size_t i = 0; values && i < n; i++)
		free(values[i]);
	free(values);
	if (!r)
		r = tr_verifier_new(&j->verifier, REMEMBERED);
	if (!r)
		tr_verifier_use(j->verifier, j->roots);
	return r > 0 ? -CC_EINVAL : r;
}

void ab_judge_deinit(struct ab_judge *j)
{
	tr_verifier_freep(&j->verifier);
	tr_roots_unref(j->roots);
	j->roots = NULL;
}

/* ---- the client ---- */

static int add_cert(struct ab_client *c, X509 *cert, size_t *total)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der), r = 0;
	char *text = NULL;

	if (len <= 0)
		return cc_raise(CC_ENOMEM);
	*total += (size_t)len;
	if (*total > CC_CERT_MAX || json_array_size(c->certs) == CC_CALLER_CERTS)
		r = -CC_ELIMIT;
	if (!r)
		text = malloc(((size_t)len + 2) / 3 * 4 + 1);
	if (!r && !text)
		r = cc_raise(CC_ENOMEM);
	if (!r) {
		EVP_EncodeBlock((unsigned char *)text, der, len);
		if (json_array_append_new(c->certs, json_string_nocheck(text)) != 0)
			r = cc_raise(CC_ENOMEM);
	}
	free(text);
	OPENSSL_free(der);
	return r;
}

/* The chain as lib/trust reads it. What it cannot read is no chain: why says so. */
static int read_gids(struct ab_client *c, struct ab_judge *j, X509 *leaf,
		     const STACK_OF(X509) * others, struct cc_note *why)
{
	unsigned char *ders[TR_CHAIN_MAX] = {NULL};
	size_t lens[TR_CHAIN_MAX], n = 0;
	int r = 0;

	for (int i = -1; i < (others ? sk_X509_num(others) : 0) && !r; i++) {
		int len = 0;

		if (n == TR_CHAIN_MAX)
			r = cc_refuse(why, CC_RULE_CHAIN_DEPTH, "more than %d certificates",
				      TR_CHAIN_MAX);
		else
			len = i2d_X509(i < 0 ? leaf : sk_X509_value(others, i), &ders[n]);
		if (!r && len <= 0)
			r = cc_raise(CC_ENOMEM);
		if (!r)
			lens[n++] = (size_t)len;
	}
	if (!r)
		r = tr_gids_read_der(tr_verifier_certs(j->verifier), (const uint8_t *const *)ders,
				     lens, n, &c->gids, why);
	for (size_t i = 0; i < TR_CHAIN_MAX; i++)
		OPENSSL_free(ders[i]);
	if (!r)
		tr_gids_order(&c->gids);
	else
		tr_gids_deinit(&c->gids);
	return r;
}

static int refuse(struct ab_client *c, int rule, const char *why)
{
	free(c->why);
	c->why = strdup(why);
	c->rule = rule;
	return rule;
}

static int take_certs(struct ab_client *c, X509 *leaf, const STACK_OF(X509) * others)
{
	size_t total = 0;
	int r = 0;

	/* in the order of their chain; what does not belong to it is nobody's business */
	for (size_t i = 0; i < c->gids.count && !r; i++)
		r = add_cert(c, c->gids.items[i]->cert, &total);
	if (c->gids.count > 0)
		return r;
	for (int i = -1; i < (others ? sk_X509_num(others) : 0) && !r; i++)
		r = add_cert(c, i < 0 ? leaf : sk_X509_value(others, i), &total);
	return r;
}

int ab_client_take(struct ab_client *c, struct ab_judge *j, X509 *leaf,
		   const STACK_OF(X509) * others)
{
	struct cc_note why = {0};
	int r = 0;

	ab_client_deinit(c);
	c->certs = json_array();
	if (!c->certs)
		return cc_raise(CC_ENOMEM);
	if (leaf)
		r = read_gids(c, j, leaf, others, &why);
	if (r < 0)
		return r;
	if (r > 0)
		refuse(c, r, why.text);
	else if (!leaf)
		refuse(c, AB_NO_CERTIFICATE, "no certificate was sent");
	r = leaf ? take_certs(c, leaf, others) : 0;
	ERR_clear_error();
	return r;
}

void ab_client_deinit(struct ab_client *c)
{
	tr_gids_deinit(&c->gids);
	json_decref(c->certs);
	free(c->why);
	*c = (struct ab_client){0};
}

const char *ab_client_urn(const struct ab_client *c)
{
	const struct tr_gid *leaf = tr_gids_leaf(&c->gids);

	return leaf ? leaf->urn : "";
}

int ab_judge_client(struct ab_judge *j, struct ab_client *c)
{
	int64_t now = cc_clock_seconds();
	struct cc_note why = {0};
	struct tr_chain chain;
	int r;

	if (c->gids.count == 0)
		return c->rule ? c->rule : refuse(c, AB_NO_CERTIFICATE, "no certificate was sent");
	if (c->number == j->number && !c->rule && now >= c->from && now <= c->until)
		return 0;
	r = tr_chain_verify(j->verifier, &c->gids, now, &chain, &why);
	ERR_clear_error();
	c->number = j->number;
	if (r)
		return refuse(c, r, why.text[0] ? why.text : cc_err_text(r));
	free(c->why);
	c->why = NULL;
	c->rule = 0;
	c->from = chain.from;
	c->until = chain.until;
	return 0;
}

int ab_judge_alert(int rule)
{
	switch (rule) {
	case CC_RULE_CERT_EXPIRED:
		return X509_V_ERR_CERT_HAS_EXPIRED;
	case CC_RULE_CERT_NOT_YET:
		return X509_V_ERR_CERT_NOT_YET_VALID;
	case CC_RULE_CERT_REVOKED:
		return X509_V_ERR_CERT_REVOKED;
	case CC_RULE_CHAIN_ROOT:
	case CC_RULE_CHAIN_ISSUER:
		return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
	default:
		return X509_V_ERR_CERT_REJECTED;
	}
}
