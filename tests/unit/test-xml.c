/* SPDX-License-Identifier: ISC */
/* The entry to libxml2: what is refused and what is read. */
#include "lib/xml/doc.h"

#include <libxml/parser.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/util.h"
#include "lib/xml/c14n.h"
#include "lib/xml/int.h"
#include "tests/unit/fail-alloc.h"

#define XML_NS "http://www.w3.org/XML/1998/namespace"
#define BOM "\xef\xbb\xbf"

/* Like an RSpec's: comments are allowed. */
static const struct xs_limits loose = {
	.octets = 4u << 20,
	.depth = 16,
	.elements = 100,
	.attributes = 200,
	.namespaces = 3,
};

static FILE *said;
static int own_stderr;

/* Whatever is written to stderr from here to heard_nothing() fails the test. */
static void listen_on_stderr(void)
{
	said = tmpfile();
	own_stderr = dup(STDERR_FILENO);
	dup2(fileno(said), STDERR_FILENO);
}

static void heard_nothing(void)
{
	dup2(own_stderr, STDERR_FILENO);
	close(own_stderr);
	fseek(said, 0, SEEK_END);
	assert_int_equal(ftell(said), 0);
	fclose(said);
}

static xmlDoc *parse(const struct xs_limits *limits, const char *text)
{
	struct cc_note why = {0};
	xmlDoc *doc = NULL;

	if (xs_doc_parse(text, strlen(text), limits, &doc, &why) != 0)
		fail_msg("%s: %s", text, why.text);
	return doc;
}

static xmlDoc *parse_loose(const char *text)
{
	return parse(&loose, text);
}

/* Whether r is this rule, 0 for none, and why says this; name is the row's. */
static void check(const char *name, int r, const struct cc_note *why, int rule, const char *says)
{
	if (r != rule)
		fail_msg("%s: %d, %s: %s", name, r, r > 0 ? cc_rule_name(r) : "", why->text);
	if (rule != 0 && !strstr(why->text, says))
		fail_msg("%s: it says: %s", name, why->text);
	if (rule != 0)
		assert_int_equal(why->code, CC_EDENIED);
}

static void judge(const char *name, const struct xs_limits *limits, const char *text, size_t len,
		  int rule, const char *says)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	/* a copy without a NUL behind it, so that reading too far is seen */
	cc_cleanup(cc_freep) char *copy = malloc(len + !len);
	struct cc_note why = {0};
	int r;

	memcpy(copy, text, len);
	r = xs_doc_parse(copy, len, limits, &doc, &why);
	check(name, r, &why, rule, says);
	assert_int_equal(r == 0, doc != NULL);
}

/* What a literal holds, NULs as well. */
#define OCTETS(literal) literal, sizeof(literal) - 1

static void test_accepted(void **state)
{
	static const struct {
		const char *why, *text;
		size_t len;
	} rows[] = {
		{"the least", OCTETS("<r/>")},
		{"a declaration", OCTETS("<?xml version=\"1.0\" encoding=\"utf-8\"?><r/>")},
		{"an encoding in capitals",
		 OCTETS("<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<r/>")},
		{"no encoding said", OCTETS("<?xml version='1.0'?>\r\n<r/>\n")},
		{"a mark of order", OCTETS(BOM "<r/>")},
		{"a mark and a declaration",
		 OCTETS(BOM "<?xml version='1.0' encoding='Utf-8'?><r/>")},
		{"white space first", OCTETS("\n <r/>")},
		{"a > in an attribute", OCTETS("<r a='>' b = \">/>\"><e/></r>")},
		{"an attribute called xmlnsx", OCTETS("<r xmlnsx='1'/>")},
		{"references", OCTETS("<r a='&#x41;&amp;'>&lt;&#65;&quot;&apos;&gt;</r>")},
		{"other letters",
		 OCTETS("<r\xc3\xa9 a='\xe2\x82\xac'>\xf0\x9f\x98\x80</r\xc3\xa9>")},
		{"an end tag with white space", OCTETS("<r></r\n>")},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		judge(rows[i].why, &xs_signed_limits, rows[i].text, rows[i].len, 0, "");
		judge(rows[i].why, &loose, rows[i].text, rows[i].len, 0, "");
	}
}

