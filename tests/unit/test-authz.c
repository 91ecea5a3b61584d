/* SPDX-License-Identifier: ISC */
/* Whether one of several credentials allows an operation, and what is said when none does. */
#include "lib/authz/authz.h"

#include "lib/base/util.h"
#include "tests/test.h"
#include "tests/unit/credkit.h"

#define SLICE_RIGHTS "createsliver"

static struct tr_verifier *v;

static int make_verifier(void **state)
{
	v = ck_verifier(TR_ROOT_OURS);
	return 0;
}

static int free_verifier(void **state)
{
	tr_verifier_free(v);
	return 0;
}

/* ---- what is given ---- */

enum doc { GOOD, BOBS, SLICE2, INFO, EXPIRED, FORGED, STRANGE, NONE, LENT, DOCS };
static char *docs[DOCS];

static int make_docs(void **state)
{
	const struct tp_world *w = tp_world();
	const struct ck_level lent[] = {{.owner = w->bob, .signer = w->alice}, {0}};

	docs[GOOD] = ck_make(&(struct ck_level){0}, 1);
	docs[BOBS] = ck_make(&(struct ck_level){.owner = w->bob}, 1);
	docs[SLICE2] = ck_make(&(struct ck_level){.target = w->slice2}, 1);
	docs[INFO] = ck_make(&(struct ck_level){.rights = "info:1"}, 1);
	docs[EXPIRED] = ck_make(&(struct ck_level){.expires = "2027-01-01T00:00:00Z"}, 1);
	docs[FORGED] = ck_replace(docs[GOOD], "refresh", "refreSh");
	docs[STRANGE] = ck_make(&(struct ck_level){.signer = w->sitex}, 1);
	docs[NONE] = strdup("<a/>");
	docs[LENT] = ck_make(lent, 2);
	return make_verifier(state);
}

static int free_docs(void **state)
{
	for (size_t i = 0; i < DOCS; i++)
		free(docs[i]);
	return free_verifier(state);
}

static json_t *as_struct(const char *type, const char *text)
{
	return json_pack("{s:s, s:s, s:s}", "geni_type", type, "geni_version", "3", "geni_value",
			 text);
}

/* ---- callbacks ---- */

struct asker {
	const char *urn;	   /* of the target that is wanted; NULL: any */
	const struct tr_gid *gone; /* not in force any more */
	int answer;		   /* what is said of gone */
	unsigned asked;
};

static int is_on(void *arg, const struct tr_grant *g, struct cc_note *why)
{
	const struct asker *a = arg;

	return a->urn ? tr_grant_on(g, a->urn, why) : 0;
}

static int is_current(void *arg, const struct tr_gid *signer)
{
	struct asker *a = arg;

	a->asked++;
	return a->gone && tr_gid_same_key(a->gone, signer) ? a->answer : 0;
}

/* Alice asks with createsliver on her slice; steals list. */
static int allow_as(const struct tp *holder, json_t *list, struct asker *asker,
		    struct az_report *report, char hash[TR_HASH])
{
	const struct az_asked asked = {.verifier = v,
				       .holder = holder ? holder->gid : NULL,
				       .now = TP_NOW,
				       .credentials = list,
				       .ops = SLICE_RIGHTS,
				       .on = is_on,
				       .current = is_current,
				       .arg = asker};
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	int r = az_allow(&asked, &g, report);

	assert_int_equal(g != NULL, r == 0);
	if (g && hash)
		memcpy(hash, g->hash, TR_HASH);
	json_decref(list);
	return r;
}

static struct asker asks(void)
{
	return (struct asker){.urn = tp_world()->slice->gid->urn};
}

static int allow(json_t *list, struct az_report *report)
{
	struct asker asker = asks();

	memset(report, 0, sizeof(*report));
	return allow_as(tp_world()->alice, list, &asker, report, NULL);
}

/* Of one document; its rule and a word of its note. */
static void check(enum doc doc, int outcome, int rule, const char *note)
{
	struct az_report report;
	int r = allow(json_pack("[s]", docs[doc]), &report);

	if (r != outcome || report.rule != rule || !strstr(report.why.text, note))
		fail_msg("%d: %d %s \"%s\"", doc, r, cc_rule_name(report.rule), report.why.text);
}

