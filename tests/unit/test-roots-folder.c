/* SPDX-License-Identifier: ISC */
/* The folder of trusted roots: whose it is, what is in it, and what is said of it. */
#include "lib/trust/roots_folder.h"

#include <sys/stat.h>

#include "lib/base/util.h"
#include "tests/unit/folder.h"
#include "tests/unit/trustpki.h"

static char *pem_of(const char *urn)
{
	cc_cleanup(tp_freep) struct tp *p = tp_make(urn, NULL);

	return tp_pem(p);
}

static void put_root(const char *path, const char *urn)
{
	cc_cleanup(cc_freep) char *pem = pem_of(urn);

	put_file(path, pem);
}

static int enter(void **state)
{
	if (folder_enter(state) != 0)
		return -1;
	umask(022);
	return mkdir("roots", 0755);
}

static void check(const struct tr_roots_folder *from, int wanted, const char *text, size_t count)
{
	cc_cleanup(tr_roots_unrefp) struct tr_roots *roots = NULL;
	struct cc_note why = {0};
	int r = tr_roots_load(from, 1, &roots, &why);

	if (r != wanted || (text && !strstr(why.text, text)))
		fail_msg("%d \"%s\", not %d \"%s\"", r, why.text, wanted, text ? text : "");
	assert_int_equal(roots != NULL, r == 0);
	if (!r)
		assert_int_equal(tr_roots_count(roots), count);
}

static void test_files(void **state)
{
	struct tr_roots_folder from = {.dir = "roots"};

	check(&from, 0, NULL, 0);
	put_root("roots/a.gid", TP_IDN "a+authority+sa");
	put_root("roots/b.pem", TP_IDN "b+authority+sa");
	/* these are none */
	put_file("roots/.hidden.gid", "x");
	put_file("roots/README", "x");
	put_file("roots/a.gid~", "x");
	check(&from, 0, NULL, 2);
	put_file("roots/c.gid", "no certificate");
	check(&from, -CC_EINVAL, "roots/c.gid: ", 0);
	from.dir = "none";
	check(&from, -CC_ENOTFOUND, "none", 0);
}

static void test_modes(void **state)
{
	static const struct {
		mode_t folder, file;
		bool good;
	} rows[] = {{0755, 0644, true},	 {0700, 0600, true},  {0755, 0444, true},
		    {0775, 0644, false}, {0757, 0644, false}, {0755, 0664, false},
		    {0755, 0646, false}, {01777, 0644, false}};
	const struct tr_roots_folder from = {.dir = "roots"};

	put_root("roots/a.gid", TP_IDN "a+authority+sa");
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		assert_int_equal(chmod("roots", rows[i].folder), 0);
		assert_int_equal(chmod("roots/a.gid", rows[i].file), 0);
		check(&from, rows[i].good ? 0 : -CC_EDENIED,
		      rows[i].good ? NULL : "can be written by others", 1);
	}
}

static void test_owner(void **state)
{
	const struct tr_roots_folder from = {.dir = "roots"};

	if (geteuid() != 0)
		skip();
	put_root("roots/a.gid", TP_IDN "a+authority+sa");
	assert_int_equal(chown("roots/a.gid", 12345, 0), 0);
	check(&from, -CC_EDENIED, "belongs to neither root nor us", 0);
	assert_int_equal(chown("roots/a.gid", 0, 0), 0);
	assert_int_equal(chown("roots", 12345, 0), 0);
	check(&from, -CC_EDENIED, "belongs to neither root nor us", 0);
}

static void test_rules(void **state)
{
	const struct tr_root_rule missing[] = {{"z.gid", "z", 0}};
	const struct tr_root_rule narrow[] = {{"ab.gid", NULL, TR_ROOT_OVERLAP}};
	const struct tr_root_rule apart[] = {{"a.gid", "a:c", 0}};
	struct tr_roots_folder from = {.dir = "roots"};

	put_root("roots/a.gid", TP_IDN "a+authority+sa");
	put_root("roots/ab.gid", TP_IDN "a:b+authority+sa");
	check(&from, -CC_EINVAL, "overlap", 0);
	from.n_rules = 1;
	from.rules = narrow;
	check(&from, 0, NULL, 2);
	from.rules = apart;
	check(&from, 0, NULL, 2);
	from.rules = missing;
	check(&from, -CC_EINVAL, "names a file that is not in roots", 0);
}

/* Ours is one of them, also where it stands in the folder; another of our names is not. */
static void test_own(void **state)
{
	cc_cleanup(cc_freep) char *own = pem_of(TP_IDN "plc+authority+sa");
	struct tr_roots_folder from = {.dir = "roots", .own = own};

	check(&from, 0, NULL, 1);
	put_file("roots/plc.gid", own);
	check(&from, 0, NULL, 1);
	put_root("roots/other.gid", TP_IDN "other+authority+sa");
	check(&from, 0, NULL, 2);
	put_root("roots/plc.gid", TP_IDN "plc+authority+sa");
	check(&from, -CC_EINVAL, "nobody else's", 0);
	from.dir = NULL;
	check(&from, 0, NULL, 1);
	from.own = "none";
	check(&from, -CC_EINVAL, NULL, 0);
}

static void test_crls(void **state)
{
	char path[] = "crl.pem", none[] = "none.pem";
	char *good[] = {path}, *missing[] = {none};
	cc_cleanup(tp_freep) struct tp *a = tp_make(TP_IDN "a+authority+sa", NULL);
	cc_cleanup(cc_freep) char *pem = tp_pem(a);
	const struct tp *const nobody[] = {NULL};
	cc_cleanup(cc_freep) char *crl = tp_crl(a, nobody, -TP_DAY, TP_DAY, NULL);
	struct tr_roots_folder from = {.dir = "roots", .crls = good, .n_crls = 1};

	put_file("roots/a.gid", pem);
	put_file("crl.pem", crl);
	check(&from, 0, NULL, 1);
	put_file("crl.pem", "none");
	check(&from, -CC_EFORMAT, "crl.pem: ", 0);
	from.crls = missing;
	check(&from, -CC_ENOTFOUND, "none.pem", 0);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, enter, folder_leave)

static const struct CMUnitTest tests[] = {
	HERE(test_files), HERE(test_modes), HERE(test_owner),
	HERE(test_rules), HERE(test_own),   HERE(test_crls),
};

TEST_MAIN(tests)
