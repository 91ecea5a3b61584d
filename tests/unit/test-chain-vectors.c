/* SPDX-License-Identifier: ISC */
/* GIDs that other programs made, and those of 2008. */
#include "lib/trust/chain.h"

#include <jansson.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/unit/trustjudge.h"

#define VECTORS TEST_DATA "/../../../shared/vectors"

static char *vector(const char *dir, const char *file, size_t *len)
{
	char path[512], *text = NULL;

	snprintf(path, sizeof(path), "%s/%s/%s", VECTORS, dir, file);
	if (cc_file_read(path, 1 << 20, &text, len, &why) < 0)
		fail_msg("%s", why.text);
	return text;
}

static json_t *index_of(const char *dir, const char *file)
{
	char path[512];
	json_t *index;

	snprintf(path, sizeof(path), "%s/%s/%s", VECTORS, dir, file);
	if (access(path, R_OK) < 0)
		skip();
	index = json_load_file(path, 0, NULL);
	assert_non_null(index);
	return index;
}

/* A day after the vectors were made. */
static int64_t day_after(const char *generated)
{
	struct tm tm = {0};

	assert_non_null(strptime(generated, "%Y-%m-%dT%H:%M:%S", &tm));
	return timegm(&tm) + TP_DAY;
}

static struct tr_verifier *vector_verifier(const char *dir, const json_t *files, bool legacy)
{
	struct tr_roots_builder *b = NULL;
	struct tr_roots *roots = NULL;
	size_t i, len;
	json_t *file;

	assert_int_equal(tr_roots_builder_new(&b), 0);
	json_array_foreach(files, i, file)
	{
		char *pem = vector(dir, json_string_value(file), &len);

		if (tr_roots_add(b, pem, len, NULL, 0, &why) != 0)
			fail_msg("%s", why.text);
		free(pem);
	}
	assert_int_equal(tr_roots_seal(b, 1, legacy, &roots, &why), 0);
	tr_roots_builder_free(b);
	return make_verifier(roots, MEMORY);
}

static int judge_vector(struct tr_verifier *v, const char *dir, const char *file, int64_t now)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	size_t len;
	char *text = vector(dir, file, &len);
	int r = tr_gids_read(tr_verifier_certs(v), text, len, &gids, &why);

	free(text);
	return r == 0 ? judge_at(v, &gids, now) : r;
}

/* Why each one that is to be refused is refused. */
struct reason {
	const char *file;
	int rule;
};

static int reason_of(const struct reason *reasons, const char *file)
{
	for (; reasons->file; reasons++) {
		if (strcmp(reasons->file, file) == 0)
			return reasons->rule;
	}
	return 0;
}

static size_t judge_vectors(const char *dir, const struct reason *reasons, bool legacy)
{
	json_t *index = index_of(dir, "index.json"), *row;
	int64_t now = day_after(json_string_value(json_object_get(index, "generated")));
	struct tr_verifier *v =
		vector_verifier(dir, json_object_get(index, "trusted_roots"), legacy);
	size_t i, n = 0;

	json_array_foreach(json_object_get(index, "vectors"), i, row)
	{
		const char *file = json_string_value(json_object_get(row, "file"));
		const char *should = json_string_value(json_object_get(row, "should"));
		int rule = reason_of(reasons, file), r;

		if (!strstr(file, ".gid"))
			continue;
		r = judge_vector(v, dir, file, now);
		if (r != rule || (rule == 0) != (strcmp(should, "accept") == 0))
			fail_msg("%s: %d %s, should %s", file, r, why.text, should);
		n++;
	}
	tr_verifier_free(v);
	json_decref(index);
	return n;
}

static void vectors_of_2019(void **state)
{
	static const struct reason reasons[] = {
		{"bad_prefix_sibling.gid", CC_RULE_CHAIN_NAMESPACE},
		{"bad_nonprefix.gid", CC_RULE_CHAIN_NAMESPACE},
		{"bad_user_signs.gid", CC_RULE_CHAIN_CA},
		{"bad_expired.gid", CC_RULE_CERT_EXPIRED},
		{"hole_notyet.gid", CC_RULE_CERT_NOT_YET},
		{"bad_missing_parent.gid", CC_RULE_CHAIN_ROOT},
		{"bad_wrong_parent.gid", CC_RULE_CHAIN_SIGNATURE},
		{"bad_untrusted_root.gid", CC_RULE_CHAIN_ROOT},
		{"hole_peer_root_splice.gid", CC_RULE_CHAIN_SIGNATURE},
		{"bad_peer_root_direct.gid", CC_RULE_ROOT_NAMESPACE},
		{"hole_same_hrn_user.gid", CC_RULE_CHAIN_NAMESPACE},
		{NULL},
	};

	assert_int_equal(judge_vectors("sfa/sfa2019", reasons, false), 16);
	assert_int_equal(judge_vectors("sfa/sfa2019", reasons, true),
			 16); /* legacy allows no more */
}

