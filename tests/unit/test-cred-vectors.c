/* SPDX-License-Identifier: ISC */
/*
 * Credentials of the Python SFA and of gcf (../shared/vectors): accepted or refused as they should
 * be, and refused for the reason that they were made for. Skipped where the vectors are not.
 */
#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/speaksfor.h"
#include "tests/unit/credkit.h"

/* ---- the Python SFA ---- */

static const struct {
	const char *file;
	int rule;
} sfa_rules[] = {
	{"bad_delegate_nobit.cred", CC_RULE_DELEGATE_ALLOWED},
	{"bad_delegate_morerights.cred", CC_RULE_DELEGATE_RIGHTS},
	{"bad_delegate_longer.cred", CC_RULE_DELEGATE_EXPIRY},
	{"bad_delegate_notowner.cred", CC_RULE_DELEGATE_SIGNER},
	{"bad_delegate_othertarget.cred", CC_RULE_DELEGATE_TARGET},
	{"bad_expired.cred", CC_RULE_CRED_EXPIRED},
	{"bad_sibling_signer.cred", CC_RULE_CRED_ISSUER},
	{"bad_user_signer.cred", CC_RULE_CRED_ISSUER},
	{"bad_peer_root_signer.cred", CC_RULE_CRED_ISSUER},
	{"hole_peer_root_user.cred", CC_RULE_CHAIN_SIGNATURE},
	{"bad_tampered_priv.cred", CC_RULE_SIG_DIGEST},
	{"bad_tampered_owner.cred", CC_RULE_CRED_OWNER},
	{"bad_unsigned.cred", CC_RULE_SIG_MISSING},
	{"hole_keyvalue_first.cred", CC_RULE_SIG_VALUE},
	{"bad_keyvalue_last.cred", CC_RULE_SIG_VALUE},
	{"bad_wrap_extensions.cred", CC_RULE_XML_ELEMENT},
	{"bad_wrap_second.cred", CC_RULE_XML_ELEMENT},
	{"bad_wrap_second_schema.cred", CC_RULE_XML_ELEMENT},
	{"bad_wrap_object.cred", CC_RULE_SIG_FORM},
	{"bad_wrap_dupid_schema.cred", CC_RULE_XML_ID},
	{"hole_wrap_dupid.cred", CC_RULE_XML_ID},
};

static int sfa_rule(const char *file)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(sfa_rules); i++) {
		if (strcmp(sfa_rules[i].file, file) == 0)
			return sfa_rules[i].rule;
	}
	return 0;
}

static const char *field(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

/* The privileges as the index writes them: "refresh:1,info:0". */
static void check_grant(const struct tr_grant *g, const json_t *entry)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(0);

	assert_string_equal(g->owner->hrn, field(entry, "owner"));
	assert_string_equal(g->target->hrn, field(entry, "target"));
	assert_int_equal(g->expires, ck_time(field(entry, "expires")));
	assert_int_equal(g->delegations, json_integer_value(json_object_get(entry, "parents")));
	for (unsigned i = 0; i < g->n_privileges; i++)
		cc_buf_printf(&b, "%s%s:%d", i ? "," : "", g->privileges[i].name,
			      g->privileges[i].can_delegate);
	assert_string_equal((const char *)b.data, field(entry, "privileges"));
}

static void check_sfa(struct tr_verifier *v, const json_t *entry, int64_t now)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	cc_cleanup(cc_freep) char *text = NULL;
	const char *file = field(entry, "file");
	bool good = strcmp(field(entry, "should"), "accept") == 0;
	struct cc_note why = {0};
	char path[256];
	size_t len;
	int r;

	snprintf(path, sizeof(path), "sfa/sfa2019/%s", file);
	text = ck_vector(path, &len);
	assert_non_null(text);
	r = tr_cred_verify(v, text, len, now, &g, &why);
	print_message("# %s: %s %s: %s\n", file, field(entry, "should"),
		      r ? cc_rule_name(r) : "accepted", why.text);
	assert_int_equal(r, sfa_rule(file));
	assert_int_equal(r == 0, good);
	if (good)
		check_grant(g, entry);
}