static void test_one(void **state)
{
	check(GOOD, 0, 0, "");
	check(BOBS, AZ_HOLDER, CC_RULE_CALLER_KEY, "owned by");
	check(SLICE2, AZ_TARGET, CC_RULE_CALLER_TARGET, "slice+sl2");
	check(INFO, AZ_RIGHTS, CC_RULE_RIGHTS_OPERATION, "createsliver");
	check(EXPIRED, AZ_EXPIRED, CC_RULE_CRED_EXPIRED, "expired on 2027-01-01");
	check(FORGED, AZ_REFUSED, CC_RULE_SIG_DIGEST, "changed afterwards");
	check(STRANGE, AZ_UNTRUSTED, CC_RULE_CRED_ISSUER, "no authority over");
	check(NONE, AZ_UNREADABLE, CC_RULE_XML_ELEMENT, "");
}

/* Nobody holds a credential when nobody is there. */
static void test_nobody(void **state)
{
	struct asker asker = asks();
	struct az_report report;

	assert_int_equal(allow_as(NULL, json_pack("[s]", docs[GOOD]), &asker, &report, NULL),
			 AZ_HOLDER);
	assert_int_equal(report.rule, CC_RULE_CALLER_KEY);
	assert_int_equal(asker.asked, 0);
}

/* The first that does is taken, whatever stands around it; else the one that came furthest is told. */
static void test_several(void **state)
{
	static const struct {
		enum doc docs[4];
		int outcome, rule;
	} rows[] = {
		{{NONE, BOBS, GOOD, SLICE2}, 0, 0},
		{{NONE, FORGED, BOBS, NONE}, AZ_HOLDER, CC_RULE_CALLER_KEY},
		{{INFO, BOBS, FORGED, NONE}, AZ_RIGHTS, CC_RULE_RIGHTS_OPERATION},
		{{BOBS, SLICE2, INFO, FORGED}, AZ_TARGET, CC_RULE_CALLER_TARGET},
		{{NONE, EXPIRED, FORGED, STRANGE}, AZ_EXPIRED, CC_RULE_CRED_EXPIRED},
		{{FORGED, EXPIRED, STRANGE, NONE}, AZ_REFUSED, CC_RULE_SIG_DIGEST},
		{{STRANGE, EXPIRED, FORGED, NONE}, AZ_UNTRUSTED, CC_RULE_CRED_ISSUER},
		{{NONE, NONE, NONE, NONE}, AZ_UNREADABLE, CC_RULE_XML_ELEMENT},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		json_t *list = json_array();
		struct az_report report;

		for (size_t j = 0; j < 4; j++)
			json_array_append_new(list, json_string(docs[rows[i].docs[j]]));
		assert_int_equal(allow(list, &report), rows[i].outcome);
		assert_int_equal(report.rule, rows[i].rule);
	}
}

static void test_forms(void **state)
{
	struct az_report report;

	assert_int_equal(allow(json_string(docs[GOOD]), &report), 0);
	assert_int_equal(allow(json_pack("[o]", as_struct("geni_sfa", docs[GOOD])), &report), 0);
	assert_int_equal(allow(json_pack("[o]", as_struct("GENI_SFA", docs[GOOD])), &report), 0);
	assert_int_equal(allow(json_pack("[o, o]", as_struct("geni_abac", "<x/>"),
					 as_struct("geni_sfa", docs[GOOD])),
			       &report),
			 0);
	/* what is of no kind that we know is no credential */
	assert_int_equal(allow(json_pack("[o]", as_struct("geni_abac", docs[GOOD])), &report),
			 AZ_NONE_GIVEN);
	assert_string_equal(report.why.text, "no credential was given");
	assert_int_equal(allow(json_array(), &report), AZ_NONE_GIVEN);
	assert_int_equal(allow(NULL, &report), AZ_NONE_GIVEN);
	assert_int_equal(allow(json_null(), &report), AZ_NONE_GIVEN);
}

static json_t *many(size_t n, const char *text)
{
	json_t *list = json_array();

	while (n-- > 0)
		json_array_append_new(list, json_string(text));
	return list;
}

