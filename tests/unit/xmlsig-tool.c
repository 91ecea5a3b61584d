/* SPDX-License-Identifier: ISC */
/*
 * Drives lib/xml from a shell, for comparison with other programs of XML signatures:
 *
 *   xmlsig-tool verify [--no-sha1] FILE     each Signature: its xml:id, "ok" or the rule and why
 *   xmlsig-tool sign KEY CERT ID FILE       FILE with the element ID signed, on stdout
 *   xmlsig-tool c14n inclusive|exclusive ID FILE   the canonical form of the element
 *
 * verify takes the key from the first certificate, and the signed element by its xml:id: who may
 * sign is not its concern. Exit: 0 done and nothing refused, 1 refused, 2 not done.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/xml/doc.h"
#include "lib/xml/int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/sig.h"

#define FILE_MAX (4u << 20)

static int fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	return 2;
}

static int print_refusal(const char *name, int r, const struct cc_note *why)
{
	printf("%s %s: %s\n", name, r > 0 ? cc_rule_name(r) : cc_err_text(r), why->text);
	return 1;
}

static xmlNode *by_id(xmlDoc *doc, const char *id)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	const char *have;

	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		have = n->type == XML_ELEMENT_NODE ? xs_attribute(n, XS_XML_NS, "id") : NULL;
		if (have && strcmp(have, id) == 0)
			return n;
	}
	return NULL;
}

static int load(const char *path, xmlDoc **doc, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	size_t len;
	int r = cc_file_read(path, FILE_MAX, &text, &len, why);

	if (r == 0)
		r = xs_doc_parse(text, len, &xs_signed_limits, doc, why);
	return r == 0 ? xs_doc_check_ids(*doc, why) : r;
}

static EVP_PKEY *key_of(const struct xs_octets *cert)
{
	const uint8_t *p = cert->data;
	cc_cleanup(xs_x509_freep) X509 *x = d2i_X509(NULL, &p, (long)cert->len);

	return x ? X509_get_pubkey(x) : NULL;
}

static int verify_read(const struct xs_sig *s, bool sha1, struct cc_note *why)
{
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = key_of(&s->certs[0]);
	xmlNode *target = by_id(s->node->doc, s->target);

	if (!key)
		return cc_refuse(why, CC_RULE_SIG_KEY, "no certificate that can be read");
	if (!target)
		return cc_refuse(why, CC_RULE_SIG_FORM, "it signs what is not there");
	return xs_sig_verify(s, target, key, sha1, why);
}

static int verify_signature(xmlNode *signature, bool sha1)
{
	struct cc_note why = {0};
	struct xs_sig s;
	const char *name;
	int r = xs_sig_read(signature, &s, &why);

	name = s.id ? s.id : "-";
	if (r == 0)
		r = verify_read(&s, sha1, &why);
	if (r == 0)
		printf("%s ok\n", name);
	else
		print_refusal(name, r, &why);
	xs_sig_deinit(&s);
	return r != 0;
}

static int run_verify(int argc, char **argv)
{
	bool sha1 = argc == 1;
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	struct cc_note why = {0};
	int refused = 0, r;
	xmlNode *root;

	if (!sha1 && strcmp(argv[0], "--no-sha1") != 0)
		return fail("unknown option");
	r = load(argv[argc - 1], &doc, &why);
	if (r != 0)
		return print_refusal("document", r, &why);
	root = xmlDocGetRootElement(doc);
	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		if (xs_is(n, XS_DSIG, "Signature"))
			refused |= verify_signature(n, sha1);
	}
	return refused;
}

static void *read_pem(const char *path, bool key)
{
	cc_cleanup(xs_bio_freep) BIO *in = BIO_new_file(path, "r");

	if (!in)
		return NULL;
	return key ? (void *)PEM_read_bio_PrivateKey(in, NULL, NULL, NULL)
		   : (void *)PEM_read_bio_X509(in, NULL, NULL, NULL);
}

/* The Signature goes into <signatures> where there is one, else to the end of the root. */
static xmlNode *place_of(xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	for (xmlNode *n = xmlFirstElementChild(root); n; n = xmlNextElementSibling(n)) {
		if (xs_is(n, NULL, "signatures"))
			return n;
	}
	return root;
}

static int sign(const struct xs_signing *s, const char *path)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	struct cc_buf out = {0};
	struct cc_note why = {0};
	xmlNode *target;
	int r = load(path, &doc, &why);

	if (r != 0)
		return print_refusal("document", r, &why);
	target = by_id(doc, s->target);
	if (!target)
		return fail("no such element");
	r = xs_sig_sign(s, target, place_of(doc), &why);
	if (r == 0)
		r = xs_doc_write(doc, &out);
	if (r == 0)
		fwrite(out.data, 1, out.len, stdout);
	cc_buf_deinit(&out);
	return r == 0 ? 0 : fail(why.text[0] ? why.text : cc_err_text(r));
}

static int run_sign(int argc, char **argv)
{
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = read_pem(argv[0], true);
	cc_cleanup(xs_x509_freep) X509 *cert = read_pem(argv[1], false);
	struct xs_signing s = {.key = key, .n_certs = 1, .target = argv[2]};
	struct xs_octets der = {0};
	char id[64];
	int len, r;

	if (!key || !cert)
		return fail("cannot read KEY or CERT");
	len = i2d_X509(cert, &der.data);
	if (len < 0)
		return fail("no memory");
	der.len = (size_t)len;
	snprintf(id, sizeof(id), "Sig_%s", argv[2]);
	s.id = id;
	s.certs = &der;
	r = sign(&s, argv[3]);
	OPENSSL_free(der.data);
	return r;
}

static int run_c14n(int argc, char **argv)
{
	enum xs_c14n form =
		strcmp(argv[0], "exclusive") == 0 ? XS_C14N_EXCLUSIVE : XS_C14N_INCLUSIVE;
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	struct cc_buf out = {0};
	struct cc_note why = {0};
	xmlNode *node;
	int r = load(argv[2], &doc, &why);

	if (r != 0)
		return print_refusal("document", r, &why);
	node = by_id(doc, argv[1]);
	if (!node)
		return fail("no such element");
	r = xs_c14n_write(node, form, &out);
	if (r == 0)
		fwrite(out.data, 1, out.len, stdout);
	cc_buf_deinit(&out);
	return r == 0 ? 0 : fail(cc_err_text(r));
}

int main(int argc, char **argv)
{
	static const struct command {
		const char *name;
		int least, most; /* arguments */
		int (*run)(int argc, char **argv);
	} commands[] = {
		{"verify", 1, 2, run_verify},
		{"sign", 4, 4, run_sign},
		{"c14n", 3, 3, run_c14n},
	};

	for (size_t i = 0; argc > 1 && i < CC_ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(argv[1], c->name) == 0 && argc - 2 >= c->least && argc - 2 <= c->most)
			return c->run(argc - 2, argv + 2);
	}
	return fail("usage: xmlsig-tool verify|sign|c14n ...");
}