static void test_sfa(void **state)
{
	static const char *const roots[] = {"sfa/sfa2019/plc.gid", "sfa/sfa2019/other.gid", NULL};
	size_t len, i, n = 0;
	cc_cleanup(cc_freep) char *text = ck_vector("sfa/sfa2019/index.json", &len);
	cc_cleanup(tr_verifier_freep) struct tr_verifier *v = NULL;
	const json_t *entry;
	int64_t now;
	json_t *index;

	if (!text)
		skip();
	v = ck_vector_verifier(roots, 0);
	index = json_loadb(text, len, 0, NULL);
	now = ck_time(field(index, "generated")) + TP_DAY;
	json_array_foreach(json_object_get(index, "vectors"), i, entry)
	{
		if (strcmp(field(entry, "kind"), "credential") != 0)
			continue;
		check_sfa(v, entry, now);
		n++;
	}
	assert_true(n > 30);
	json_decref(index);
}

/* ---- gcf ---- */

#define GENI_NOW "2026-11-23T00:00:00Z"
static const char *const geni_roots[] = {"geni-am/certs/ch-cert.pem", NULL};

static const struct {
	const char *cred;
	int rule;
} geni_rules[] = {
	{"alice-slice-expired", CC_RULE_CRED_EXPIRED},
	{"bad-deleg-later-exp", CC_RULE_DELEGATE_EXPIRY},
	{"bad-deleg-notallowed", CC_RULE_DELEGATE_ALLOWED},
	{"bad-deleg-superset", CC_RULE_DELEGATE_RIGHTS},
	{"bad-deleg-wrongsigner", CC_RULE_DELEGATE_SIGNER},
	{"bad-deleg-othertarget", CC_RULE_DELEGATE_TARGET},
	{"bad-selfsigned-by-owner", CC_RULE_CRED_ISSUER},
	{"bad-signed-by-rogue", CC_RULE_CHAIN_ROOT},
	{"bad-signed-by-subauth", CC_RULE_CRED_ISSUER},
	{"bad-tampered-expires", CC_RULE_SIG_DIGEST},
	{"bad-tampered-priv", CC_RULE_SIG_DIGEST},
	{"bad-nosig", CC_RULE_SIG_MISSING},
	{"bad-malformed", CC_RULE_XML_FORM},
	{"bad-wrapped-forged-first", CC_RULE_XML_ELEMENT},
};

static int geni_rule(const char *cred)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(geni_rules); i++) {
		if (strcmp(geni_rules[i].cred, cred) == 0)
			return geni_rules[i].rule;
	}
	return 0;
}

static void read_cert(const char *name, struct tr_gids *out)
{
	cc_cleanup(cc_freep) char *text = NULL;
	char path[128];
	size_t len;

	snprintf(path, sizeof(path), "geni-am/certs/%s-cert.pem", name);
	text = ck_vector(path, &len);
	assert_non_null(text);
	assert_int_equal(tr_gids_read(NULL, text, len, out, NULL), 0);
}

/* As gcf asks: the credential, its holder, its target, each privilege. */
static int ask_geni(struct tr_verifier *v, const json_t *entry, struct cc_note *why)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids caller = {0};
	cc_cleanup(cc_freep) char *text = NULL;
	const json_t *privilege;
	char path[128];
	size_t len, i;
	int r;

	snprintf(path, sizeof(path), "geni-am/creds/%s.xml", field(entry, "cred"));
	text = ck_vector(path, &len);
	assert_non_null(text);
	r = tr_cred_verify(v, text, len, ck_time(GENI_NOW), &g, why);
	assert_int_equal(r, geni_rule(field(entry, "cred")));
	read_cert(field(entry, "caller"), &caller);
	if (r == 0)
		r = tr_grant_held_by(g, caller.items[0], why);
	if (r == 0)
		r = tr_grant_on(g, field(entry, "target"), why);
	json_array_foreach(json_object_get(entry, "privileges"), i, privilege)
	{
		if (r == 0)
			r = tr_grant_covers(g, json_string_value(privilege), why);
	}
	return r;
}

static void test_geni(void **state)
{
	size_t len, i, n = 0;
	cc_cleanup(cc_freep) char *text = ck_vector("geni-am/verdicts.json", &len);
	cc_cleanup(tr_verifier_freep) struct tr_verifier *v = NULL;
	const json_t *entry;
	json_t *verdicts;

	if (!text)
		skip();
	v = ck_vector_verifier(geni_roots, 0);
	verdicts = json_loadb(text, len, 0, NULL);
	json_array_foreach(verdicts, i, entry)
	{
		struct cc_note why = {0};
		int r;

		if (!json_object_get(entry, "cred"))
			continue;
		r = ask_geni(v, entry, &why);
		print_message("# %s by %s: %s %s: %s\n", field(entry, "cred"),
			      field(entry, "caller"), field(entry, "verdict"),
			      r ? cc_rule_name(r) : "accepted", why.text);
		assert_int_equal(r == 0, strcmp(field(entry, "verdict"), "OK") == 0);
		n++;
	}
	assert_true(n > 40);
	json_decref(verdicts);
}

