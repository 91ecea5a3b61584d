/* SPDX-License-Identifier: ISC */
/* Authorities on disk: where they live, what is made, renewed and listed. */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"
#include "tests/unit/fail-file.h"
#include "tests/unit/hierarchykit.h"
#include "tests/unit/trustpki.h"

/* ---- names and places ---- */

static void names_become_folders(void **state)
{
	static const struct {
		const char *hrn, *file;
		int wanted;
		const char *text;
	} rows[] = {
		{"plc.site", GID, 0, NULL},
		{"plc.site.lab", "auth/plc/site/lab/lab.gid", 0, NULL},
		{"plc.Big", "auth/plc/big/big.gid", 0, NULL},
		{"plc.bIG", NULL, -CC_EEXIST, "is there already"},
		{"plc", NULL, -CC_EEXIST, "is there already"},
		{"emulab\\.net", "auth/emulab.net/emulab.net.gid", 0, NULL},
		{"emulab\\.net.a_b", "auth/emulab.net/a_b/a_b.gid", 0, NULL},
		{"plc.n012345678901234567890123456789012345678901234567890123456789012",
		 "auth/plc/n012345678901234567890123456789012345678901234567890123456789012/"
		 "n012345678901234567890123456789012345678901234567890123456789012.gid",
		 0, NULL},
		{"plc.n0123456789012345678901234567890123456789012345678901234567890123", NULL,
		 -CC_EINVAL, "at most 64"},
		{"plc.\\.hidden", NULL, -CC_EINVAL, "cannot be the name"},
		{"plc.\\.\\.", NULL, -CC_EINVAL, "cannot be the name"},
		{"plc.a/b", NULL, -CC_EINVAL, NULL},
		{"plc..a", NULL, -CC_EINVAL, NULL},
		{"plc.a:b", NULL, -CC_EINVAL, NULL},
		{"", NULL, -CC_EINVAL, NULL},
		{".plc", NULL, -CC_EINVAL, NULL},
		{"plc.x\\.gid", NULL, -CC_EINVAL, "ending of an authority's files"},
		{"plc.x\\.PKEY", NULL, -CC_EINVAL, "ending of an authority's files"},
		{"plc.x\\.dbinfo", NULL, -CC_EINVAL, "ending of an authority's files"},
		{"plc.none.site", NULL, -CC_ENOTFOUND, "plc.none, which is not here"},
	};
	struct cc_note why = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].hrn);
		check_result(create(rows[i].hrn, &why), &why, rows[i].wanted, rows[i].text);
		if (rows[i].file)
			assert_int_equal(access(rows[i].file, F_OK), 0);
	}
	check_result(open_and_close("a.b.c.d.e.f.g.h.i", &why), &why, -CC_EINVAL,
		     "more than 8 labels");
	assert_int_equal(access("auth/a", F_OK), -1);
}

static void a_new_authority_is_whole(void **state)
{
	struct tr_authority_request rq = request("plc.site");
	cc_cleanup(cc_freep) char *pem = NULL, *file = NULL;
	cc_cleanup(tr_signer_freep) struct tr_signer *s = NULL;
	struct cc_note why = {0};
	const struct tr_gid *leaf;

	rq.email = "pi@example.org";
	check_result(tr_hierarchy_create("auth", &rq, NOW, &why), &why, 0, NULL);
	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
	check_whole("PLC.Site", TP_IDN "plc:site+authority+sa");
	s = open_signer("plc.site");
	leaf = tr_signer_chain(s)->items[0];
	assert_int_equal(tr_signer_chain(s)->count, 2);
	assert_string_equal(leaf->email, "pi@example.org");
	assert_int_equal(leaf->not_after, NOW + 100 * DAY);
	assert_true(leaf->not_before < NOW);
	check_result(tr_hierarchy_gid("auth", "plc.site", &pem, &why), &why, 0, NULL);
	file = read_text(GID);
	assert_string_equal(pem, file);
	assert_null(strstr(pem, "PRIVATE"));
}

