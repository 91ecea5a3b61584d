/* SPDX-License-Identifier: ISC */
/*
 * Legacy forms as the SFA has them: tickets of 2011, credentials of 2008 on GIDs of today, and the
 * vectors of Geniwrapper and of the SFA of 2019, which are judged where ../shared is.
 */
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/legacy_int.h"
#include "lib/xml/write.h"
#include "tests/unit/legacykit.h"
#include "tests/unit/trustpki.h"

/* ---- tickets of 2011 ---- */

static struct tp *ticket_2011(const struct tp *caller, const struct tp *object,
			      const struct tp *issuer, const struct tp_spec *base)
{
	struct tp_spec spec = *base;
	struct cc_buf b = CC_BUF_INIT(0);
	struct tp *made;

	cc_buf_puts(&b, "<params>\n<param>\n<value><struct>");
	put_gid(&b, "gidCaller", caller);
	put_gid(&b, "gidObject", object);
	cc_buf_puts(&b,
		    MEMBER("attributes",
			   "<struct>" MEMBER("timestamp", "<int>1700000000</int>") "</struct>"));
	cc_buf_puts(&b, MEMBER("rspec", "<string>&lt;RSpec type=\"SFA\"/&gt;</string>"));
	cc_buf_puts(&b, MEMBER("delegate", "<boolean>0</boolean>"));
	cc_buf_puts(&b, "</struct></value>\n</param>\n</params>");
	spec.params = (const char *)b.data;
	spec.cn = spec.cn ? spec.cn : object ? object->gid->cn : "nobody";
	spec.ca = TP_CA_ABSENT;
	made = tp_raw(&spec, issuer);
	cc_buf_deinit(&b);
	return made;
}

static int verify_2011(const struct tp *made, struct tr_grant **out, struct cc_note *why)
{
	struct tr_verifier *v = verifier(tp_world()->plc, tp_world()->other, false);
	char *text = tp_pem_chain(made);
	int r = read_and_verify(v, text, TP_NOW, out, why);

	free(text);
	tr_verifier_free(v);
	return r;
}

static void test_2011(void **state)
{
	static const struct tp_spec plain;
	const struct tp_world *w = tp_world();
	struct tp *made = ticket_2011(w->alice, w->slice, w->site, &plain);
	struct tr_grant *g = NULL;

	assert_int_equal(verify_2011(made, &g, NULL), 0);
	assert_int_equal(g->type, TR_CRED_TICKET);
	assert_string_equal(g->owner->urn, TP_IDN "plc:site+user+alice");
	assert_string_equal(g->target_urn, TP_IDN "plc:site+slice+sl1");
	assert_string_equal(g->target_type, "slice");
	assert_string_equal(g->issuer->urn, TP_IDN "plc:site+authority+sa");
	assert_int_equal(g->n_privileges, 0);
	assert_true(g->ops == 0);
	assert_int_equal(g->delegations, 0);
	assert_string_equal(g->root->space, "plc");
	tr_grant_unref(g);
	tp_free(made);
}

static void test_2011_changes(void **state)
{
	static const struct tp_spec rsa_site = {.urn = TP_IDN "plc:site+authority+sa",
						.kind = "RSA-2048"};
	const struct tp_world *w = tp_world();
	cc_cleanup(tp_freep) struct tp *rsa = tp_raw(&rsa_site, w->plc);
	const struct {
		const char *what;
		int rule;
		const struct tp *caller, *object, *issuer;
		struct tp_spec spec;
	} rows[] = {
		{"a ticket of the root's", 0, w->alice, w->slice, w->plc, {0}},
		{"for a user of another root", 0, w->mallory, w->slice, w->site, {0}},
		{"of a sibling authority", CC_RULE_CRED_ISSUER, w->alice, w->slice, w->sitex, {0}},
		{"of an authority below", CC_RULE_CRED_ISSUER, w->alice, w->slice, w->lab, {0}},
		{"of a user", CC_RULE_CRED_ISSUER, w->alice, w->slice, w->alice, {0}},
		{"of another root", CC_RULE_CRED_ISSUER, w->alice, w->slice, w->other, {0}},
		{"no owner", CC_RULE_CRED_OWNER, NULL, w->slice, w->site, {0}},
		{"no slice", CC_RULE_CRED_TARGET, w->alice, NULL, w->site, {0}},
		{"another name", CC_RULE_CRED_TARGET, w->alice, w->slice, w->site, {.cn = "x"}},
		{"a stranger's signature",
		 CC_RULE_CHAIN_SIGNATURE,
		 w->alice,
		 w->slice,
		 w->site,
		 {.not_issuers_key = true}},
		{"another issuer's name",
		 CC_RULE_CHAIN_ISSUER,
		 w->alice,
		 w->slice,
		 w->site,
		 {.issuer_name = "plc"}},
		{"expired",
		 CC_RULE_CERT_EXPIRED,
		 w->alice,
		 w->slice,
		 w->site,
		 {.until = TP_NOW - 1}},
		{"not yet valid",
		 CC_RULE_CERT_NOT_YET,
		 w->alice,
		 w->slice,
		 w->site,
		 {.from = TP_NOW + 1}},
		{"SHA-1", CC_RULE_CERT_DIGEST, w->alice, w->slice, w->site, {.md = "SHA1"}},
		{"MD5", CC_RULE_CERT_DIGEST, w->alice, w->slice, rsa, {.md = "MD5"}},
		{"RSA of 1024 bits",
		 CC_RULE_CERT_KEY,
		 w->alice,
		 w->slice,
		 w->site,
		 {.kind = "RSA-1024"}},
		{"no version 3", CC_RULE_CERT_VERSION, w->alice, w->slice, w->site, {.version = 1}},
		{"another chain behind it",
		 CC_RULE_CHAIN_SIGNATURE,
		 w->alice,
		 w->slice,
		 w->site,
		 {.pretend = w->plc}},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tp *made =
			ticket_2011(rows[i].caller, rows[i].object, rows[i].issuer, &rows[i].spec);
		struct tr_grant *g = NULL;
		struct cc_note why = {0};
		int r = verify_2011(made, &g, &why);

		print_message("# %s: %s\n", rows[i].what, why.text);
		assert_int_equal(r, rows[i].rule);
		assert_int_equal(g != NULL, r == 0);
		tr_grant_unref(g);
		tp_free(made);
	}
}