static void test_shape(void **state)
{
	static const struct {
		const char *json, *note;
	} rows[] = {
		{"{}", "expected string or array"},
		{"5", "expected string or array"},
		{"[5]", "expected string"},
		{"[{}]", "geni_type is no string"},
		{"[{\"geni_type\": 1, \"geni_value\": \"x\"}]", "geni_type is no string"},
		{"[{\"geni_type\": \"geni_sfa\"}]", "geni_value is no string"},
		{"[{\"geni_type\": \"geni_sfa\", \"geni_value\": [\"x\"]}]", "geni_value is no"},
	};
	struct az_report report;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		assert_int_equal(allow(json_loads(rows[i].json, JSON_DECODE_ANY, NULL), &report),
				 AZ_SHAPE);
		assert_non_null(strstr(report.why.text, rows[i].note));
	}
	/* one of no form does not spoil the good one beside it */
	assert_int_equal(allow(json_pack("[i, s]", 5, docs[GOOD]), &report), 0);
	assert_int_equal(allow(many(AZ_CREDENTIALS_MAX, docs[GOOD]), &report), 0);
	assert_int_equal(allow(many(AZ_CREDENTIALS_MAX + 1, docs[GOOD]), &report), AZ_SHAPE);
	assert_non_null(strstr(report.why.text, "more than 16"));
}

/* ---- who signed it ---- */

static void test_signers(void **state)
{
	const struct tp_world *w = tp_world();
	struct asker asker = asks();
	struct az_report report;

	assert_int_equal(allow_as(w->bob, json_pack("[s]", docs[LENT]), &asker, &report, NULL), 0);
	assert_int_equal(asker.asked, 2); /* the issuer and the lender */
	asker = asks();
	asker.gone = w->site->gid;
	asker.answer = AZ_GONE;
	assert_int_equal(allow_as(w->bob, json_pack("[s]", docs[LENT]), &asker, &report, NULL),
			 AZ_GONE);
	assert_int_equal(report.rule, CC_RULE_CRED_ISSUER);
	assert_non_null(strstr(report.why.text, w->site->gid->urn));
	asker.gone = w->alice->gid;
	assert_int_equal(allow_as(w->bob, json_pack("[s]", docs[LENT]), &asker, &report, NULL),
			 AZ_GONE);
	assert_int_equal(report.rule, CC_RULE_DELEGATE_SIGNER);
	/* nobody's business when it fails before */
	asker.asked = 0;
	assert_int_equal(allow_as(w->eve, json_pack("[s]", docs[LENT]), &asker, &report, NULL),
			 AZ_HOLDER);
	assert_int_equal(asker.asked, 0);
}

/* What could not be told is no denial: the others of the list are not asked any more. */
static void test_undecided(void **state)
{
	const struct tp_world *w = tp_world();
	struct asker asker = asks();
	struct az_report report;

	asker.gone = w->site->gid;
	asker.answer = AZ_UNDECIDED;
	assert_int_equal(allow_as(w->alice, json_pack("[s, s]", docs[GOOD], docs[GOOD]), &asker,
				  &report, NULL),
			 AZ_UNDECIDED);
	assert_int_equal(asker.asked, 1);
	assert_string_not_equal(report.why.text, "");
	asker.answer = -CC_ETIMEOUT;
	assert_int_equal(allow_as(w->alice, json_pack("[s]", docs[GOOD]), &asker, &report, NULL),
			 -CC_ETIMEOUT);
}

/* Without operations nothing is asked for, and nothing allowed. */
static void test_no_ops(void **state)
{
	json_t *list = json_pack("[s]", docs[GOOD]);
	const struct az_asked asked = {.verifier = v,
				       .holder = tp_world()->alice->gid,
				       .now = TP_NOW,
				       .credentials = list};
	struct tr_grant *g = NULL;
	struct az_report report;

	assert_int_equal(az_allow(&asked, &g, &report), -CC_EINVAL);
	assert_null(g);
	json_decref(list);
}

static void test_codes(void **state)
{
	static const struct {
		enum az_outcome outcome;
		int code;
	} rows[] = {{AZ_SHAPE, 1},    {AZ_NONE_GIVEN, 3},  {AZ_CALLER_REFUSED, 3},
		    {AZ_REFUSED, 20}, {AZ_UNREADABLE, 20}, {AZ_EXPIRED, 21},
		    {AZ_HOLDER, 22},  {AZ_TARGET, 22},	   {AZ_UNTRUSTED, 23},
		    {AZ_GONE, 23},    {AZ_RIGHTS, 3},	   {AZ_SPEAKS_REFUSED, 20}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(az_geni_code(rows[i].outcome), rows[i].code);
	/* none is a success */
	for (int o = -1; o <= AZ_OUTCOMES; o++)
		assert_int_not_equal(az_geni_code((enum az_outcome)o), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),	  cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_several),	  cmocka_unit_test(test_forms),
		cmocka_unit_test(test_shape),	  cmocka_unit_test(test_signers),
		cmocka_unit_test(test_undecided), cmocka_unit_test(test_no_ops),
		cmocka_unit_test(test_codes),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, make_docs, free_docs);
}
