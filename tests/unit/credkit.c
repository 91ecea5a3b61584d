/* SPDX-License-Identifier: ISC */
#include "tests/unit/credkit.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/xml/doc.h"
#include "lib/xml/ossl.h"
#include "lib/xml/write.h"

#define MUST(ok)                                                                                   \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok);                   \
			ERR_print_errors_fp(stderr);                                               \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define TEXT_MAX (4u << 20) /* larger than what may be read */
#define SHARED TEST_DATA "/../../../shared/vectors/"

/* ---- text ---- */

static char *take(struct cc_buf *b)
{
	char *text;

	MUST(b->err == 0);
	text = cc_buf_take(b);
	MUST(text);
	return text;
}

char *ck_replace(const char *text, const char *from, const char *to)
{
	struct cc_buf b = CC_BUF_INIT(TEXT_MAX);
	const char *at = strstr(text, from);

	MUST(at);
	cc_buf_put(&b, text, (size_t)(at - text));
	cc_buf_puts(&b, to);
	cc_buf_puts(&b, at + strlen(from));
	return take(&b);
}

char *ck_cut(const char *text, const char *from, const char *to)
{
	const char *begin = strstr(text, from), *end = begin ? strstr(begin, to) : NULL;
	char *cut;

	MUST(end);
	cut = strndup(begin, (size_t)(end - begin) + strlen(to));
	MUST(cut);
	return cut;
}

int64_t ck_time(const char *date)
{
	int64_t seconds;

	MUST(xs_read_time(date, strlen(date), &seconds) == 0);
	return seconds;
}

/* ---- documents ---- */

static const struct tp *or_tp(const struct tp *given, const struct tp *usual)
{
	return given ? given : usual;
}

static void put_rights(struct cc_buf *b, const char *rights)
{
	cc_buf_puts(b, "<privileges>");
	while (*rights) {
		size_t len = strcspn(rights, ":");

		cc_buf_printf(b,
			      "<privilege><name>%.*s</name><can_delegate>%s</can_delegate>"
			      "</privilege>",
			      (int)len, rights, rights[len + 1] == '1' ? "true" : "false");
		rights += len + 2;
		rights += *rights == ',';
	}
	cc_buf_puts(b, "</privileges>");
}

static void put_party(struct cc_buf *b, const char *who, const struct tp *tp, const char *gid,
		      const char *urn)
{
	cc_buf_printf(b, "<%s_gid>", who);
	if (gid)
		cc_buf_puts(b, gid);
	else
		tr_gids_write(&tp->chain, b);
	cc_buf_printf(b, "</%s_gid><%s_urn>%s</%s_urn>", who, who, urn ? urn : tp->gid->urn, who);
}

static void put_levels(struct cc_buf *b, const struct ck_level *l, size_t count)
{
	const struct tp_world *w = tp_world();
	char id[24];

	snprintf(id, sizeof(id), "ref%zu", count - 1);
	cc_buf_printf(b, "<credential xml:id=\"%s\"><type>%s</type><serial>8</serial>",
		      l->id ? l->id : id, l->type ? l->type : "privilege");
	put_party(b, "owner", or_tp(l->owner, w->alice), l->owner_gid, l->owner_urn);
	put_party(b, "target", or_tp(l->target, w->slice), l->target_gid, l->target_urn);
	cc_buf_printf(b, "<uuid/><expires>%s</expires>", l->expires ? l->expires : CK_MONTH_TEXT);
	if (l->content)
		cc_buf_puts(b, l->content);
	else
		put_rights(b, l->rights ? l->rights : "refresh:1,embed:1,bind:1,control:1,info:1");
	if (l->rest)
		cc_buf_puts(b, l->rest);
	if (count > 1) {
		cc_buf_puts(b, "<parent>");
		put_levels(b, l + 1, count - 1);
		cc_buf_puts(b, "</parent>");
	}
	cc_buf_puts(b, "</credential>");
}

