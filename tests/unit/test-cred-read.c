/* SPDX-License-Identifier: ISC */
/* Credentials: the shape of the document. */
#include "tests/unit/credcheck.h"

/* ---- shape ---- */

static void test_shape(void **state)
{
	static const struct {
		const char *from, *to;
		int rule;
		const char *reason;
	} rows[] = {
		{"<type>privilege", "<type> privilege\n", 0, "white space in a token"},
		{"<type>privilege", "<type>capability", CC_RULE_CRED_TYPE, "a capability"},
		{"<type>privilege", "<type>ticket", CC_RULE_CRED_TYPE, "another type than content"},
		{"<type>privilege", "<type>", CC_RULE_CRED_TYPE, "no type"},
		{"<privileges>", "<capabilities/><privileges>", CC_RULE_CRED_TYPE, "capabilities"},
		{"<serial>8</serial>", "", CC_RULE_XML_ELEMENT, "no serial"},
		{"<serial>8</serial>", "<serial>8</serial><serial>8</serial>", CC_RULE_XML_ELEMENT,
		 "two serials"},
		{"<uuid/>", "", CC_RULE_XML_ELEMENT, "no uuid"},
		{"<uuid/>", "<uuid><a/></uuid>", CC_RULE_XML_ELEMENT, "an element in a text"},
		{"<uuid/>", "<uuid a=\"b\"/>", CC_RULE_XML_ELEMENT, "an attribute of a text"},
		{"<uuid/>", "<uuid/>text", CC_RULE_XML_ELEMENT, "text between elements"},
		{"<uuid/>", "<uuid xmlns=\"urn:x\"/>", CC_RULE_XML_ELEMENT, "another namespace"},
		{"<uuid/>", "<x/><uuid/>", CC_RULE_XML_ELEMENT, "an unknown element"},
		{"<type>", "<serial>8</serial><type>", CC_RULE_XML_ELEMENT, "another order"},
		{"<expires>2", "<expires>x", CC_RULE_XML_ELEMENT, "no date"},
		{"<expires>2027-02-14T", "<expires>2027-02-30T", CC_RULE_XML_ELEMENT,
		 "a day that there is not"},
		{"<name>info", "<name>", CC_RULE_XML_ELEMENT, "a right without name"},
		{"true</can_delegate>", "yes</can_delegate>", CC_RULE_XML_ELEMENT, "no boolean"},
		{"true</can_delegate>", "1</can_delegate>", 0, "another boolean"},
		{"<can_delegate>true</can_delegate>", "", CC_RULE_XML_ELEMENT, "no boolean at all"},
		{"<privileges>", "<privileges a=\"b\">", CC_RULE_XML_ELEMENT, "an attribute"},
		{"</privileges>", "</privileges><extensions a=\"b\">text<c/></extensions>", 0,
		 "an extension"},
		{"</privileges>", "</privileges><extensions/><extensions/>", 0, "two extensions"},
		{"</privileges>", "</privileges><extensions><Signature/></extensions>",
		 CC_RULE_XML_ELEMENT, "a Signature in an extension"},
		{"</privileges>",
		 "</privileges><extensions><a:signed-credential xmlns:a=\"urn:a\"/></extensions>",
		 CC_RULE_XML_ELEMENT, "a document in an extension"},
		{"</privileges>", "</privileges><parent/>", CC_RULE_XML_ELEMENT, "an empty parent"},
		{"</privileges>", "</privileges><parent/><extensions/>", CC_RULE_XML_ELEMENT,
		 "an extension behind the parent"},
		{" xml:id=\"ref0\"", "", CC_RULE_XML_ELEMENT, "no id"},
		{" xml:id=\"ref0\"", " id=\"ref0\"", CC_RULE_XML_ELEMENT, "an id of no namespace"},
		{"xml:id=\"ref0\"", "xml:id=\"\"", CC_RULE_XML_ELEMENT, "an empty id"},
		{"xml:id=\"ref0\"", "xml:id=\"a&#10;b\"", CC_RULE_XML_ELEMENT, "a line in an id"},
		{"xml:id=\"ref0\"", "xml:id=\"ref0\" xml:lang=\"de\"", CC_RULE_XML_ELEMENT,
		 "an attribute of credential"},
		{"<signed-credential ", "<signed-credential a=\"b\" ", CC_RULE_XML_ELEMENT,
		 "an attribute of the root"},
		{"<signed-credential ", "<signed-credential xml:lang=\"de\" ", CC_RULE_XML_ELEMENT,
		 "an inherited attribute"},
		{"<signed-credential ", "<signed-credential xmlns=\"urn:a\" ", CC_RULE_XML_ELEMENT,
		 "another root"},
		{"<signatures>", "<x/><signatures>", CC_RULE_XML_ELEMENT, "between"},
		{"</signed-credential>", "<signatures/></signed-credential>", CC_RULE_XML_ELEMENT,
		 "signatures twice"},
		{"<signatures>", "<signatures a=\"b\">", CC_RULE_XML_ELEMENT, "of signatures"},
		{"<signatures>", "<signatures><x/>", CC_RULE_XML_ELEMENT, "in signatures"},
		{"<signatures>", "<signatures><Signature/>", CC_RULE_XML_ELEMENT,
		 "a Signature of no namespace"},
		{"<uuid/>", "<!-- --><uuid/>", CC_RULE_XML_PLAIN, "a comment"},
		{"<signed-credential", "<!DOCTYPE signed-credential><signed-credential",
		 CC_RULE_XML_PLAIN, "a document type"},
		{"</signed-credential>", "", CC_RULE_XML_FORM, "an end missing"},
	};
	struct ck_level bare = {.unsigned_ = true};
	cc_cleanup(cc_freep) char *draft = ck_make(&bare, 1);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char *text = ck_replace(draft, rows[i].from, rows[i].to);

		if (rows[i].rule) {
			refused(text, rows[i].rule, rows[i].reason);
			continue;
		}
		accepted(ck_sign(text, "ref0", tp_world()->site), rows[i].reason);
		free(text);
	}
}