static void vectors_of_2008_where_legacy_is_allowed(void **state)
{
	static const struct reason reasons[] = {
		{"bad_nonprefix.gid", CC_RULE_CHAIN_NAMESPACE},
		{"hole_prefix_sibling.gid", CC_RULE_CHAIN_NAMESPACE},
		{"hole_wrong_parent.gid", CC_RULE_CHAIN_SIGNATURE},
		{"bad_forged_all.gid", CC_RULE_CHAIN_ROOT},
		{"bad_missing_parent.gid", CC_RULE_CHAIN_ROOT},
		{"hole_user_signs.gid", CC_RULE_CHAIN_AUTHORITY},
		{"hole_expired.gid", CC_RULE_CERT_EXPIRED},
		{NULL},
	};

	assert_int_equal(judge_vectors("sfa/geni2008", reasons, true), 14);
}

static void vectors_of_2008_are_refused_elsewhere(void **state)
{
	const char *dir = "sfa/geni2008";
	json_t *index = index_of(dir, "index.json"), *row;
	int64_t now = day_after(json_string_value(json_object_get(index, "generated")));
	struct tr_verifier *v =
		vector_verifier(dir, json_object_get(index, "trusted_roots"), false);
	size_t i;

	json_array_foreach(json_object_get(index, "vectors"), i, row)
	{
		const char *file = json_string_value(json_object_get(row, "file"));

		if (strstr(file, ".gid"))
			assert_int_equal(judge_vector(v, dir, file, now), CC_RULE_CERT_VERSION);
	}
	tr_verifier_free(v);
	json_decref(index);
}

static void vectors_of_geni(void **state)
{
	static const struct reason reasons[] = {
		{"mallory", CC_RULE_CHAIN_ROOT},
		{"eve-outofns", CC_RULE_CHAIN_NAMESPACE},
		{"zed-nonca", CC_RULE_CHAIN_CA},
		{NULL},
	};
	json_t *rows = index_of("geni-am", "verdicts.json"), *row;
	json_t *root = json_pack("[s]", "ch-cert.pem");
	struct tr_verifier *v;
	size_t i, n = 0;
	char file[128];

	v = vector_verifier("geni-am/certs", root, false);
	json_array_foreach(rows, i, row)
	{
		const char *cert = json_string_value(json_object_get(row, "cert"));
		const char *verdict = json_string_value(json_object_get(row, "verdict"));
		int r;

		if (!cert)
			continue;
		snprintf(file, sizeof(file), "%s-cert.pem", cert);
		r = judge_vector(v, "geni-am/certs", file, day_after("2026-11-21T19:30:00"));
		if (r != reason_of(reasons, cert) || (r == 0) != (strcmp(verdict, "OK") == 0))
			fail_msg("%s: %d %s, gcf says %s", cert, r, why.text, verdict);
		n++;
	}
	assert_in_range(n, 5, 100);
	tr_verifier_free(v);
	json_decref(root);
	json_decref(rows);
}

/* ---- 2008, made here ---- */

static struct tp *old_gid(const char *params, const char *cn, const struct tp *issuer)
{
	return tp_raw(&(struct tp_spec){.params = params,
					.cn = cn,
					.version = 1,
					.md = "MD5",
					.kind = "RSA-1024",
					.key = cn,
					.ca = TP_CA_ABSENT},
		      issuer);
}

