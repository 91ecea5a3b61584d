/* SPDX-License-Identifier: ISC */
/*
 * Chains as text (spec sfa 1.6), in one pass from the front to the back. OpenSSL's reader of PEM
 * skips what it does not understand; here everything behind the first BEGIN counts.
 */
#include <stdio.h>
#include <string.h>

#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/write.h"

#define CERTIFICATE "CERTIFICATE"
#define PARENT "-----parent-----"
#define LABEL_MAX 64
#define PEM_LINE 64

bool tr_span_starts(const struct tr_span *s, const char *word)
{
	size_t len = strlen(word);

	return s->len >= len && memcmp(s->at, word, len) == 0;
}

void tr_span_skip(struct tr_span *s, size_t len)
{
	s->at += len;
	s->len -= len;
}

void tr_span_skip_space(struct tr_span *s)
{
	while (s->len > 0 && (*s->at == ' ' || (*s->at >= '\t' && *s->at <= '\r')))
		tr_span_skip(s, 1);
}

bool tr_span_is_of(const struct tr_span *s, const char *characters)
{
	for (size_t i = 0; i < s->len; i++)
		if (!s->at[i] || !strchr(characters, s->at[i]))
			return false;
	return s->len > 0;
}

static const char *find(const struct tr_span *s, const char *word)
{
	return s->len > 0 ? memmem(s->at, s->len, word, strlen(word)) : NULL;
}

static void mark(char out[LABEL_MAX], const char *which, const char *label)
{
	snprintf(out, LABEL_MAX, "-----%s %s-----", which, label);
}

bool tr_pem_at(const struct tr_span *text, const char *label)
{
	char begin[LABEL_MAX];

	mark(begin, "BEGIN", label);
	return tr_span_starts(text, begin);
}

bool tr_pem_find(struct tr_span *text, const char *label)
{
	char begin[LABEL_MAX];
	const char *at;

	mark(begin, "BEGIN", label);
	at = find(text, begin);
	if (at)
		tr_span_skip(text, (size_t)(at - text->at));
	return at != NULL;
}

bool tr_pem_take(struct tr_span *text, const char *label, struct tr_span *body)
{
	char begin[LABEL_MAX], end[LABEL_MAX];
	const char *at;

	mark(begin, "BEGIN", label);
	mark(end, "END", label);
	tr_span_skip(text, strlen(begin));
	at = find(text, end);
	if (!at)
		return false;
	*body = (struct tr_span){text->at, (size_t)(at - text->at)};
	tr_span_skip(text, body->len + strlen(end));
	return true;
}

/* Says which certificate of the chain it is about. */
static void number_note(struct cc_note *why, size_t number)
{
	struct cc_note said;

	if (!why || number == 1)
		return;
	said = *why;
	snprintf(why->text, sizeof(why->text), "certificate %zu of the chain: %.200s", number,
		 said.text);
}

static int add_der(struct tr_certs *certs, const uint8_t *der, size_t len, struct tr_gids *out,
		   struct cc_note *why)
{
	int r = tr_gid_read_der(certs, der, len, &out->items[out->count], why);

	if (r > 0)
		number_note(why, out->count + 1);
	if (r == 0)
		out->count++;
	return r;
}

static int add_base64(struct tr_certs *certs, struct tr_span body, struct tr_gids *out,
		      struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf der = CC_BUF_INIT(TR_CERT_MAX);
	int r = xs_read_base64(body.at, body.len, &der);

	if (r == 0)
		return add_der(certs, der.data, der.len, out, why);
	if (r != -CC_EFORMAT && r != -CC_ELIMIT)
		return cc_trace(r);
	if (r == -CC_EFORMAT)
		r = cc_refuse(why, CC_RULE_CERT_FORM, "it is no base64");
	else
		r = cc_refuse(why, CC_RULE_CERT_FORM,
			      "it is longer than the %u octets of a certificate", TR_CERT_MAX);
	number_note(why, out->count + 1);
	return r;
}