/* Where gcf looks at URNs only: another key of the owner's name (spec geni-am 7, step 6). */
static void test_geni_key(void **state)
{
	struct tp_spec spec = {.urn = TP_IDN "geni:gpo:gcf+user+alice", .key = "not alice"};
	size_t len;
	cc_cleanup(cc_freep) char *text = ck_vector("geni-am/creds/alice-slice.xml", &len);
	cc_cleanup(tr_verifier_freep) struct tr_verifier *v = NULL;
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	cc_cleanup(tp_freep) struct tp *namesake = NULL;

	if (!text)
		skip();
	v = ck_vector_verifier(geni_roots, 0);
	namesake = tp_raw(&spec, NULL);
	assert_int_equal(tr_cred_verify(v, text, len, ck_time(GENI_NOW), &g, NULL), 0);
	assert_int_equal(tr_grant_held_by(g, namesake->gid, NULL), CC_RULE_CALLER_KEY);
}

/* Every federation of GENI signs by SHA-1: not under a root of ours, nor where it is forbidden. */
static void test_geni_sha1(void **state)
{
	static const unsigned flags[] = {TR_ROOT_OURS, TR_ROOT_NO_SHA1};
	size_t len;
	cc_cleanup(cc_freep) char *text = ck_vector("geni-am/creds/alice-slice.xml", &len);

	if (!text)
		skip();
	for (size_t i = 0; i < CC_ARRAY_SIZE(flags); i++) {
		cc_cleanup(tr_verifier_freep) struct tr_verifier *v =
			ck_vector_verifier(geni_roots, flags[i]);
		struct tr_grant *g = NULL;

		assert_int_equal(tr_cred_verify(v, text, len, ck_time(GENI_NOW), &g, NULL),
				 CC_RULE_SIG_SHA1);
	}
}

/* ---- speaks-for of gcf ---- */

#define CAROL TP_IDN "geni:gpo:gcf+user+carol"

static void test_speaksfor(void **state)
{
	static const struct {
		const char *tool, *user;
		int rule;
	} rows[] = {
		{"portal", CAROL, 0},
		{"portal", TP_IDN "geni:gpo:gcf+user+Carol", 0},
		{"alice", CAROL, CC_RULE_SPEAKS_TOOL},
		{"carol", CAROL, CC_RULE_SPEAKS_TOOL},
		{"portal", TP_IDN "geni:gpo:gcf+user+alice", CC_RULE_SPEAKS_USER},
		{"portal", "", CC_RULE_SPEAKS_USER},
	};
	size_t len;
	cc_cleanup(cc_freep) char *text =
		ck_vector("geni-am/creds/carol-speaksfor-portal.xml", &len);
	cc_cleanup(tr_verifier_freep) struct tr_verifier *v = NULL;

	if (!text)
		skip();
	v = ck_vector_verifier(geni_roots, 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids tool = {0};
		cc_cleanup(tr_gid_unrefp) struct tr_gid *user = NULL;
		struct cc_note why = {0};
		int64_t until = 0;

		read_cert(rows[i].tool, &tool);
		assert_int_equal(tr_speaksfor_verify(v, text, len, ck_time(GENI_NOW), &tool,
						     rows[i].user, &user, &until, &why),
				 rows[i].rule);
		print_message("# %s for %s: %s\n", rows[i].tool, rows[i].user, why.text);
		assert_int_equal(user != NULL, rows[i].rule == 0);
		if (user) {
			assert_string_equal(user->urn, CAROL);
			assert_true(until > ck_time(GENI_NOW) &&
				    until <= ck_time("2027-11-21T19:28:27Z"));
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_sfa),	  cmocka_unit_test(test_geni),
	cmocka_unit_test(test_geni_key),  cmocka_unit_test(test_geni_sha1),
	cmocka_unit_test(test_speaksfor),
};
TEST_MAIN(tests)
