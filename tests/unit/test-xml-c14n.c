/* SPDX-License-Identifier: ISC */
/* Canonical forms rooted at the element against libxml2's way, which walks the whole document. */
#include "lib/xml/c14n.h"

#include <glob.h>
#include <libxml/c14n.h>
#include <stdio.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/xml/doc.h"
#include "lib/xml/int.h"
#include "lib/xml/sig.h"
#include "tests/test.h"

#define VECTORS TEST_DATA "/../../../shared/vectors/"

static const struct xs_limits loose = {
	.octets = 1u << 20, .depth = 64, .elements = 5000, .attributes = 5000, .namespaces = 32};

static int is_inside(void *top, xmlNode *node, xmlNode *parent)
{
	if (node == top)
		return 1;
	while (parent && parent != top)
		parent = parent->parent;
	return parent != NULL;
}

/* The oracle: everything is walked, only the element and what it holds is visible. */
static xmlChar *whole_way(xmlNode *node, enum xs_c14n form)
{
	int mode = form == XS_C14N_EXCLUSIVE ? XML_C14N_EXCLUSIVE_1_0 : XML_C14N_1_0;
	xmlOutputBuffer *out = xmlAllocOutputBuffer(NULL);
	xmlChar *text;

	assert_true(xmlC14NExecute(node->doc, is_inside, node, mode, NULL, 0, out) >= 0);
	text = xmlStrdup(xmlOutputBufferGetContent(out));
	xmlOutputBufferClose(out);
	return text;
}

static void check_node(const char *name, xmlNode *node, enum xs_c14n form)
{
	xmlNode *children = node->doc->children, *next = node->next;
	struct cc_buf ours = {0};
	xmlChar *theirs = whole_way(node, form);

	assert_int_equal(xs_c14n_write(node, form, &ours), 0);
	if (strcmp((char *)ours.data, (char *)theirs) != 0)
		fail_msg("%s: <%s>: ours:\n%s\nthe whole way:\n%s", name, node->name, ours.data,
			 theirs);
	assert_ptr_equal(node->doc->children, children);
	assert_ptr_equal(node->next, next);
	xmlFree(theirs);
	cc_buf_deinit(&ours);
}

/* @return how many elements were compared, in both forms. */
static unsigned check_text(const char *name, const char *text, size_t len, bool signed_only)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	unsigned compared = 0;
	xmlNode *root;

	if (xs_doc_parse(text, len, &loose, &doc, NULL) != 0)
		return 0;
	root = xmlDocGetRootElement(doc);
	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		if (n->type != XML_ELEMENT_NODE ||
		    (signed_only && !xs_is(n, XS_DSIG, "SignedInfo") &&
		     !xs_attribute(n, XS_XML_NS, "id")))
			continue;
		check_node(name, n, XS_C14N_INCLUSIVE);
		check_node(name, n, XS_C14N_EXCLUSIVE);
		compared++;
	}
	return compared;
}