/* A credential of 2008 on who has a GID of today: the type is known, and cuts the rights. */
static void test_modern_gids(void **state)
{
	const struct tp_world *w = tp_world();
	struct cc_buf b = CC_BUF_INIT(0);
	struct tp_spec spec = {.cn = w->alice->gid->cn, .ca = TP_CA_ABSENT};
	struct tr_grant *g = NULL;
	struct tp *made;
	char *text;

	cc_buf_puts(&b, "http://<params>\n<param>\n<value><struct>");
	put_gid(&b, "gidCaller", w->alice);
	put_gid(&b, "gidObject", w->alice);
	cc_buf_puts(&b, MEMBER("privileges", "<string>authority</string>"));
	cc_buf_puts(&b, "</struct></value>\n</param>\n</params>");
	spec.params = (const char *)b.data;
	made = tp_raw(&spec, w->plc);
	cc_buf_deinit(&b);
	text = tp_pem(made);
	for (int legacy = 0; legacy < 2; legacy++) {
		struct tr_verifier *v = verifier(w->plc, NULL, legacy);

		assert_int_equal(read_and_verify(v, text, TP_NOW, &g, NULL),
				 legacy ? 0 : CC_RULE_CRED_TYPE);
		tr_verifier_free(v);
	}
	assert_string_equal(g->target_urn, w->alice->gid->urn);
	assert_string_equal(g->target_type, "user");
	assert_true(g->ops == tr_rights_most(TR_TABLE_2008, "user"));
	tr_grant_unref(g);
	free(text);
	tp_free(made);
}

/* ---- the vectors ---- */

#define VECTORS TEST_DATA "/../../../shared/vectors/sfa/"

static const struct {
	const char *file;
	int rule;
} vectors_2008[] = {
	{"planetlab.gid", 0},
	{"planetlab.us.gid", 0},
	{"planetlab.us.pl.gid", 0},
	{"planetlab.us.pl.alice.gid", 0},
	{"planetlab.us.pl.bob.gid", 0},
	{"planetlab.us.pl.s1.gid", 0},
	{"planetlab.us.plx.eve.gid", 0},
	{"bad_nonprefix.gid", CC_RULE_CHAIN_NAMESPACE},
	{"hole_prefix_sibling.gid", CC_RULE_CHAIN_NAMESPACE},
	{"hole_wrong_parent.gid", CC_RULE_CHAIN_SIGNATURE},
	{"bad_forged_all.gid", CC_RULE_CHAIN_ROOT},
	{"bad_missing_parent.gid", CC_RULE_CHAIN_ROOT},
	{"hole_user_signs.gid", CC_RULE_CHAIN_AUTHORITY},
	{"hole_expired.gid", CC_RULE_CERT_EXPIRED},
	{"authority.cred", 0},
	{"user.cred", 0},
	{"slice.cred", 0},
	{"slice_delegatable.cred", 0},
	{"delegated.cred", 0},
	{"bad_delegate_nobit.cred", CC_RULE_DELEGATE_ALLOWED},
	{"bad_delegate_morerights.cred", CC_RULE_DELEGATE_RIGHTS},
	{"hole_expired.cred", CC_RULE_CRED_EXPIRED},
	{"hole_forged.cred", CC_RULE_CHAIN_SIGNATURE},
	{"hole_delegate_othertarget.cred", CC_RULE_DELEGATE_TARGET},
	{"slice.ticket", 0},
	{"hole_forged.ticket", CC_RULE_CHAIN_SIGNATURE},
};

