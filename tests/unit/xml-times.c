/* SPDX-License-Identifier: ISC */
/*
 * Prints what the steps of lib/xml cost, in microseconds of CPU:
 *
 *   xml-times FILE ...     of these documents, each many times
 *   xml-times              of documents of 1 MiB that are made to cost much, each once
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/file.h"
#include "lib/xml/doc.h"
#include "lib/xml/int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/sig.h"

#define FILE_MAX (4u << 20)
#define ROUNDS 1000

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

enum step { PARSE, IDS, READ, VERIFY, C14N, STEPS };

static const char *const step_names[] = {"parse+free", "ids", "read", "verify", "c14n"};

struct timing {
	const char *text;
	size_t len;
	double us[STEPS];
	int verdict; /* of the first step that refused */
	struct cc_note why;
};

static void add_time(struct timing *t, enum step step, double since)
{
	t->us[step] += cpu_us() - since;
}

static EVP_PKEY *key_of(const struct xs_octets *cert)
{
	const uint8_t *p = cert->data;
	cc_cleanup(xs_x509_freep) X509 *x = d2i_X509(NULL, &p, (long)cert->len);

	return x ? X509_get_pubkey(x) : NULL;
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

static int time_signature(struct timing *t, xmlNode *signature)
{
	struct cc_note why = {0};
	struct xs_sig s;
	double since = cpu_us();
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	xmlNode *target = NULL;
	int r = xs_sig_read(signature, &s, &why);

	add_time(t, READ, since);
	if (r == 0) {
		key = key_of(&s.certs[0]);
		target = by_id(signature->doc, s.target);
	}
	if (key && target) {
		since = cpu_us();
		r = xs_sig_verify(&s, target, key, true, &why);
		add_time(t, VERIFY, since);
	}
	xs_sig_deinit(&s);
	return r;
}

/* The root's canonical form, as a measure of what a digest of all would cost. */
static void time_c14n(struct timing *t, xmlDoc *doc)
{
	struct cc_buf out = {0};
	double since = cpu_us();

	xs_c14n_write(xmlDocGetRootElement(doc), XS_C14N_INCLUSIVE, &out);
	add_time(t, C14N, since);
	cc_buf_deinit(&out);
}

static void time_document(struct timing *t)
{
	xmlDoc *doc = NULL;
	xmlNode *root;
	double since = cpu_us();

	t->verdict = xs_doc_parse(t->text, t->len, &xs_signed_limits, &doc, &t->why);
	add_time(t, PARSE, since);
	if (doc) {
		since = cpu_us();
		t->verdict = xs_doc_check_ids(doc, &t->why);
		add_time(t, IDS, since);
		root = xmlDocGetRootElement(doc);
		for (xmlNode *n = root; n; n = xs_walk(root, n)) {
			if (xs_is(n, XS_DSIG, "Signature"))
				time_signature(t, n);
		}
		time_c14n(t, doc);
	}
	since = cpu_us();
	xs_doc_free(doc);
	add_time(t, PARSE, since);
}

static void print_times(const char *name, struct timing *t, unsigned rounds)
{
	printf("%-28s %8zu octets", name, t->len);
	for (enum step i = 0; i < STEPS; i++)
		printf("  %s %.1f", step_names[i], t->us[i] / rounds);
	if (t->verdict != 0)
		printf("  %s: %s", cc_rule_name(t->verdict), t->why.text);
	printf("\n");
}

static int time_files(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		cc_cleanup(cc_freep) char *text = NULL;
		struct timing t = {0};

		if (cc_file_read(argv[i], FILE_MAX, &text, &t.len, NULL) < 0)
			return 2;
		t.text = text;
		time_document(&t); /* warms */
		memset(t.us, 0, sizeof(t.us));
		for (unsigned n = 0; n < ROUNDS; n++)
			time_document(&t);
		print_times(strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i], &t,
			    ROUNDS);
	}
	return 0;
}

/* A document of XS_CRED_MAX octets at most: head, piece again and again, tail. */
struct hostile {
	const char *name, *head, *piece, *tail; /* a # in piece is its number */
	unsigned pieces;			/* 0: as many as fit */
};