static void test_inherited(void **state)
{
	static const char *const rows[] = {
		"<r><a/></r>",
		"<r xml:id='1' xml:lang='en' xml:space='preserve' xml:base='b/'><a x='1'>t</a></r>",
		"<r xml:lang='en'><a xml:lang='de'><b xml:space='default'><c/></b></a></r>",
		"<r xml:id='r'><a xml:id='a'><b><c xml:id='c'/></b></a><d/></r>",
		"<r xmlns='u:r'><a><b xmlns=''><c xmlns='u:c'/></b></a></r>",
		"<r xmlns:a='u:1' xmlns:b='u:2'><a:x b:y='1' a:y='2' y='3'/></r>",
		"<r xmlns:a='u:1'><a:x xmlns:a='u:2'><a:y xmlns:a='u:1'><a:z/></a:y></a:x></r>",
		"<r xmlns:a='u:1'><x xmlns:a='u:1' xmlns:b='u:2'><b:y a:z=''/></x></r>",
		"<r xmlns:z='u:1' xmlns:y='u:2' xmlns='u:3'><a z:b='' y:b='' b='' a=''/></r>",
		"<r xmlns='u:r' xml:id='q'><x xmlns='u:x' xml:id='p'><y xml:lang='l'/></x></r>",
		"<r><!-- c --><a>t<!-- c --><?p i?></a><?p i?></r>",
		"<!-- c --><r><a/></r><!-- c --><?p?>",
		"<r> <a> &lt;&gt;&amp;&#13;&quot; <![CDATA[<x>]]> </a>\n</r>",
		"<r><a b='&lt;>&amp;&quot;&#9;&#10;&#13;'/>tail</r>",
		"<r a='\xc3\xa9'>\xe2\x82\xac<b>\xf0\x9f\x98\x80</b></r>",
		"<r xmlns:xml='http://www.w3.org/XML/1998/namespace'><a xml:lang='x'/></r>",
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_true(check_text(rows[i], rows[i], strlen(rows[i]), false) > 0);
}

/* By hand, from the recommendations: so that the oracle, libxml2, is not the only witness. */
static void test_by_hand(void **state)
{
	static const struct {
		const char *text, *inclusive, *exclusive; /* of the first child element */
	} rows[] = {
		{"<r xmlns:b='u:b' xmlns:a='u:a' xmlns='u:r' xml:id='1'><e c='1' a:c='2' /></r>",
		 "<e xmlns=\"u:r\" xmlns:a=\"u:a\" xmlns:b=\"u:b\" c=\"1\" xml:id=\"1\" "
		 "a:c=\"2\"></e>",
		 "<e xmlns=\"u:r\" xmlns:a=\"u:a\" c=\"1\" a:c=\"2\"></e>"},
		{"<r xml:lang='en'><e xml:lang='de'><f/>\n</e> </r>",
		 "<e xml:lang=\"de\"><f></f>\n</e>", "<e xml:lang=\"de\"><f></f>\n</e>"},
		{"<r xmlns:a='u:a'><e><a:f/><a:f/></e></r>",
		 "<e xmlns:a=\"u:a\"><a:f></a:f><a:f></a:f></e>",
		 "<e><a:f xmlns:a=\"u:a\"></a:f><a:f xmlns:a=\"u:a\"></a:f></e>"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
		struct cc_buf b = {0};
		xmlNode *e;

		assert_int_equal(
			xs_doc_parse(rows[i].text, strlen(rows[i].text), &loose, &doc, NULL), 0);
		e = doc->children->children;
		assert_int_equal(xs_c14n_write(e, XS_C14N_INCLUSIVE, &b), 0);
		assert_string_equal(b.data, rows[i].inclusive);
		cc_buf_reset(&b);
		assert_int_equal(xs_c14n_write(e, XS_C14N_EXCLUSIVE, &b), 0);
		assert_string_equal(b.data, rows[i].exclusive);
		cc_buf_deinit(&b);
	}
}

/* Pieces of text of any length between elements, with what is escaped in some of them. */
static void test_texts(void **state)
{
	static const char *const parts[] = {"plain",	  "&amp;",
					    "&lt;",	  "&gt;",
					    "&#13;",	  "\r\n",
					    "\"'\t\n",	  "\xc3\xa9",
					    "]]",	  "<a/>",
					    "<a>",	  "</a>",
					    "<!-- c -->", "<![CDATA[<&>]]>",
					    "&#38;#38;",  "0123456789abcdef"};

	srand(6);
	for (unsigned round = 0; round < 1000; round++) {
		struct cc_buf text = {0};
		unsigned open = 0;

		cc_buf_puts(&text, "<r xmlns:x='u:x'><b xml:id='ref0'>");
		for (unsigned n = (unsigned)rand() % 60; n > 0; n--) {
			const char *part = parts[(size_t)rand() % CC_ARRAY_SIZE(parts)];

			if (strcmp(part, "</a>") == 0 && open == 0)
				continue;
			open += (strcmp(part, "<a>") == 0) - (strcmp(part, "</a>") == 0);
			/* now and then longer than what libxml2 buffers */
			for (unsigned times = rand() % 50 || *part == '<' ? 1 : 3000; times > 0;
			     times--)
				cc_buf_puts(&text, part);
		}
		while (open-- > 0)
			cc_buf_puts(&text, "</a>");
		cc_buf_puts(&text, "</b></r>");
		assert_int_equal(text.err, 0);
		assert_true(check_text("random", (char *)text.data, text.len, false) > 0);
		cc_buf_deinit(&text);
	}
}

static unsigned check_files(const char *pattern)
{
	unsigned compared = 0;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		cc_cleanup(cc_freep) char *text = NULL;
		size_t len;

		assert_int_equal(cc_file_read(found.gl_pathv[i], 1u << 20, &text, &len, NULL), 0);
		compared += check_text(found.gl_pathv[i], text, len, true);
	}
	globfree(&found);
	return compared;
}

/* Every credential and every SignedInfo of the vectors. */
static void test_vectors(void **state)
{
	unsigned sfa = check_files(VECTORS "sfa/sfa2019/*.cred");
	unsigned geni = check_files(VECTORS "geni-am/creds/*.xml");

	if (sfa + geni == 0)
		skip();
	assert_true(sfa > 80);
	assert_true(geni > 80);
}

static void test_digest(void **state)
{
	static const char text[] = "<r xmlns='u:r'><a>text</a></r>";
	static const char canonical[] = "<a xmlns=\"u:r\">text</a>";
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	uint8_t ours[EVP_MAX_MD_SIZE], wanted[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	xmlNode *a;

	assert_int_equal(xs_doc_parse(text, strlen(text), &loose, &doc, NULL), 0);
	a = doc->children->children;
	assert_int_equal(EVP_DigestInit_ex(md, EVP_sha256(), NULL), 1);
	assert_int_equal(xs_c14n_digest(a, XS_C14N_INCLUSIVE, md), 0);
	assert_int_equal(EVP_DigestFinal_ex(md, ours, NULL), 1);
	assert_int_equal(EVP_Digest(canonical, strlen(canonical), wanted, NULL, EVP_sha256(), NULL),
			 1);
	assert_memory_equal(ours, wanted, 32);
	EVP_MD_CTX_free(md);
}

static void test_refused(void **state)
{
	static const char text[] = "<r xmlns:a='relative'><b/><c/></r>";
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	struct cc_buf b = CC_BUF_INIT(20);
	xmlNode *children;

	assert_int_equal(xs_doc_parse(text, strlen(text), &loose, &doc, NULL), 0);
	children = doc->children;
	assert_int_equal(xs_c14n_write(children, XS_C14N_INCLUSIVE, &b), -CC_EFORMAT);
	assert_ptr_equal(doc->children, children);
	assert_int_equal(xs_c14n_write(children->children, XS_C14N_EXCLUSIVE, &b), 0);
	assert_string_equal(b.data, "<b></b>");
	assert_non_null(children->children->next);
	assert_int_equal(xs_c14n_write(children->children, XS_C14N_EXCLUSIVE, &b), 0);
	assert_int_equal(xs_c14n_write(children->children, XS_C14N_EXCLUSIVE, &b), -CC_ELIMIT);
	cc_buf_deinit(&b);
	assert_int_equal(xs_c14n_write((xmlNode *)doc, XS_C14N_INCLUSIVE, &b), -CC_EFORMAT);
	cc_buf_deinit(&b);
}

/* libxml2's walk, counted. */
static unsigned long visits;

struct counted {
	xmlC14NIsVisibleCallback callback;
	void *data;
};

int __real_xmlC14NExecute(xmlDocPtr doc, xmlC14NIsVisibleCallback callback, void *data, int mode,
			  xmlChar **prefixes, int comments, xmlOutputBufferPtr out);
int __wrap_xmlC14NExecute(xmlDocPtr doc, xmlC14NIsVisibleCallback callback, void *data, int mode,
			  xmlChar **prefixes, int comments, xmlOutputBufferPtr out);

static int count_visit(void *data, xmlNode *node, xmlNode *parent)
{
	const struct counted *c = data;

	visits++;
	return c->callback(c->data, node, parent);
}

int __wrap_xmlC14NExecute(xmlDocPtr doc, xmlC14NIsVisibleCallback callback, void *data, int mode,
			  xmlChar **prefixes, int comments, xmlOutputBufferPtr out)
{
	struct counted c = {callback, data};

	return __real_xmlC14NExecute(doc, count_visit, &c, mode, prefixes, comments, out);
}

static unsigned long visits_beside(unsigned others)
{
	struct cc_buf text = {0}, out = {0};
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;

	cc_buf_puts(&text, "<r xmlns:n='u:n'><a xml:id='a'><b/><c>text</c></a>");
	for (unsigned i = 0; i < others; i++)
		cc_buf_puts(&text, "<o/>");
	cc_buf_puts(&text, "</r>");
	assert_int_equal(xs_doc_parse((char *)text.data, text.len, &loose, &doc, NULL), 0);
	visits = 0;
	assert_int_equal(xs_c14n_write(doc->children->children, XS_C14N_INCLUSIVE, &out), 0);
	cc_buf_deinit(&text);
	cc_buf_deinit(&out);
	return visits;
}

/* The cost follows the element: what else is in the document is never visited. */
static void test_cost(void **state)
{
	unsigned long alone = visits_beside(0);

	assert_true(alone > 0 && alone < 50);
	assert_int_equal(visits_beside(4000), alone);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_inherited), cmocka_unit_test(test_by_hand),
	cmocka_unit_test(test_texts),	  cmocka_unit_test(test_vectors),
	cmocka_unit_test(test_digest),	  cmocka_unit_test(test_refused),
	cmocka_unit_test(test_cost),
};

TEST_MAIN(tests)