static char *read_vector(const char *dir, const char *name)
{
	char path[512], *text = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), VECTORS "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f || getdelim(&text, &room, '\0', f) < 0)
		fail_msg("%s cannot be read", path);
	fclose(f);
	return text;
}

/* The index, and a day after it was made; NULL: there are no vectors. */
static json_t *read_index(const char *dir, int64_t *now)
{
	char path[512];
	json_t *index;
	const char *made;

	snprintf(path, sizeof(path), VECTORS "%s/index.json", dir);
	index = json_load_file(path, 0, NULL);
	if (!index)
		return NULL;
	made = json_string_value(json_object_get(index, "generated"));
	assert_int_equal(xs_read_time(made, strlen(made), now), 0);
	*now += TP_DAY;
	return index;
}

static struct tr_verifier *vector_verifier(const char *dir, const json_t *index, bool legacy)
{
	struct tr_roots_builder *b = NULL;
	struct tr_verifier *v = NULL;
	struct tr_roots *roots = NULL;
	const json_t *root;
	size_t i;

	assert_int_equal(tr_roots_builder_new(&b), 0);
	json_array_foreach(json_object_get(index, "trusted_roots"), i, root)
	{
		char *text = read_vector(dir, json_string_value(root));

		assert_int_equal(tr_roots_add(b, text, strlen(text), NULL, 0, NULL), 0);
		free(text);
	}
	assert_int_equal(tr_roots_seal(b, 1, legacy, &roots, NULL), 0);
	assert_int_equal(tr_verifier_new(&v, 100), 0);
	tr_verifier_use(v, roots);
	tr_roots_unref(roots);
	tr_roots_builder_free(b);
	return v;
}

static int judge_gid(struct tr_verifier *v, const char *text, int64_t now, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {.count = 0};
	struct tr_chain chain;
	int r = tr_gids_read(tr_verifier_certs(v), text, strlen(text), &gids, why);

	return r == 0 ? tr_chain_verify(v, &gids, now, &chain, why) : r;
}

static int judge_vector(struct tr_verifier *v, const char *dir, const char *file, int64_t now)
{
	char *text = read_vector(dir, file);
	struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = strstr(file, ".gid") ? judge_gid(v, text, now, &why)
				     : read_and_verify(v, text, now, &g, &why);

	print_message("# %s: %s %s\n", file, r > 0 ? cc_rule_name(r) : "", why.text);
	tr_grant_unref(g);
	free(text);
	return r;
}

static int vector_rule(const char *file)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(vectors_2008); i++) {
		if (strcmp(vectors_2008[i].file, file) == 0)
			return vectors_2008[i].rule;
	}
	fail_msg("%s is not expected", file);
	return -1;
}

static void test_vectors_2008(void **state)
{
	cc_cleanup(json_decrefp) json_t *index = NULL;
	struct tr_verifier *v;
	const json_t *entry;
	int64_t now = 0;
	size_t i;

	index = read_index("geni2008", &now);
	if (!index)
		skip();
	v = vector_verifier("geni2008", index, true);
	assert_int_equal(json_array_size(json_object_get(index, "vectors")),
			 CC_ARRAY_SIZE(vectors_2008));
	json_array_foreach(json_object_get(index, "vectors"), i, entry)
	{
		const char *file = json_string_value(json_object_get(entry, "file"));
		const char *should = json_string_value(json_object_get(entry, "should"));
		int r = judge_vector(v, "geni2008", file, now);

		assert_int_equal(r, vector_rule(file));
		assert_int_equal(r == 0, strcmp(should, "accept") == 0);
	}
	tr_verifier_free(v);
	v = vector_verifier("geni2008", index, false);
	assert_int_equal(judge_vector(v, "geni2008", "slice.cred", now), CC_RULE_CERT_VERSION);
	assert_int_equal(judge_vector(v, "geni2008", "slice.ticket", now), CC_RULE_CERT_VERSION);
	tr_verifier_free(v);
}

/* It needs nothing that is allowed for 2008 only. */
static void test_vectors_2011(void **state)
{
	cc_cleanup(json_decrefp) json_t *index = NULL;
	struct tr_verifier *v;
	int64_t now = 0;

	index = read_index("sfa2019", &now);
	if (!index)
		skip();
	v = vector_verifier("sfa2019", index, false);
	assert_int_equal(judge_vector(v, "sfa2019", "slice.ticket", now), 0);
	assert_int_equal(judge_vector(v, "sfa2019", "slice.ticket", now + 6 * YEAR),
			 CC_RULE_CERT_EXPIRED);
	tr_verifier_free(v);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_2011),	     cmocka_unit_test(test_2011_changes),
	cmocka_unit_test(test_modern_gids),  cmocka_unit_test(test_vectors_2008),
	cmocka_unit_test(test_vectors_2011),
};

TEST_MAIN(tests)