/* What was a credential in 2008 is one only where the roots say so (lib/trust/legacy.h). */
static void test_certificate(void **state)
{
	refused(tp_pem_chain(tp_world()->alice), CC_RULE_CRED_TYPE, "a chain of certificates");
	refused(strdup(""), CC_RULE_XML_FORM, "nothing");
}

/* Many of something. Caller frees. */
static char *many(const char *what, size_t count, const char *begin, const char *end)
{
	struct cc_buf b = CC_BUF_INIT(4u << 20);

	cc_buf_puts(&b, begin);
	for (size_t i = 0; i < count; i++)
		cc_buf_puts(&b, what);
	cc_buf_puts(&b, end);
	return cc_buf_take(&b);
}

#define RIGHT "<privilege><name>info</name><can_delegate>0</can_delegate></privilege>"
#define NAME16 "abcdefghijklmnop"

static void test_limits(void **state)
{
	cc_cleanup(cc_freep) char *most =
		many(RIGHT, TR_PRIVILEGES_MAX, "<privileges>", "</privileges>");
	cc_cleanup(cc_freep) char *more =
		many(RIGHT, TR_PRIVILEGES_MAX + 1, "<privileges>", "</privileges>");
	cc_cleanup(cc_freep) char *large = many(" ", XS_CRED_MAX, "", "");
	char *text = make((struct ck_level){0}), *padded;

	accepted(make((struct ck_level){.content = most}), "as many rights as may be");
	refused(make((struct ck_level){.content = more, .unsigned_ = true}), CC_RULE_XML_LIMIT,
		"one more");
	accepted(make((struct ck_level){.rights = NAME16 NAME16 NAME16 "abcdefghijklmno:0"}),
		 "a long name");
	refused(make((struct ck_level){.rights = NAME16 NAME16 NAME16 NAME16 ":0",
				       .unsigned_ = true}),
		CC_RULE_XML_LIMIT, "a longer name");
	large[XS_CRED_MAX - strlen(text)] = '\0';
	padded = joined("@@", text, large);
	assert_int_equal(strlen(padded), XS_CRED_MAX);
	accepted(strdup(padded), "as large as may be");
	refused(joined("@@", padded, " "), CC_RULE_XML_FORM, "one octet more");
	free(padded);
	free(text);
}