static void what_legacy_allows_and_what_not(void **state)
{
	struct tp *top = old_gid(HRN("p"), "p", NULL);
	struct tp *us = old_gid(HRN("p.us"), "p.us", top);
	struct tp *site = old_gid(HRN("p.us.site"), "p.us.site", us);
	const struct {
		const char *name;
		struct tp_spec spec;
		const struct tp *issuer;
		int rule;
		const char *text;
	} rows[] = {
		{"good", {.params = HRN("p.us.site.x"), .version = 1, .md = "SHA1"}, site},
		{"its issuer's name",
		 {.params = HRN("p.us.site")},
		 site,
		 CC_RULE_CHAIN_NAMESPACE,
		 "may not give"},
		{"the root's name", {.params = HRN("p")}, top, CC_RULE_CHAIN_NAMESPACE, "may not"},
		{"outside of the root",
		 {.params = HRN("q.x")},
		 top,
		 CC_RULE_ROOT_NAMESPACE,
		 "namespace, p"},
		{"a sibling",
		 {.params = HRN("p.us.sitex.y")},
		 site,
		 CC_RULE_CHAIN_NAMESPACE,
		 "may not give"},
		{"a URN below an HRN",
		 {.urn = TP_IDN "p:us:site+user+x"},
		 site,
		 CC_RULE_CHAIN_NAMESPACE,
		 "may not give"},
		{"a weak URN",
		 {.urn = TP_IDN "p+user+x", .md = "SHA1"},
		 top,
		 CC_RULE_CERT_DIGEST,
		 "SHA-2"},
		{"a URN in version 1",
		 {.urn = TP_IDN "p+user+x", .version = 1},
		 top,
		 CC_RULE_CERT_VERSION,
		 "version 1"},
		{"an odd key",
		 {.params = HRN("p.us.site.x"), .kind = "secp256k1"},
		 site,
		 CC_RULE_CERT_KEY,
		 "not allowed"},
		{"512 bits",
		 {.params = HRN("p.us.site.x"), .kind = "RSA-512"},
		 site,
		 CC_RULE_CERT_KEY,
		 "512 bits"},
		{"expired",
		 {.params = HRN("p.us.site.x"), .until = TP_NOW - 1},
		 site,
		 CC_RULE_CERT_EXPIRED,
		 "expired"},
		{"two names",
		 {.params = HRN("p.us.site.x"), .urn = TP_IDN "p+user+x"},
		 site,
		 CC_RULE_CERT_NAME,
		 "has two names"},
	};
	struct tr_roots *roots = NULL;
	struct tr_verifier *v;

	assert_int_equal(try_roots((struct root_row[]){{top}, {0}}, NULL, true, &roots), 0);
	assert_true(tr_roots_legacy(roots));
	assert_string_equal(tr_roots_get(roots, 0)->space, "p");
	v = make_verifier(roots, MEMORY);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tp *leaf = tp_raw(&rows[i].spec, rows[i].issuer);

		judged(v, &leaf->chain, rows[i].name, rows[i].rule, rows[i].text);
		tp_free(leaf);
	}
	tr_verifier_free(v);
	tp_free(site);
	tp_free(us);
	tp_free(top);
}

/* basicConstraints are obeyed where they are, a name of four labels is no authority's. */
static void who_is_an_authority_in_2008(void **state)
{
	struct tp *top = old_gid(HRN("p"), "p", NULL);
	struct tp *no_ca = tp_raw(
		&(struct tp_spec){
			.params = HRN("p.us"), .cn = "p.us", .kind = "RSA-1024", .ca = TP_CA_FALSE},
		top);
	struct tp *us = old_gid(HRN("p.us"), "p.us", top);
	struct tp *site = old_gid(HRN("p.us.site"), "p.us.site", us);
	struct tp *user = old_gid(HRN("p.us.site.x"), "p.us.site.x", site);
	struct tp *host = old_gid(HRN("p.us.a\\.b"), "p.us.a.b", us); /* three labels */
	const struct {
		const char *params;
		const struct tp *issuer;
		int rule;
		const char *text;
	} rows[] = {
		{HRN("p.us.site.y"), site, 0, NULL},
		{HRN("p.us.a\\.b.y"), host, 0, NULL},
		{HRN("p.us.site.x.y"), user, CC_RULE_CHAIN_AUTHORITY, "certificate 2 of 5"},
		{HRN("p.us.y"), no_ca, CC_RULE_CHAIN_CA, "is no CA"},
	};
	struct tr_roots *roots = NULL;
	struct tr_verifier *v;

	assert_int_equal(try_roots((struct root_row[]){{top}, {0}}, NULL, true, &roots), 0);
	v = make_verifier(roots, MEMORY);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tp *leaf = old_gid(rows[i].params, "leaf", rows[i].issuer);

		judged(v, &leaf->chain, rows[i].params, rows[i].rule, rows[i].text);
		tp_free(leaf);
	}
	tr_verifier_free(v);
	tp_free(host);
	tp_free(user);
	tp_free(site);
	tp_free(us);
	tp_free(no_ca);
	tp_free(top);
}

#define CASE(f) cmocka_unit_test_teardown(f, judge_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(vectors_of_2019),
		CASE(vectors_of_2008_where_legacy_is_allowed),
		CASE(vectors_of_2008_are_refused_elsewhere),
		CASE(vectors_of_geni),
		CASE(what_legacy_allows_and_what_not),
		CASE(who_is_an_authority_in_2008),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, judge_setup, NULL);
}