static void test_form(void **state)
{
	static const struct {
		const char *why, *text;
		size_t len;
		const char *says;
	} rows[] = {
		{"nothing", OCTETS(""), "empty document"},
		{"a mark of order alone", OCTETS(BOM), "no XML in UTF-8"},
		{"white space alone", OCTETS(" \n"), "Start tag expected"},
		{"no XML", OCTETS("{}"), "no XML in UTF-8"},
		{"a NUL in text", OCTETS("<r>\0</r>"), "NUL"},
		{"a NUL behind", OCTETS("<r/>\0"), "NUL"},
		{"UTF-16 with a mark", OCTETS("\xff\xfe<\0r\0/\0>\0"), "NUL"},
		{"UTF-16, little end first", OCTETS("<\0r\0/\0>\0"), "NUL"},
		{"UTF-16, big end first", OCTETS("\0<\0r\0/\0>"), "NUL"},
		{"a mark of UTF-16 alone", OCTETS("\xfe\xff\x3c\x72"), "no XML in UTF-8"},
		{"EBCDIC", OCTETS("\x4c\x6f\xa7\x94\x93"), "no XML in UTF-8"},
		{"Latin 1 declared", OCTETS("<?xml version='1.0' encoding='iso-8859-1'?><r/>"),
		 "another encoding"},
		{"UTF-16 declared", OCTETS("<?xml version='1.0' encoding='UTF-16'?><r/>"),
		 "another encoding"},
		{"UTF-7 declared", OCTETS("<?xml version='1.0' encoding='UTF-7'?><r/>"),
		 "another encoding"},
		{"no name of an encoding", OCTETS("<?xml version='1.0' encoding=''?><r/>"),
		 "another encoding"},
		{"XML 1.1", OCTETS("<?xml version='1.1'?><r/>"), "another version"},
		{"a declaration without quotes", OCTETS("<?xml version=1.0?><r/>"),
		 "cannot be read"},
		{"a declaration that does not end", OCTETS("<?xml version='1.0'><r/>"),
		 "without end"},
		{"a declaration with a > as its end", OCTETS("<?xml version='1.0'"), "without end"},
		{"an octet that UTF-8 has not", OCTETS("<r>\xff</r>"), "proper UTF-8"},
		{"a character cut off", OCTETS("<r>\xe2\x82</r>"), "proper UTF-8"},
		{"one octet too many", OCTETS("<r a='\xc1\x81'/>"), "line 1"},
		{"half of a pair", OCTETS("<r>\xed\xa0\x80</r>"), "out of allowed range"},
		{"a control character", OCTETS("<r>\x01</r>"), "invalid Char"},
		{"a reference to one", OCTETS("<r>&#1;</r>"), "invalid xmlChar"},
		{"text in front", OCTETS("x<r/>"), "no XML in UTF-8"},
		{"text behind", OCTETS("<r/>x"), "Extra content"},
		{"two roots", OCTETS("<r/><r/>"), "Extra content"},
		{"no end", OCTETS("<r>"), "line 1"},
		{"an end too many", OCTETS("<r/></r>"), "ends nothing"},
		{"an end first", OCTETS("</r>"), "ends nothing"},
		{"an end cut off", OCTETS("<r></r"), "without end"},
		{"a tag cut off", OCTETS("<r "), "cannot be read"},
		{"a tag cut off in its name", OCTETS("<r"), "cannot be read"},
		{"a lone <", OCTETS("<"), "without a name"},
		{"the wrong end", OCTETS("<r><a></r></a>"), "mismatch"},
		{"an attribute twice", OCTETS("<r a='1' a='2'/>"), "redefined"},
		{"an attribute twice by its namespace",
		 OCTETS("<r xmlns:a='u:1' xmlns:b='u:1' a:x='1' b:x='2'/>"), "redefined"},
		{"an attribute without quotes", OCTETS("<r a=1/>"), "cannot be read"},
		{"an attribute without value", OCTETS("<r a/>"), "cannot be read"},
		{"an attribute without end", OCTETS("<r a='1/>"), "cannot be read"},
		{"attributes that touch", OCTETS("<r a='1'b='2'/>"), "attributes construct error"},
		{"a < in an attribute", OCTETS("<r a='<'/>"), "not allowed in attributes"},
		{"a tag without a name", OCTETS("<r>< a/></r>"), "without a name"},
		{"a lone &", OCTETS("<r>a & b</r>"), "xmlParseEntityRef"},
		{"the end of CDATA", OCTETS("<r>]]></r>"), "not allowed in content"},
		{"a prefix that nothing declares", OCTETS("<a:r/>"), "is not defined"},
		{"the prefix xml for something else", OCTETS("<r xmlns:xml='u:x' xml:id='a'/>"),
		 "mapped to wrong URI"},
		{"another prefix for what is xml's", OCTETS("<r xmlns:x='" XML_NS "' x:id='a'/>"),
		 "mapped to wrong prefix"},
		{"such an attribute", OCTETS("<r wsu:Id='1'/>"), "is not defined"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		judge(rows[i].why, &xs_signed_limits, rows[i].text, rows[i].len, CC_RULE_XML_FORM,
		      rows[i].says);
}

#define LAUGHS                                                                                     \
	"<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"                \
	"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><r>&c;</r>"

static void test_plain(void **state)
{
	static const struct {
		const char *why, *text, *says;
		bool loose; /* allowed where documents need not be plain */
	} rows[] = {
		{"a comment", "<r>a<!-- b -->c</r>", "a comment", true},
		{"a comment in front", "<!-- a --><r/>", "a comment", true},
		{"a comment behind", "<r/><!-- a -->", "a comment", true},
		{"a comment with tags in it", "<r><!-- <a> --></r>", "a comment", true},
		{"CDATA", "<r><![CDATA[<a>]]></r>", "a CDATA section", true},
		{"an instruction", "<r><?php <a> ?></r>", "a processing instruction", true},
		{"a style sheet", "<?xml-stylesheet href='a'?><r/>", "a processing instruction",
		 true},
		{"a document type", "<!DOCTYPE r><r/>", "a document type", false},
		{"a document type elsewhere", "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>",
		 "a document type", false},
		{"entities in entities", LAUGHS, "a document type", false},
		{"another declaration", "<!ELEMENT r ANY><r/>", "a document type", false},
		{"a document type in small letters", "<!doctype r><r/>", "a document type", false},
		{"an entity", "<r>&e;</r>", "an entity", false},
		{"an entity in an attribute", "<r a='&e;'/>", "an entity", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		judge(rows[i].why, &xs_signed_limits, rows[i].text, strlen(rows[i].text),
		      CC_RULE_XML_PLAIN, rows[i].says);
		judge(rows[i].why, &loose, rows[i].text, strlen(rows[i].text),
		      rows[i].loose ? 0 : CC_RULE_XML_PLAIN, rows[i].says);
	}
	judge("a comment without end", &loose, OCTETS("<r><!-- </r>"), CC_RULE_XML_FORM,
	      "a comment");
	judge("a second declaration", &loose,
	      OCTETS("<r><?xml version='1.0' encoding='UTF-16'?></r>"), CC_RULE_XML_FORM,
	      "XML declaration allowed only at the start");
}

/* head, then n times piece with # as its number, then n times tail. */
static struct cc_buf repeat(const char *head, const char *piece, unsigned n, const char *tail,
			    const char *end)
{
	struct cc_buf b = {0};

	cc_buf_puts(&b, head);
	for (unsigned i = 0; i < n; i++) {
		for (const char *p = piece; *p; p++)
			*p == '#' ? cc_buf_printf(&b, "%u", i) : cc_buf_put(&b, p, 1);
	}
	for (unsigned i = 0; i < n; i++)
		cc_buf_puts(&b, tail);
	cc_buf_puts(&b, end);
	return b;
}

static void test_limits(void **state)
{
	static const struct {
		const char *why, *head, *piece, *tail, *end;
		unsigned most; /* of the piece, that signed documents may have */
		int rule;
		const char *says;
	} rows[] = {
		{"octets of text", "<r>", "x", "", "</r>", XS_CRED_MAX - 7, CC_RULE_XML_FORM,
		 "1048577 octets"},
		{"elements", "<r>", "<e/>", "", "</r>", 4095, CC_RULE_XML_LIMIT, "4096 elements"},
		{"elements with end tags", "<r>", "<e></e>", "", "</r>", 4095, CC_RULE_XML_LIMIT,
		 "4096 elements"},
		{"depth", "", "<e>", "</e>", "", XS_DEPTH, CC_RULE_XML_LIMIT, "64 elements inside"},
		{"depth of an empty element", "", "<e>", "</e>", "", XS_DEPTH, CC_RULE_XML_LIMIT,
		 "64 elements inside"},
		{"attributes of one element", "<r", " a#='v'", "", "/>", XS_ATTRIBUTES,
		 CC_RULE_XML_LIMIT, "32 attributes of one element"},
		{"octets of the name of an element", "<", "n", "", "/>", XS_NAME_MAX,
		 CC_RULE_XML_LIMIT, "1024 octets in a name"},
		{"octets of the name of an attribute", "<r ", "n", "", "='v'/>", XS_NAME_MAX,
		 CC_RULE_XML_LIMIT, "1024 octets in a name"},
		{"octets of a value", "<r a='", "v", "", "'/>", XS_VALUE_MAX, CC_RULE_XML_LIMIT,
		 "65536 octets in the value of an attribute"},
		{"attributes in all", "<r>", "<e a='1' b='2'/>", "", "</r>", 2048,
		 CC_RULE_XML_LIMIT, "4096 attributes"},
		{"namespaces of one element", "<r", " xmlns:n#='u:#'", "", "/>", 8,
		 CC_RULE_XML_LIMIT, "8 namespaces"},
		{"namespaces within each other", "", "<e xmlns:n#='u:#'>", "</e>", "", 8,
		 CC_RULE_XML_LIMIT, "8 namespaces"},
		{"namespaces beside one", "<r xmlns='u:r'", " xmlns:n#='u:#'", "", "/>", 7,
		 CC_RULE_XML_LIMIT, "8 namespaces"},
		{"namespaces out of scope", "<r xmlns:a='u:a'><e xmlns:b='u:b'/><f",
		 " xmlns:n#='u:#'", "", "/></r>", 7, CC_RULE_XML_LIMIT, "8 namespaces"},
		{"namespaces out of scope of an end tag",
		 "<r><e xmlns:b='u:b'><f xmlns:c='u:c'/></e><f", " xmlns:n#='u:#'", "", "/></r>", 8,
		 CC_RULE_XML_LIMIT, "8 namespaces"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		for (unsigned over = 0; over < 2; over++) {
			struct cc_buf b = repeat(rows[i].head, rows[i].piece, rows[i].most + over,
						 rows[i].tail, rows[i].end);

			judge(rows[i].why, &xs_signed_limits, (char *)b.data, b.len,
			      over ? rows[i].rule : 0, rows[i].says);
			cc_buf_deinit(&b);
		}
	}
}

/* A caller's own limits hold, but never for more than XS_DEPTH. */
static void test_own_limits(void **state)
{
	struct xs_limits deep = loose;
	struct cc_buf b = repeat("", "<e>", 17, "</e>", "");

	judge("a smaller depth", &loose, (char *)b.data, b.len, CC_RULE_XML_LIMIT,
	      "16 elements inside");
	cc_buf_deinit(&b);
	deep.depth = 1000;
	b = repeat("", "<e>", XS_DEPTH + 1, "</e>", "");
	judge("a larger depth", &deep, (char *)b.data, b.len, CC_RULE_XML_LIMIT,
	      "64 elements inside");
	cc_buf_deinit(&b);
	b = repeat("<r>", "<!-- <e> --><![CDATA[<e>]]><?p <e>?>", 200, "", "</r>");
	judge("no elements", &loose, (char *)b.data, b.len, 0, "");
	cc_buf_deinit(&b);
}

static void test_ids(void **state)
{
	static const struct {
		const char *why, *text;
		bool twice;
	} rows[] = {
		{"none", "<r/>", false},
		{"one", "<r xml:id='a'/>", false},
		{"two", "<r xml:id='a'><e xml:id='b'/></r>", false},
		{"in another case", "<r xml:id='a'><e xml:id='A'/></r>", false},
		{"another attribute", "<r xml:id='a' refid='a' idx='a'><e name='a'>a</e></r>",
		 false},
		{"twice", "<r><e xml:id='a'/><e xml:id='a'/></r>", true},
		{"the element in itself", "<r xml:id='a'><e><e><e xml:id='a'/></e></e></r>", true},
		{"after the end of another", "<r><e><f xml:id='a'/></e><g><h xml:id='a'/></g></r>",
		 true},
		{"id", "<r><e xml:id='a'/><e id='a'/></r>", true},
		{"ID", "<r><e xml:id='a'/><e ID='a'/></r>", true},
		{"Id of both", "<r><e Id='a'/><e iD='a'/></r>", true},
		{"of one element", "<r><e xml:id='a' Id='a'/></r>", true},
		{"another prefix", "<r xmlns:wsu='u:w'><e wsu:Id='a'/><e xml:id='a'/></r>", true},
		{"white space around", "<r><e xml:id=' a'/><e id='a&#10;'/></r>", true},
		{"white space within", "<r><e xml:id='a b'/><e id='ab'/></r>", false},
		{"written otherwise", "<r><e xml:id='&#97;'/><e id='a'/></r>", true},
		{"empty", "<r><e id=''/><e id=' '/></r>", true},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = parse_loose(rows[i].text);
		struct cc_note why = {0};

		check(rows[i].why, xs_doc_check_ids(doc, &why), &why,
		      rows[i].twice ? CC_RULE_XML_ID : 0, "is there twice");
	}
}

static void test_many_ids(void **state)
{
	struct cc_buf b = repeat("<r>", "<e xml:id='i#'/>", 4000, "", "</r>");
	cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(&xs_signed_limits, (char *)b.data);

	assert_int_equal(xs_doc_check_ids(doc, NULL), 0);
	cc_buf_deinit(&b);
	xs_doc_freep(&doc);
	b = repeat("<r>", "<e xml:id='i#'/>", 4000, "", "<f id='i2017'/></r>");
	doc = parse(&xs_signed_limits, (char *)b.data);
	assert_int_equal(xs_doc_check_ids(doc, NULL), CC_RULE_XML_ID);
	cc_buf_deinit(&b);
}

static void test_cursor(void **state)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc =
		parse_loose("<r xmlns:n='u:n'> <a/>\n<!-- c --><n:b/><?p?><b xmlns='u:n'/>\t</r>");
	xmlNode *root = xmlDocGetRootElement(doc), *node = NULL;
	struct cc_note why = {0};
	struct xs_cursor c;

	assert_int_equal(xs_cursor_init(&c, root, &why), 0);
	assert_true(xs_cursor_at(&c, NULL, "a"));
	assert_false(xs_cursor_at(&c, "u:n", "a"));
	assert_null(xs_cursor_take(&c, NULL, "b"));
	check("end", xs_cursor_end(&c, &why), &why, CC_RULE_XML_ELEMENT,
	      "<a> does not belong in <r>");
	check("want", xs_cursor_want(&c, "u:n", "b", &node, &why), &why, CC_RULE_XML_ELEMENT,
	      "<b> is expected in <r>, not <a>");
	assert_null(node);
	node = xs_cursor_take(&c, NULL, "a");
	assert_true(node && xs_is(node, NULL, "a"));
	check("want b of no namespace", xs_cursor_want(&c, NULL, "b", &node, &why), &why,
	      CC_RULE_XML_ELEMENT, "<b> is expected in <r>, not <b>");
	assert_int_equal(xs_cursor_want(&c, "u:n", "b", &node, &why), 0);
	assert_true(xs_is(node, "u:n", "b"));
	assert_int_equal(xs_cursor_want(&c, "u:n", "b", &node, &why), 0);
	assert_int_equal(xs_cursor_end(&c, &why), 0);
	assert_null(xs_cursor_take(&c, NULL, "a"));
	assert_false(xs_cursor_at(&c, NULL, "a"));
	check("want at the end", xs_cursor_want(&c, NULL, "a", &node, &why), &why,
	      CC_RULE_XML_ELEMENT, "<a> is expected in <r>, not its end");
}

static void test_cursor_text(void **state)
{
	static const char *const texts[] = {"<r>x<a/></r>", "<r><a/>x</r>", "<r><a/> x <b/></r>",
					    "<r><![CDATA[x]]></r>", "<r>&#160;<a/></r>"};
	struct xs_cursor c;

	for (size_t i = 0; i < CC_ARRAY_SIZE(texts); i++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = parse_loose(texts[i]);
		struct cc_note why = {0};

		check(texts[i], xs_cursor_init(&c, xmlDocGetRootElement(doc), &why), &why,
		      CC_RULE_XML_ELEMENT, "text between the elements in <r>");
	}
}

static void test_is(void **state)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc =
		parse_loose("<r xmlns='u:r'><a xmlns=''/><b xmlns='u:b'/></r>");
	xmlNode *root = xmlDocGetRootElement(doc), *a = root->children;

	assert_true(xs_is(root, "u:r", "r"));
	assert_false(xs_is(root, NULL, "r"));
	assert_false(xs_is(root, "u:b", "r"));
	assert_true(xs_is(a, NULL, "a"));
	assert_false(xs_is(a, "u:r", "a"));
	assert_true(xs_is(a->next, "u:b", "b"));
	assert_false(xs_is(a->next, "u:b", "B"));
}

static void test_text(void **state)
{
	static const struct {
		const char *why, *text, *is;
		size_t max;
		int rule;
		const char *says;
	} rows[] = {
		{"none", "<r/>", "", 1, 0, ""},
		{"empty", "<r></r>", "", 1, 0, ""},
		{"as much as allowed", "<r> a &amp;\r\nb </r>", " a &\nb ", 7, 0, ""},
		{"one octet more", "<r> a &amp;\r\nb </r>", NULL, 6, CC_RULE_XML_LIMIT,
		 "the text of <r> has more than 6 octets"},
		{"in pieces", "<r>a<!-- x -->b<![CDATA[<c>]]><?p x?>d</r>", "ab<c>d", 10, 0, ""},
		{"with an element", "<r>a<b/></r>", NULL, 10, CC_RULE_XML_ELEMENT,
		 "<r> must hold text alone"},
		{"an element alone", "<r><b>a</b></r>", NULL, 10, CC_RULE_XML_ELEMENT,
		 "<r> must hold text alone"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = parse_loose(rows[i].text);
		cc_cleanup(cc_freep) char *text = NULL;
		struct cc_note why = {0};
		int r = xs_text(xmlDocGetRootElement(doc), rows[i].max, &text, &why);

		check(rows[i].why, r, &why, rows[i].rule, rows[i].says);
		if (rows[i].is)
			assert_string_equal(text, rows[i].is);
		else
			assert_null(text);
	}
}

static void test_attributes(void **state)
{
	static const char *const all[] = {"id", "a", "b", "e", NULL};
	static const char *const some[] = {"id", "a", "e", NULL};
	cc_cleanup(xs_doc_freep) xmlDoc *doc =
		parse_loose("<r xmlns:n='u:n' xml:id='x' a='1 &lt;' n:a='2' n:b='3' e=''/>");
	xmlNode *root = xmlDocGetRootElement(doc);
	struct cc_note why = {0};

	assert_string_equal(xs_attribute(root, NULL, "a"), "1 <");
	assert_string_equal(xs_attribute(root, "u:n", "a"), "2");
	assert_string_equal(xs_attribute(root, "u:n", "b"), "3");
	assert_string_equal(xs_attribute(root, XML_NS, "id"), "x");
	assert_string_equal(xs_attribute(root, NULL, "e"), "");
	assert_null(xs_attribute(root, NULL, "b"));
	assert_null(xs_attribute(root, NULL, "id"));
	assert_null(xs_attribute(root, NULL, "xmlns"));
	assert_int_equal(xs_attributes_only(root, all, &why), 0);
	check("one more", xs_attributes_only(root, some, &why), &why, CC_RULE_XML_ELEMENT,
	      "the attribute b does not belong in <r>");
}

#define DOCUMENT                                                                                   \
	"<?xml version='1.0' encoding='utf-8'?><r xmlns:n='u:n' xml:id='a'>\n<n:e a='&lt;1'>"      \
	"text &amp; more</n:e><e ID='b'/>long text, longer than libxml2 puts into a node</r>"

/* Everything that may run out of memory, and its result as octets. */
static int read_document(const char *text, struct cc_buf *out)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	cc_cleanup(cc_freep) char *got = NULL;
	struct cc_note why = {0};
	int r = xs_doc_parse(text, strlen(text), &xs_signed_limits, &doc, &why);

	if (r == 0)
		r = xs_doc_check_ids(doc, &why);
	if (r == 0)
		r = xs_text(xmlDocGetRootElement(doc)->last, 1000, &got, &why);
	return r == 0 ? xs_c14n_write(xmlDocGetRootElement(doc), XS_C14N_INCLUSIVE, out) : r;
}

/* libxml2 goes on where it gets no memory: never may such a tree be handed out. */
static void test_no_memory(void **state)
{
	static const char *const bad[] = {"<r>&e;</r>", "<r a='1' a='1'/>", "<r></q>", "<a:b/>"};
	struct cc_buf whole = {0}, out = {0};
	long n;
	int r;

	assert_int_equal(read_document(DOCUMENT, &whole), 0);
	listen_on_stderr();
	for (n = 0;; n++) {
		cc_buf_deinit(&out);
		alloc_fail_after(n);
		r = read_document(DOCUMENT, &out);
		alloc_left = -1;
		if (!alloc_failed)
			break;
		if (r != -CC_ENOMEM)
			fail_msg("allocation %ld: %d", n, r);
	}
	heard_nothing();
	assert_int_equal(r, 0);
	assert_true(n > 50);
	assert_string_equal(out.data, whole.data);
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad); i++) {
		for (alloc_failed = true, n = 0; alloc_failed; n++) {
			alloc_fail_after(n);
			r = read_document(bad[i], &out);
			alloc_left = -1;
			assert_true(r == -CC_ENOMEM || r > 0);
		}
		assert_true(r > 0);
	}
	cc_buf_deinit(&out);
	cc_buf_deinit(&whole);
}