static void requests_are_judged(void **state)
{
	static const struct {
		const char *hrn, *email;
		int days;
		int64_t now;
		int wanted;
		const char *text;
	} rows[] = {
		{"plc.site", NULL, 0, NOW, -CC_EINVAL, "give 1 to 3650"},
		{"plc.site", NULL, TR_GID_DAYS_MAX + 1, NOW, -CC_EINVAL, "give 1 to 3650"},
		{"top", NULL, -1, NOW, -CC_EINVAL, "give 1 to 3650"},
		{"plc.site", "no address", 10, NOW, -CC_EINVAL, "e-mail"},
		{"plc.site", NULL, 10, NOW + 101 * DAY, CC_RULE_CERT_EXPIRED, "plc"},
		{"plc.site", NULL, 1000, NOW, 0, NULL},
		{"top", NULL, TR_GID_DAYS_MAX, NOW, 0, NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tr_authority_request rq = request(rows[i].hrn);
		struct cc_note why = {0};

		rq.days = rows[i].days;
		rq.email = rows[i].email;
		check_result(tr_hierarchy_create("auth", &rq, rows[i].now, &why), &why,
			     rows[i].wanted, rows[i].text);
	}
	cc_cleanup(tr_signer_freep) struct tr_signer *s = open_signer("plc.site");
	assert_int_equal(tr_signer_chain(s)->items[0]->not_after,
			 NOW + 100 * DAY); /* its parent's */
}

/* A key that a crash, or a removed authority, left behind vouches for nobody. */
static void a_left_key_is_replaced(void **state)
{
	cc_cleanup(cc_freep) char *before = NULL, *after_it = NULL;

	must_create("plc.site");
	before = read_text(KEY);
	assert_int_equal(chmod(KEY, 0644), 0);
	assert_int_equal(unlink(GID), 0);
	check_absent("plc.site");
	must_create("plc.site");
	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
	after_it = read_text(KEY);
	assert_string_not_equal(before, after_it);
}

/* ---- .dbinfo ---- */

static void dbinfo_is_json(void **state)
{
	static const struct {
		const char *text;
		int wanted;
		const char *why;
	} rows[] = {
		{NULL, 0, NULL},
		{"{\"dbname\": \"geni\", \"port\": 5432}\n", 0, NULL},
		{"{}", 0, NULL},
		{"{'dbname': 'geni',\n 'password': 'Secret'}\n", -CC_EFORMAT,
		 "Python dict literal"},
		{"{\"a\": 1,\n\"a\": 2}", -CC_EFORMAT, "line 2: this is no JSON object"},
		{"{\"a\": None}", -CC_EFORMAT, "line 1"},
		{"[1]", -CC_EFORMAT, "no JSON object"},
		{"\"Secret\"", -CC_EFORMAT, "no JSON object"},
		{"{\"password\": \"Secret\"} Secret", -CC_EFORMAT, "no JSON object"},
		{"", -CC_EFORMAT, "no JSON object"},
	};

	must_create("plc.site");
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *json = NULL;
		struct cc_note why = {0};

		if (rows[i].text)
			put_file(DBINFO, rows[i].text);
		check_result(tr_hierarchy_dbinfo("auth", "plc.site", &json, &why), &why,
			     rows[i].wanted, rows[i].why);
		assert_null(strstr(why.text, "Secret"));
		if (rows[i].wanted == 0 && rows[i].text)
			assert_string_equal(json, rows[i].text);
		else
			assert_null(json);
	}
}

/* ---- renewing ---- */

static void renewing_keeps_what_it_is(void **state)
{
	struct tr_authority_request rq = request("plc.site");
	cc_cleanup(tr_signer_freep) struct tr_signer *old = NULL, *new = NULL;
	cc_cleanup(cc_freep) char *key = NULL, *same = NULL;
	const struct tr_gid *a, *b;
	struct cc_note why = {0};

	rq.email = "pi@example.org";
	check_result(tr_hierarchy_create("auth", &rq, NOW, &why), &why, 0, NULL);
	key = read_text(KEY);
	old = open_signer("plc.site");
	check_result(tr_hierarchy_renew("auth", "plc", 400, NOW + 50 * DAY, &why), &why, 0, NULL);
	check_result(tr_hierarchy_renew("auth", "plc.site", 200, NOW + 50 * DAY, &why), &why, 0,
		     NULL);
	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
	new = open_signer("plc.site");
	a = tr_signer_chain(old)->items[0];
	b = tr_signer_chain(new)->items[0];
	same = read_text(KEY);
	assert_string_equal(key, same);
	assert_string_equal(a->urn, b->urn);
	assert_string_equal(a->uuid, b->uuid);
	assert_string_equal(a->email, b->email);
	assert_int_equal(b->not_after, NOW + 250 * DAY);
	assert_int_not_equal(
		ASN1_INTEGER_cmp(X509_get0_serialNumber(a->cert), X509_get0_serialNumber(b->cert)),
		0);
	/* what was issued before rests on the parent's old certificate, which is still good */
	assert_int_equal(X509_verify(a->cert, tr_signer_chain(new)->items[1]->key), 1);
	check_result(tr_hierarchy_renew("auth", "plc.site", 3000, NOW + 50 * DAY, &why), &why, 0,
		     NULL);
	tr_signer_freep(&new);
	new = open_signer("plc.site");
	assert_int_equal(tr_signer_chain(new)->items[0]->not_after, NOW + 450 * DAY);
}

