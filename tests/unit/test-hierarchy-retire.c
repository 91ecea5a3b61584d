/* SPDX-License-Identifier: ISC */
/* Authorities that end: what is left, and what a crash on the way leaves. */
#include "tests/test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fail-file.h"
#include "tests/unit/hierarchykit.h"

static int retire(struct cc_note *why)
{
	return tr_hierarchy_retire("auth", "plc.site", why);
}

static void test_retire(void **state)
{
	struct cc_note why = {0};
	char *old, *fresh;

	must_create("plc.site");
	must_create("plc.site.lab");
	put_file(DBINFO, "{\"store\": \"sqlite:x\"}");
	old = read_text(KEY);
	check_result(retire(&why), &why, 0, NULL);
	check_absent("plc.site");
	assert_int_equal(access(KEY, F_OK), -1);
	assert_int_equal(access(DBINFO, F_OK), 0);
	assert_int_equal(access("auth/plc/site/lab/lab.gid", F_OK), 0);
	check_result(retire(&why), &why, -CC_ENOTFOUND, NULL);
	/* it comes back as another one */
	must_create("plc.site");
	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
	fresh = read_text(KEY);
	assert_string_not_equal(old, fresh);
	free(old);
	free(fresh);
}

static void test_refused(void **state)
{
	static const struct {
		const char *hrn;
		int result;
	} rows[] = {{"plc.none", -CC_ENOTFOUND},
		    {"", -CC_EINVAL},
		    {"plc..x", -CC_EINVAL},
		    {"plc.\\.\\.", -CC_EINVAL},
		    {"plc.si/te", -CC_EINVAL}};
	struct cc_note why = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(tr_hierarchy_retire("auth", rows[i].hrn, &why), rows[i].result);
	check_whole("plc", TP_IDN "plc+authority+sa");
}

/* In a process of its own that ends after so many operations. */
static int retire_until(long at)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fate = IS_LAST;
		steps_left = at;
		_exit(retire(NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Whole, or nobody finds it; and a second try leaves no key. */
static void test_crash(void **state)
{
	bool between = false;
	int code = DIED;

	for (long at = 1; code == DIED; at++) {
		struct cc_note why = {0};
		bool gid, key;
		int r;

		must_create("plc.site");
		code = retire_until(at);
		gid = access(GID, F_OK) == 0;
		key = access(KEY, F_OK) == 0;
		assert_true(key || !gid);
		between |= key && !gid;
		if (gid)
			check_whole("plc.site", TP_IDN "plc:site+authority+sa");
		else
			check_absent("plc.site");
		r = retire(&why);
		assert_int_equal(r, gid ? 0 : -CC_ENOTFOUND);
		assert_int_equal(access(GID, F_OK), -1);
		assert_int_equal(access(KEY, F_OK), -1);
	}
	assert_int_equal(code, 0);
	assert_true(between);
}

/* An operation that fails: an error, never a GID without its key. */
static void test_failing(void **state)
{
	unsigned failed = 0;
	int r = -1;

	for (long at = 1; at < 100; at++) {
		struct cc_note why = {0};

		if (access(GID, F_OK) != 0)
			must_create("plc.site");
		fate = FAILS;
		steps_left = at;
		r = retire(&why);
		fate = NO_FATE;
		if (steps_left > 0)
			break;
		failed += r != 0;
		assert_true(access(GID, F_OK) != 0 || access(KEY, F_OK) == 0);
		assert_true(r != 0 || access(KEY, F_OK) != 0);
	}
	assert_int_equal(r, 0);
	assert_true(failed >= 4);
}

static const struct CMUnitTest tests[] = {
	IN_FOLDER(test_retire),
	IN_FOLDER(test_refused),
	IN_FOLDER(test_crash),
	IN_FOLDER(test_failing),
};

TEST_MAIN(tests)
