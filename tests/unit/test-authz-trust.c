/* SPDX-License-Identifier: ISC */
/* The roots of now: where they come from, that a bad reload changes nothing, who uses them. */
#include <pthread.h>
#include <sys/stat.h>

#include "lib/authz/authz.h"
#include "lib/base/util.h"
#include "tests/unit/folder.h"
#include "tests/unit/trustpki.h"

static void put_root(const char *path, const struct tp *p)
{
	cc_cleanup(cc_freep) char *pem = tp_pem(p);

	put_file(path, pem);
}

static int enter(void **state)
{
	if (folder_enter(state) != 0)
		return -1;
	umask(022);
	return mkdir("roots", 0755);
}

static struct az_trust *trust_of(const struct az_trust_conf *conf)
{
	struct az_trust *t = NULL;
	struct cc_note why = {0};

	if (az_trust_new(conf, &t, &why) != 0)
		fail_msg("%s", why.text);
	return t;
}

static size_t count(struct az_trust *t, unsigned flags)
{
	cc_cleanup(tr_roots_unrefp) struct tr_roots *roots = az_trust_roots(t);
	size_t n = 0;

	for (size_t i = 0; i < tr_roots_count(roots); i++)
		n += (tr_roots_get(roots, i)->flags & flags) == flags;
	return n;
}

/* Ours is one more, and under it nothing signed with SHA-1 is read. */
static void test_own(void **state)
{
	struct az_trust_conf conf = {.roots = "roots", .remembered = 8};
	struct az_trust *t;
	struct cc_note why = {0};

	put_root("roots/other.gid", tp_world()->other);
	t = trust_of(&conf);
	assert_int_equal(count(t, 0), 1);
	assert_int_equal(count(t, TR_ROOT_OURS), 0);
	az_trust_free(t);
	put_root("own.gid", tp_world()->plc);
	conf.own = "own.gid";
	t = trust_of(&conf);
	assert_int_equal(count(t, 0), 2);
	assert_int_equal(count(t, TR_ROOT_OURS), 1);
	az_trust_free(t);
	/* whoever can write it is our authority */
	assert_int_equal(chmod("own.gid", 0664), 0);
	assert_int_equal(az_trust_check(&conf, &why), -CC_EDENIED);
	assert_non_null(strstr(why.text, "own.gid can be written by others"));
	conf.own = "none.gid";
	assert_int_equal(az_trust_check(&conf, &why), -CC_ENOTFOUND);
	/* of a machine with authorities */
	conf.own = "";
	conf.authorities = "authorities";
	conf.hrn = "plc";
	assert_int_equal(az_trust_check(&conf, &why), -CC_ENOTFOUND);
	assert_non_null(strstr(why.text, "ccfed authority create plc"));
}

static void test_rules(void **state)
{
	static const char text[] = "[roots]\nother.gid = other no-sha1\n";
	static const char bad[] = "[roots]\nother.gid = other never\n";
	struct az_trust_conf conf = {.roots = "roots", .remembered = 8};
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL, *wrong = NULL;
	struct cc_note why = {0};
	struct az_trust *t;

	put_root("roots/other.gid", tp_world()->other);
	assert_int_equal(cf_ini_parse("a.ini", text, strlen(text), "roots", NULL, 0, &ini, &why),
			 0);
	conf.rules = cf_ini_section(ini, "roots");
	t = trust_of(&conf);
	assert_int_equal(count(t, TR_ROOT_NO_SHA1), 1);
	az_trust_free(t);
	assert_int_equal(cf_ini_parse("a.ini", bad, strlen(bad), "roots", NULL, 0, &wrong, &why),
			 0);
	conf.rules = cf_ini_section(wrong, "roots");
	assert_int_equal(az_trust_check(&conf, &why), -CC_EINVAL);
	assert_non_null(strstr(why.text, "a.ini:2: "));
}

/* A verifier that is taken knows the roots of now; a bad reload changes none. */
static void test_reload(void **state)
{
	const struct tp_world *w = tp_world();
	const struct az_trust_conf conf = {.roots = "roots", .remembered = 8};
	struct tr_verifier *before = NULL, *after = NULL;
	struct tr_chain chain;
	struct cc_note why = {0};
	struct az_trust *t;

	put_root("roots/plc.gid", w->plc);
	t = trust_of(&conf);
	assert_int_equal(az_verifier_take(t, &before), 0);
	assert_int_equal(tr_chain_verify(before, &w->alice->chain, TP_NOW, &chain, NULL), 0);
	put_file("roots/bad.gid", "none");
	assert_int_equal(az_trust_reload(t, &conf, &why), -CC_EINVAL);
	assert_non_null(strstr(why.text, "bad.gid"));
	assert_int_equal(count(t, 0), 1);
	assert_int_equal(remove("roots/bad.gid"), 0);
	assert_int_equal(remove("roots/plc.gid"), 0);
	assert_int_equal(az_trust_reload(t, &conf, &why), 0);
	/* who judges already goes on by what was; who comes next does not */
	assert_int_equal(tr_chain_verify(before, &w->alice->chain, TP_NOW, &chain, NULL), 0);
	az_verifier_give(t, before);
	assert_int_equal(az_verifier_take(t, &after), 0);
	assert_ptr_equal(after, before);
	assert_int_equal(tr_chain_verify(after, &w->alice->chain, TP_NOW, &chain, NULL),
			 CC_RULE_CHAIN_ROOT);
	az_verifier_give(t, after);
	az_verifier_give(t, NULL);
	az_trust_free(t);
	az_trust_free(NULL);
}

static void *judge_often(void *arg)
{
	const struct tp_world *w = tp_world();

	for (int i = 0; i < 200; i++) {
		struct tr_verifier *v = NULL;
		struct tr_chain chain;

		if (az_verifier_take(arg, &v) != 0 ||
		    tr_chain_verify(v, &w->alice->chain, TP_NOW, &chain, NULL) != 0)
			return arg;
		az_verifier_give(arg, v);
	}
	return NULL;
}

static void test_threads(void **state)
{
	const struct az_trust_conf conf = {.roots = "roots", .remembered = 8};
	pthread_t threads[4];
	struct az_trust *t;

	put_root("roots/plc.gid", tp_world()->plc);
	t = trust_of(&conf);
	for (size_t i = 0; i < CC_ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, judge_often, t), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(az_trust_reload(t, &conf, NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(threads); i++) {
		void *failed = t;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	az_trust_free(t);
}

/* All workers together remember no more than one would alone. */
static void test_remembered(void **state)
{
	static const struct {
		const char *text;
		size_t each;
	} rows[] = {{"[ccserver]\nworkers = 1\n", 1024},
		    {"[ccserver]\nworkers = 4\n", 256},
		    {"[ccserver]\nworkers = 64\n", 64}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;

		assert_int_equal(cf_ini_parse("a.ini", rows[i].text, strlen(rows[i].text),
					      "ccserver", NULL, 0, &ini, NULL),
				 0);
		assert_int_equal(az_remembered(ini), rows[i].each);
	}
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter, folder_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_own),
		IN_FOLDER(test_rules),
		IN_FOLDER(test_reload),
		IN_FOLDER(test_threads),
		cmocka_unit_test(test_remembered),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
