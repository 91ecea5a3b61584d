/* SPDX-License-Identifier: ISC */
#include "tests/fuzz/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/doc.h"
#include "lib/xml/sig.h"

#define TEXT_MAX (256u << 10)
#define CREDENTIALS 16

const struct tp *fz_person(char letter)
{
	const struct tp_world *w = tp_world();

	switch (letter) {
	case 'p':
		return w->plc;
	case 's':
		return w->site;
	case 'l':
		return w->lab;
	case 'x':
		return w->sitex;
	case 'a':
		return w->alice;
	case 'b':
		return w->bob;
	case 'e':
		return w->eve;
	case '1':
		return w->slice;
	case '2':
		return w->slice2;
	case 'n':
		return w->node;
	case 't':
		return w->tool;
	case 'o':
		return w->other;
	case 'm':
		return w->mallory;
	default:
		return NULL;
	}
}

/* What @WHAT PERSON stands for. @return false: nothing. */
static bool put_placeholder(struct cc_buf *b, char what, char person)
{
	const struct tp *p = fz_person(person);

	if (!p || (what != 'g' && what != 'u' && what != 'k'))
		return false;
	if (what == 'g')
		tr_gids_write(&p->chain, b);
	else
		cc_buf_puts(b, what == 'u' ? p->gid->urn : p->gid->key_id);
	return true;
}

bool fz_expand(const uint8_t *data, size_t size, struct fz_template *out)
{
	struct cc_buf b = CC_BUF_INIT(TEXT_MAX);
	const uint8_t *line = memchr(data, '\n', size), *end = data + size;

	if (!line || line - data > FZ_SIGNERS)
		return false;
	memset(out->signers, 0, sizeof(out->signers));
	memcpy(out->signers, data, (size_t)(line - data));
	for (const uint8_t *p = line + 1; p < end; p++) {
		if (*p == '@' && end - p > 2 && put_placeholder(&b, (char)p[1], (char)p[2]))
			p += 2;
		else
			cc_buf_put(&b, p, 1);
	}
	out->text = cc_buf_take(&b);
	if (!out->text)
		cc_buf_deinit(&b);
	return out->text != NULL;
}

/* ---- documents ---- */

static xmlNode *next_node(xmlNode *n)
{
	if (n->children)
		return n->children;
	while (n && !n->next)
		n = n->parent;
	return n ? n->next : NULL;
}

static size_t find_all(xmlDoc *doc, const char *name, xmlNode *found[], size_t max)
{
	size_t n = 0;

	for (xmlNode *node = xmlDocGetRootElement(doc); node; node = next_node(node)) {
		if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0) {
			if (n < max)
				found[n] = node;
			n++;
		}
	}
	return n;
}

size_t fz_count(const char *text, const char *name)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;

	if (xs_doc_parse(text, strlen(text), &xs_signed_limits, &doc, NULL) != 0)
		return 0;
	return find_all(doc, name, NULL, 0);
}

static int sign_one(xmlNode *credential, xmlNode *signatures, const struct tp *signer)
{
	const char *id = xs_attribute(credential, XS_XML_NS, "id");
	struct xs_octets certs[TR_CHAIN_MAX];
	char sig_id[128];
	struct xs_signing s = {signer->key, certs, signer->chain.count, sig_id, id};

	if (!id || strlen(id) > 100)
		return -CC_EINVAL;
	snprintf(sig_id, sizeof(sig_id), "Sig_%s", id);
	for (size_t i = 0; i < signer->chain.count; i++)
		certs[i] = (struct xs_octets){(uint8_t *)signer->chain.items[i]->der,
					      signer->chain.items[i]->der_len};
	return xs_sig_sign(&s, credential, signatures, NULL);
}

char *fz_sign(const struct fz_template *t)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(TEXT_MAX);
	xmlNode *credentials[CREDENTIALS], *signatures;
	size_t n;

	if (xs_doc_parse(t->text, strlen(t->text), &xs_signed_limits, &doc, NULL) != 0)
		return NULL;
	n = find_all(doc, "credential", credentials, CREDENTIALS);
	if (n == 0 || n > CREDENTIALS || find_all(doc, "signatures", &signatures, 1) != 1)
		return NULL;
	for (size_t i = 0; i < n && t->signers[i]; i++) {
		const struct tp *signer = fz_person(t->signers[i]);

		if (signer && sign_one(credentials[n - 1 - i], signatures, signer) < 0)
			return NULL;
	}
	return xs_doc_write(doc, &out) == 0 ? cc_buf_take(&out) : NULL;
}