static void *read_often(void *failed)
{
	struct cc_buf out = {0};
	xmlDoc *doc = NULL;

	for (int i = 0; i < 200 && !*(bool *)failed; i++) {
		cc_buf_reset(&out);
		*(bool *)failed = read_document(DOCUMENT, &out) != 0 ||
				  xs_doc_parse(OCTETS("<r>&"), &loose, &doc, NULL) == 0;
	}
	cc_buf_deinit(&out);
	return NULL;
}

static void test_threads(void **state)
{
	bool failed[4] = {false};
	pthread_t threads[4];

	listen_on_stderr();
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_often, &failed[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	heard_nothing();
	for (int i = 0; i < 4; i++)
		assert_false(failed[i]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_threads), /* first, so that the threads race for the start */
	cmocka_unit_test(test_accepted),    cmocka_unit_test(test_form),
	cmocka_unit_test(test_plain),	    cmocka_unit_test(test_limits),
	cmocka_unit_test(test_own_limits),  cmocka_unit_test(test_ids),
	cmocka_unit_test(test_many_ids),    cmocka_unit_test(test_cursor),
	cmocka_unit_test(test_cursor_text), cmocka_unit_test(test_is),
	cmocka_unit_test(test_text),	    cmocka_unit_test(test_attributes),
	cmocka_unit_test(test_no_memory),
};

TEST_MAIN(tests)