char *ck_make(const struct ck_level *levels, size_t count)
{
	const struct tp_world *w = tp_world();
	struct cc_buf b = CC_BUF_INIT(TEXT_MAX);
	char *text, *more, id[24];

	cc_buf_puts(&b, "<signed-credential xmlns:xsi=\"http://www.w3.org/2001/"
			"XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\"c.xsd\">");
	put_levels(&b, levels, count);
	cc_buf_puts(&b, "<signatures></signatures></signed-credential>");
	text = take(&b);
	for (size_t i = count; i-- > 0;) {
		const struct tp *above = i + 1 < count ? levels[i + 1].owner : w->site;

		if (levels[i].unsigned_)
			continue;
		snprintf(id, sizeof(id), "ref%zu", count - 1 - i);
		more = ck_sign(text, levels[i].id ? levels[i].id : id,
			       or_tp(levels[i].signer, or_tp(above, w->alice)));
		free(text);
		text = more;
	}
	return text;
}

/* ---- signatures ---- */

static xmlNode *next_node(xmlNode *n)
{
	if (n->children)
		return n->children;
	while (n && !n->next)
		n = n->parent;
	return n ? n->next : NULL;
}

/* The element of this name, or with this xml:id. */
static xmlNode *find(xmlDoc *doc, const char *name, const char *id)
{
	for (xmlNode *n = xmlDocGetRootElement(doc); n; n = next_node(n)) {
		const char *have;

		if (n->type != XML_ELEMENT_NODE)
			continue;
		have = id ? xs_attribute(n, XS_XML_NS, "id") : (const char *)n->name;
		if (have && strcmp(have, id ? id : name) == 0)
			return n;
	}
	return NULL;
}

static xmlDoc *parse(const char *text)
{
	struct xs_limits limits = xs_signed_limits;
	struct cc_note why = {0};
	xmlDoc *doc = NULL;

	limits.octets = TEXT_MAX;
	if (xs_doc_parse(text, strlen(text), &limits, &doc, &why) != 0)
		fprintf(stderr, "%s\n", why.text);
	MUST(doc);
	return doc;
}

static size_t octets_of(const struct tp *p, struct xs_octets certs[TR_CHAIN_MAX])
{
	for (size_t i = 0; i < p->chain.count; i++)
		certs[i] = (struct xs_octets){(uint8_t *)p->chain.items[i]->der,
					      p->chain.items[i]->der_len};
	return p->chain.count;
}

char *ck_sign(const char *text, const char *id, const struct tp *signer)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
	struct cc_buf out = CC_BUF_INIT(TEXT_MAX);
	struct xs_octets certs[TR_CHAIN_MAX];
	struct cc_note why = {0};
	char sig_id[80];
	struct xs_signing s = {.key = signer->key, .certs = certs, .id = sig_id, .target = id};

	s.n_certs = octets_of(signer, certs);
	snprintf(sig_id, sizeof(sig_id), "Sig_%s", id);
	if (xs_sig_sign(&s, find(doc, NULL, id), find(doc, "signatures", NULL), &why) != 0)
		fprintf(stderr, "%s\n", why.text);
	MUST(why.code == 0 && xs_doc_write(doc, &out) == 0);
	return take(&out);
}

static void put_digest(struct cc_buf *b, xmlNode *node)
{
	struct cc_buf canonical = CC_BUF_INIT(TEXT_MAX);
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned len;

	MUST(xs_c14n_write(node, XS_C14N_INCLUSIVE, &canonical) == 0);
	MUST(EVP_Digest(canonical.data, canonical.len, md, &len, EVP_sha1(), NULL) == 1);
	xs_put_base64(b, md, len, 0);
	cc_buf_deinit(&canonical);
}