static void not_everything_is_renewed(void **state)
{
	const struct tp_spec spec = {.urn = TP_IDN "orphan+authority+sa"};
	cc_cleanup(tp_freep) struct tp *orphan = tp_raw(&spec, tp_world()->other);
	cc_cleanup(cc_freep) char *gid = tp_pem_chain(orphan), *key = tp_pem_key(orphan);
	struct cc_note why = {0};

	must_create("plc.site");
	check_result(tr_hierarchy_renew("auth", "plc.none", 10, NOW, &why), &why, -CC_ENOTFOUND,
		     "no authority plc.none");
	check_result(tr_hierarchy_renew("auth", "plc.site", 0, NOW, &why), &why, -CC_EINVAL,
		     "give 1 to 3650");
	assert_int_equal(rename(KEY, "key"), 0);
	check_result(tr_hierarchy_renew("auth", "plc.site", 10, NOW, &why), &why, -CC_ENOTFOUND,
		     "site.pkey");
	copy_file("auth/plc/plc.pkey", KEY);
	check_result(tr_hierarchy_renew("auth", "plc.site", 10, NOW, &why), &why, -CC_EINVAL,
		     "not that of its GID");
	assert_int_equal(rename("key", KEY), 0);
	assert_int_equal(rename("auth/plc/plc.pkey", "key"), 0);
	check_result(tr_hierarchy_renew("auth", "plc.site", 10, NOW, &why), &why, -CC_ENOTFOUND,
		     "which is not here with its key");
	must_create("orphan");
	put_file("auth/orphan/orphan.gid", gid);
	put_file("auth/orphan/orphan.pkey", key);
	check_result(tr_hierarchy_renew("auth", "orphan", 10, NOW, &why), &why, -CC_EINVAL,
		     "signed elsewhere");
}

/* ---- list ---- */

static void lists_parents_first(void **state)
{
	struct seen all = {.stop_at = 0}, some = {.stop_at = 2};
	struct cc_note why = {0};

	must_create("plc.zoo");
	must_create("plc.site");
	must_create("plc.site.Lab");
	must_create("a\\.b");
	must_create("plc.site-2");
	put_file(DBINFO, "{}");
	assert_int_equal(unlink("auth/plc/zoo/zoo.pkey"), 0);
	/* what lies about: a file, a link, folders that no label makes or that hold nothing */
	put_file("auth/plc/readme", "");
	assert_int_equal(symlink("site", "auth/plc/also"), 0);
	assert_int_equal(mkdir("auth/plc/Site", 0755), 0);
	assert_int_equal(mkdir("auth/plc/.old", 0755), 0);
	assert_int_equal(mkdir("auth/plc/empty", 0755), 0);
	assert_int_equal(tr_hierarchy_list("auth", see, &all, &why), 0);
	assert_string_equal(all.text, "a\\.b plc plc.site+d plc.site.Lab plc.site-2 plc.zoo-k ");
	assert_int_equal(tr_hierarchy_list("auth", see, &some, &why), 42);
	assert_string_equal(some.text, "a\\.b plc ");
}

/* An authority whose parent's key is elsewhere, and one that is broken. */
static void lists_all_or_says_why_not(void **state)
{
	struct seen all = {.stop_at = 0}, none = {.stop_at = 0};
	struct cc_note why = {0};

	must_create("plc.site");
	assert_int_equal(unlink("auth/plc/plc.gid"), 0);
	assert_int_equal(tr_hierarchy_list("auth", see, &all, &why), 0);
	assert_string_equal(all.text, "plc.site ");
	put_file(GID, "no GID");
	check_result(tr_hierarchy_list("auth", see, &none, &why), &why, CC_RULE_CERT_FORM, NULL);
	check_result(tr_hierarchy_list("nowhere", see, &none, &why), &why, -CC_ENOTFOUND,
		     "nowhere");
	check_result(tr_hierarchy_list("auth/plc/plc.pkey", see, &none, &why), &why, -CC_ESYS,
		     "plc.pkey");
	assert_string_equal(none.text, "");
}

static const struct CMUnitTest tests[] = {
	IN_FOLDER(names_become_folders),
	IN_FOLDER(a_new_authority_is_whole),
	IN_FOLDER(requests_are_judged),
	IN_FOLDER(a_left_key_is_replaced),
	IN_FOLDER(dbinfo_is_json),
	IN_FOLDER(renewing_keeps_what_it_is),
	IN_FOLDER(not_everything_is_renewed),
	IN_FOLDER(lists_parents_first),
	IN_FOLDER(lists_all_or_says_why_not),
};

TEST_MAIN(tests)