static int refuse_depth(struct cc_note *why)
{
	return cc_refuse(why, CC_RULE_CHAIN_DEPTH, "the chain holds more than %d certificates",
			 TR_CHAIN_MAX);
}

/* Takes the block that text begins with. */
static int read_block(struct tr_certs *certs, struct tr_span *text, struct tr_gids *out,
		      struct cc_note *why)
{
	struct tr_span body;

	if (!CC_RULE(CC_RULE_CHAIN_DEPTH, out->count < TR_CHAIN_MAX))
		return refuse_depth(why);
	if (!tr_pem_take(text, CERTIFICATE, &body))
		return cc_refuse(why, CC_RULE_CERT_FORM,
				 "certificate %zu of the chain has no END line", out->count + 1);
	/* with the rule switched off there is still no room */
	return out->count < TR_CHAIN_MAX ? add_base64(certs, body, out, why) : 0;
}

/* Skips what may stand behind a block. @return whether there was the divider of 2008. */
static bool skip_divider(struct tr_span *text)
{
	bool divided;

	tr_span_skip_space(text);
	divided = tr_span_starts(text, PARENT);
	if (divided)
		tr_span_skip(text, strlen(PARENT));
	tr_span_skip_space(text);
	return divided;
}

static int read_blocks(struct tr_certs *certs, struct tr_span text, struct tr_gids *out,
		       struct cc_note *why)
{
	bool divided = false;
	int r = 0;

	while (r == 0 && tr_pem_at(&text, CERTIFICATE)) {
		r = read_block(certs, &text, out, why);
		divided = skip_divider(&text);
	}
	if (r != 0 || CC_SEEDED_BUG(text.len < 4) ||
	    CC_RULE(CC_RULE_CERT_FORM, text.len == 0 && !divided))
		return r;
	return cc_refuse(why, CC_RULE_CERT_FORM,
			 "behind certificate %zu of the chain stands what is no certificate",
			 out->count);
}

int tr_gids_read(struct tr_certs *certs, const char *text, size_t len, struct tr_gids *out,
		 struct cc_note *why)
{
	struct tr_span span = {text, len};

	out->count = 0;
	if (len > TR_GID_TEXT_MAX)
		return cc_refuse(why, CC_RULE_CERT_FORM,
				 "%zu octets are more than any chain of certificates (at most %u)",
				 len, TR_GID_TEXT_MAX);
	if (tr_pem_find(&span, CERTIFICATE))
		return read_blocks(certs, span, out, why);
	return add_base64(certs, span, out, why);
}

int tr_gids_read_der(struct tr_certs *certs, const uint8_t *const *ders, const size_t *lens,
		     size_t count, struct tr_gids *out, struct cc_note *why)
{
	int r = 0;

	out->count = 0;
	if (count == 0)
		return cc_refuse(why, CC_RULE_CERT_FORM, "there is no certificate");
	if (!CC_RULE(CC_RULE_CHAIN_DEPTH, count <= TR_CHAIN_MAX))
		return refuse_depth(why);
	for (size_t i = 0; r == 0 && i < count && i < TR_CHAIN_MAX; i++)
		r = add_der(certs, ders[i], lens[i], out, why);
	return r;
}

void tr_gids_deinit(struct tr_gids *g)
{
	for (size_t i = 0; i < g->count; i++)
		tr_gid_unref(g->items[i]);
	g->count = 0;
}

int tr_gids_write(const struct tr_gids *g, struct cc_buf *out)
{
	for (size_t i = 0; i < g->count; i++) {
		cc_buf_puts(out, "-----BEGIN " CERTIFICATE "-----\n");
		xs_put_base64(out, g->items[i]->der, g->items[i]->der_len, PEM_LINE);
		if (out->len > 0 && out->data[out->len - 1] != '\n')
			cc_buf_puts(out, "\n");
		cc_buf_puts(out, "-----END " CERTIFICATE "-----\n");
	}
	return out->err;
}