static void put_value(struct cc_buf *b, xmlNode *signed_info, EVP_PKEY *key)
{
	cc_cleanup(xs_md_ctx_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct cc_buf canonical = CC_BUF_INIT(TEXT_MAX);
	uint8_t value[1024];
	size_t len = sizeof(value);

	MUST(xs_c14n_write(signed_info, XS_C14N_INCLUSIVE, &canonical) == 0);
	MUST(md && EVP_DigestSignInit(md, NULL, EVP_sha1(), NULL, key) == 1 &&
	     EVP_DigestSign(md, value, &len, canonical.data, canonical.len) == 1);
	xs_put_base64(b, value, len, 0);
	cc_buf_deinit(&canonical);
}

static char *unvalued(const char *text, const char *id, const struct tp *signer)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
	struct cc_buf b = CC_BUF_INIT(TEXT_MAX);
	char *signature, *whole;

	cc_buf_printf(&b,
		      "<Signature xmlns=\"" XS_DSIG "\" xml:id=\"Sig_%s\"><SignedInfo>"
		      "<CanonicalizationMethod "
		      "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>"
		      "<SignatureMethod Algorithm=\"" XS_DSIG "rsa-sha1\"/>"
		      "<Reference URI=\"#%s\"><Transforms>"
		      "<Transform Algorithm=\"" XS_DSIG "enveloped-signature\"/></Transforms>"
		      "<DigestMethod Algorithm=\"" XS_DSIG "sha1\"/><DigestValue>",
		      id, id);
	put_digest(&b, find(doc, NULL, id));
	cc_buf_puts(&b, "</DigestValue></Reference></SignedInfo><SignatureValue>@</SignatureValue>"
			"<KeyInfo><X509Data>");
	for (size_t i = 0; i < signer->chain.count; i++) {
		cc_buf_puts(&b, "<X509Certificate>");
		xs_put_base64(&b, signer->chain.items[i]->der, signer->chain.items[i]->der_len, 64);
		cc_buf_puts(&b, "</X509Certificate>");
	}
	cc_buf_puts(&b, "</X509Data></KeyInfo></Signature></signatures>");
	signature = take(&b);
	whole = ck_replace(text, "</signatures>", signature);
	free(signature);
	return whole;
}

char *ck_sign_sha1(const char *text, const char *id, const struct tp *signer)
{
	cc_cleanup(cc_freep) char *whole = unvalued(text, id, signer);
	cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(whole);
	cc_cleanup(cc_buf_deinit) struct cc_buf value = CC_BUF_INIT(TEXT_MAX);

	cc_buf_puts(&value, ">");
	put_value(&value, find(doc, "SignedInfo", NULL), signer->key);
	MUST(cc_buf_puts(&value, "<") == 0);
	return ck_replace(whole, ">@<", (const char *)value.data);
}

/* ---- judging ---- */

static struct tr_roots *seal(struct tr_roots_builder *b)
{
	static uint64_t number;
	struct cc_note why = {0};
	struct tr_roots *roots = NULL;

	if (tr_roots_seal(b, ++number, false, &roots, &why) != 0)
		fprintf(stderr, "%s\n", why.text);
	MUST(roots);
	tr_roots_builder_free(b);
	return roots;
}

struct tr_roots *ck_roots(unsigned plc_flags)
{
	cc_cleanup(cc_freep) char *plc = tp_pem(tp_world()->plc);
	cc_cleanup(cc_freep) char *other = tp_pem(tp_world()->other);
	struct tr_roots_builder *b;

	MUST(tr_roots_builder_new(&b) == 0);
	MUST(tr_roots_add(b, plc, strlen(plc), NULL, plc_flags, NULL) == 0);
	MUST(tr_roots_add(b, other, strlen(other), NULL, 0, NULL) == 0);
	return seal(b);
}

static struct tr_verifier *verifier_of(struct tr_roots *roots)
{
	struct tr_verifier *v;

	MUST(tr_verifier_new(&v, 256) == 0);
	tr_verifier_use(v, roots);
	tr_roots_unref(roots);
	return v;
}

struct tr_verifier *ck_verifier(unsigned plc_flags)
{
	return verifier_of(ck_roots(plc_flags));
}

int ck_verify_at(struct tr_verifier *v, const char *text, int64_t now, struct tr_grant **out,
		 struct cc_note *why)
{
	return tr_cred_verify(v, text, strlen(text), now, out, why);
}

/* ---- vectors ---- */

char *ck_vector(const char *path, size_t *len)
{
	char whole[512], *text = NULL;

	snprintf(whole, sizeof(whole), SHARED "%s", path);
	return cc_file_read(whole, TEXT_MAX, &text, len, NULL) == 0 ? text : NULL;
}

struct tr_verifier *ck_vector_verifier(const char *const *paths, unsigned flags)
{
	struct tr_roots_builder *b;

	MUST(tr_roots_builder_new(&b) == 0);
	for (; *paths; paths++) {
		size_t len;
		char *text = ck_vector(*paths, &len);

		MUST(text && tr_roots_add(b, text, len, NULL, flags, NULL) == 0);
		free(text);
	}
	return verifier_of(seal(b));
}