#define WITH_NAMESPACES                                                                            \
	"<r xmlns:a='u:a' xmlns:b='u:b' xmlns:c='u:c' xmlns:d='u:d' xmlns:e='u:e' "                \
	"xmlns:f='u:f' xmlns:g='u:g' xmlns:h='u:h'>"
#define TEN(s) s s s s s s s s s s
#define ATTRIBUTES                                                                                 \
	"<e a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='' m='' n='' o='' p='' "      \
	"q='' r='' s='' t='' u='' v='' w='' x='' y='' z='' A='' B='' C='' D='' E='' F=''/>"

static const struct hostile hostiles[] = {
	{"tags", "<r>", "<e/>", "</r>", 0},
	{"tags, as many as allowed", "<r>", "<e></e>", "</r>", 4094},
	{"names", "<r>", "<e#/>", "</r>", 4094},
	{"nesting", "", "<e>", "", 0},
	{"one long name", "<", "n", "/>", 0},
	{"one long attribute", "<r a='", "a", "'/>", 0},
	{"one long attribute of &lt;", "<r a='", "&lt;", "'/>", 0},
	{"text of &lt;", "<r>", "&lt;", "</r>", 0},
	{"text of &10;", "<r>", "&10;", "</r>", 0},
	{"text of 0x01", "<r>", "\x01", "</r>", 0},
	{"text of 0xff", "<r>", "\xff", "</r>", 0},
	{"text of ]]>", "<r>", "]]>", "</r>", 0},
	{"text of &e;", "<r>", "&e;", "</r>", 0},
	{"elements that do not match", "<r>", "<a></b>", "</r>", 4094},
	{"an attribute of <", "<r a='", "<", "'/>", 0},
	{"text of ]", "<r>", "] ", "</r>", 0},
	{"text of CR", "<r>", "\r", "</r>", 0},
	{"text of three octets", "<r>", "\xe2\x82\xac", "</r>", 0},
	{"attributes of one", "<r", " a#=''", "/>", 0},
	{"attributes, 32 each", "<r>", ATTRIBUTES, "</r>", 0},
	{"attributes, distinct", "<r>", "<e a#='' b#='' c#='' d#='' e#='' f#='' g#='' h#=''/>",
	 "</r>", 4094},
	{"ids", "<r>", "<e xml:id='i#'/>", "</r>", 4094},
	{"the same id", "<r>", "<e xml:id='i'/>", "</r>", 4094},
	{"namespaces", "<r>", "<e xmlns:n#='u:#'/>", "</r>", 0},
	{"8 namespaces", WITH_NAMESPACES, "<e></e>", "</r>", 4094},
	{"8 namespaces, used", WITH_NAMESPACES, "<a:e/><h:e/>", "</r>", 2047},
	{"8 namespaces, deep", WITH_NAMESPACES TEN("<e><e><e><e><e><e>"), "<e></e>",
	 TEN("</e></e></e></e></e></e>") "</r>", 4030},
	{"8 namespaces, deep, used", WITH_NAMESPACES TEN("<e><e><e><e><e><e>"), "<h:e></h:e>",
	 TEN("</e></e></e></e></e></e>") "</r>", 4030},
};

static int make(const struct hostile *h, struct cc_buf *b)
{
	size_t room = XS_CRED_MAX - strlen(h->tail);

	cc_buf_puts(b, h->head);
	for (unsigned i = 0;
	     (h->pieces == 0 || i < h->pieces) && b->len + strlen(h->piece) + 60 < room; i++) {
		for (const char *p = h->piece; *p; p++)
			*p == '#' ? cc_buf_printf(b, "%x", i) : cc_buf_put(b, p, 1);
	}
	return cc_buf_puts(b, h->tail);
}

static int time_hostiles(void)
{
	struct cc_buf b = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CC_ARRAY_SIZE(hostiles); i++) {
		struct timing t = {0};

		cc_buf_reset(&b);
		r = make(&hostiles[i], &b);
		t.text = (const char *)b.data;
		t.len = b.len;
		time_document(&t);
		print_times(hostiles[i].name, &t, 1);
	}
	cc_buf_deinit(&b);
	return r == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
	return argc > 1 ? time_files(argc, argv) : time_hostiles();
}