/* A stranger's certificates cost more to read than his octets to send. */
static void test_many_certs(void **state)
{
	struct ck_level levels[3] = {0};
	char *texts[6], urn[64];

	for (size_t i = 0; i < 6; i++) {
		struct cc_buf b = CC_BUF_INIT(0);

		for (size_t k = 0; k < 7; k++) {
			snprintf(urn, sizeof(urn), TP_IDN "x+user+u%zu-%zu", i, k);
			struct tp *p = tp_raw(&(struct tp_spec){.urn = urn, .key = "many"}, NULL);

			tr_gids_write(&p->chain, &b);
			tp_free(p);
		}
		texts[i] = cc_buf_take(&b);
	}
	for (size_t i = 0; i < 3; i++) {
		levels[i].owner_gid = texts[2 * i];
		levels[i].target_gid = texts[2 * i + 1];
		levels[i].unsigned_ = true;
	}
	refused(ck_make(levels, 2), CC_RULE_SIG_MISSING, "28 certificates");
	refused(ck_make(levels, 3), CC_RULE_XML_LIMIT, "42 certificates");
	for (size_t i = 0; i < 6; i++)
		free(texts[i]);
}

/* Each level is canonicalised with all that is nested in it: large ones may not be nested deeply. */
static void test_weight(void **state)
{
	cc_cleanup(cc_freep) char *octets = many(" ", 600000, "<extensions>", "</extensions>");
	cc_cleanup(cc_freep) char *tags = many("<a/>", 3900, "<extensions>", "</extensions>");
	struct ck_level levels[TR_CRED_DEPTH + 1] = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(levels); i++)
		levels[i].unsigned_ = true;
	refused(ck_make(levels, TR_CRED_DEPTH + 1), CC_RULE_SIG_MISSING, "as usual, nine levels");
	levels[0].rest = octets;
	refused(ck_make(levels, 3), CC_RULE_SIG_MISSING, "600 KB in three levels");
	refused(ck_make(levels, 4), CC_RULE_XML_LIMIT, "in four");
	levels[0].rest = tags;
	refused(ck_make(levels, 3), CC_RULE_SIG_MISSING, "3900 elements in three levels");
	refused(ck_make(levels, 5), CC_RULE_XML_LIMIT, "in five");
}

/* ---- reading alone ---- */

static void test_read(void **state)
{
	struct ck_level levels[2] = {{.owner = tp_world()->bob, .rights = "info:0"}, {0}};
	cc_cleanup(cc_freep) char *text = ck_make(levels, 2);
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;

	assert_int_equal(tr_cred_read(NULL, text, strlen(text), &c, NULL), 0);
	assert_int_equal(c->count, 2);
	assert_string_equal(c->levels[0].id, "ref1");
	assert_string_equal(c->levels[0].owner.items[0]->urn, tp_world()->bob->gid->urn);
	assert_string_equal(c->levels[0].signer.items[0]->urn, tp_world()->alice->gid->urn);
	assert_int_equal(c->levels[0].n_privileges, 1);
	assert_false(c->levels[0].privileges[0].can_delegate);
	assert_string_equal(c->levels[1].id, "ref0");
	assert_string_equal(c->levels[1].serial, "8");
	assert_string_equal(c->levels[1].uuid, "");
	assert_string_equal(c->levels[1].target_urn, tp_world()->slice->gid->urn);
	assert_int_equal(c->levels[1].expires, CK_MONTH);
	assert_true(c->levels[0].has_sig && c->levels[1].has_sig);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_shape),  cmocka_unit_test(test_certificate),
	cmocka_unit_test(test_limits), cmocka_unit_test(test_many_certs),
	cmocka_unit_test(test_weight), cmocka_unit_test(test_read),
};
CRED_MAIN(tests)
