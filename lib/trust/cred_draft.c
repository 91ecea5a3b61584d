/* SPDX-License-Identifier: ISC */
/* The byte form of what we sign: that of the Python SFA (spec sfa 2.3), which others expect. */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/ossl.h"
#include "lib/xml/write.h"

#define ID_SIZE 80

#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
/* What <credential> inherits. */
#define INHERITED " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
#define ROOT                                                                                       \
	"<signed-credential" INHERITED " xsi:noNamespaceSchemaLocation="                           \
	"\"http://www.planet-lab.org/resources/sfa/credential.xsd\" "                              \
	"xsi:schemaLocation=\"http://www.planet-lab.org/resources/sfa/ext/policy/1 "               \
	"http://www.planet-lab.org/resources/sfa/ext/policy/1/policy.xsd\">"

int tr_draft_begin(struct cc_buf *b, const struct tr_draft *d)
{
	cc_buf_puts(b, DECLARATION ROOT);
	return tr_draft_head(b, d);
}

static void put_element(struct cc_buf *b, const char *name, const char *text)
{
	if (!*text) {
		cc_buf_printf(b, "<%s/>", name);
		return;
	}
	cc_buf_printf(b, "<%s>", name);
	xs_put_text(b, text, strlen(text));
	cc_buf_printf(b, "</%s>", name);
}

static void put_party(struct cc_buf *b, const char *who, const struct tr_gids *gids,
		      const char *urn)
{
	char name[16];

	if (gids) {
		cc_buf_printf(b, "<%s_gid>", who);
		tr_gids_write(gids, b); /* PEM needs no escape */
		cc_buf_printf(b, "</%s_gid>", who);
	} else {
		cc_buf_printf(b, "<%s_gid/>", who);
	}
	snprintf(name, sizeof(name), "%s_urn", who);
	put_element(b, name, gids ? gids->items[0]->urn : urn);
}

static int put_serial(struct cc_buf *b, const char *serial)
{
	uint64_t random;

	if (serial) {
		put_element(b, "serial", serial);
		return b->err;
	}
	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		return xs_raise_ossl();
	return cc_buf_printf(b, "<serial>%llu</serial>", (unsigned long long)(random >> 1));
}

int tr_draft_head(struct cc_buf *b, const struct tr_draft *d)
{
	int r;

	cc_buf_printf(b, "<credential xml:id=\"%s\"><type>%s</type>", d->id, d->type);
	r = put_serial(b, d->serial);
	if (r < 0)
		return cc_trace(r);
	put_party(b, "owner", d->owner, "");
	put_party(b, "target", d->target, d->target_urn ? d->target_urn : "");
	cc_buf_puts(b, "<uuid/><expires>");
	xs_put_time(b, d->expires);
	return cc_buf_puts(b, "</expires>");
}

int tr_draft_privileges(struct cc_buf *b, const struct tr_privilege *privileges, unsigned n)
{
	cc_buf_puts(b, "<privileges>");
	for (unsigned i = 0; i < n; i++) {
		cc_buf_puts(b, "<privilege>");
		put_element(b, "name", privileges[i].name);
		cc_buf_printf(b, "<can_delegate>%s</can_delegate></privilege>",
			      privileges[i].can_delegate ? "true" : "false");
	}
	return cc_buf_puts(b, "</privileges>");
}

/* ---- signing ---- */

/* What is signed is the outermost credential; id is only what it is called. */
static int draft_parts(const xmlDoc *doc, xmlNode **credential, xmlNode **signatures,
		       struct cc_note *why)
{
	struct xs_cursor c;
	int r = xs_cursor_init(&c, xmlDocGetRootElement((xmlDoc *)doc), why);

	if (r == 0)
		r = xs_cursor_want(&c, NULL, "credential", credential, why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "signatures", signatures, why);
	return cc_trace(r);
}

/* What signs: certs and id are room for what it points to. */
static int signing_init(struct xs_signing *s, const struct tr_gids *signer, EVP_PKEY *key,
			struct xs_octets certs[TR_CHAIN_MAX], char id[ID_SIZE], const char *target,
			struct cc_note *why)
{
	if (signer->count == 0 || EVP_PKEY_eq(signer->items[0]->key, key) != 1)
		return cc_note_set(why, CC_EINVAL, "the key is not that of the signer's GID");
	for (size_t i = 0; i < signer->count; i++)
		certs[i] = (struct xs_octets){(uint8_t *)signer->items[i]->der,
					      signer->items[i]->der_len};
	snprintf(id, ID_SIZE, "Sig_%s", target);
	*s = (struct xs_signing){key, certs, signer->count, id, target};
	return 0;
}

int tr_draft_end(struct cc_buf *draft, const struct tr_gids *signer, EVP_PKEY *key,
		 struct cc_buf *out, struct cc_note *why)
{
	size_t at = strlen(DECLARATION ROOT), len;
	struct xs_octets certs[TR_CHAIN_MAX];
	struct xs_signing s;
	char id[ID_SIZE];
	int r = signing_init(&s, signer, key, certs, id, TR_DRAFT_ID, why);

	cc_buf_puts(draft, "</credential>");
	if (r < 0 || draft->err < 0)
		return cc_trace(r < 0 ? r : draft->err);
	len = draft->len - at;
	if (cc_buf_puts(draft, "<signatures>") == 0)
		r = xs_sig_write(&s, (char *)draft->data + at, len, INHERITED, draft, why);
	cc_buf_puts(draft, "</signatures></signed-credential>");
	if (r < 0 || draft->err < 0)
		return cc_trace(r < 0 ? r : draft->err);
	/* what we wrote can only be refused for its size */
	if (xs_scan((char *)draft->data, draft->len, &xs_signed_limits, why) != 0)
		return -CC_ELIMIT;
	return cc_trace(cc_buf_put(out, draft->data, draft->len));
}

int tr_draft_sign(const struct cc_buf *draft, const struct tr_gids *signer, EVP_PKEY *key,
		  struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	xmlNode *credential = NULL, *signatures = NULL;
	struct xs_octets certs[TR_CHAIN_MAX];
	struct xs_signing s;
	char id[ID_SIZE];
	int r = xs_doc_parse((const char *)draft->data, draft->len, &xs_signed_limits, &doc, why);

	if (r == 0)
		r = xs_doc_check_ids(doc, why);
	if (r == 0)
		r = draft_parts(doc, &credential, &signatures, why);
	if (r == 0)
		r = signing_init(&s, signer, key, certs, id,
				 xs_attribute(credential, XS_XML_NS, "id"), why);
	if (r == 0)
		r = xs_sig_sign(&s, credential, signatures, why);
	return cc_trace(r != 0 ? r : xs_doc_write(doc, out));
}
