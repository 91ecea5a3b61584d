/* SPDX-License-Identifier: ISC */
/* Authorities on disk: what a crash, a failing disk or the end of memory leaves. */
#include "tests/test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"
#include "tests/unit/fail-alloc.h"
#include "tests/unit/fail-file.h"
#include "tests/unit/hierarchykit.h"

static void remove_site(void)
{
	if (access("auth/plc/site", F_OK) == 0)
		assert_int_equal(nftw("auth/plc/site", folder_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Runs it in a process of its own that dies after so many operations. @return its exit code. */
static int run_until(long at, int (*run)(struct cc_note *why))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fate = IS_LAST;
		steps_left = at;
		_exit(run(NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs it with one operation that fails. */
static int run_failing(long at, int (*run)(struct cc_note *why))
{
	int r;

	fate = FAILS;
	steps_left = at;
	harmless = false;
	r = run(NULL);
	fate = NO_FATE;
	return r;
}

static int create_site(struct cc_note *why)
{
	return create("plc.site", why);
}

/* The lock is the only hidden file: a key must be where its owner sees it. */
static void check_nothing_hidden(void)
{
	DIR *d = opendir("auth/plc/site");
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] == '.' && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			assert_string_equal(e->d_name, ".lock");
	if (d)
		closedir(d);
}

/* Whole or absent; when absent, it can be made. Only a death leaves a temporary. */
static void check_after_create(int code)
{
	struct cc_note why = {0};
	bool there = access(GID, F_OK) == 0;

	if (code != DIED)
		check_nothing_hidden();
	assert_true(there || code != 0);
	if (there) {
		check_whole("plc.site", TP_IDN "plc:site+authority+sa");
		check_result(create("plc.site", &why), &why, -CC_EEXIST, NULL);
	} else {
		struct seen s = {.stop_at = 0};

		assert_int_equal(tr_hierarchy_list("auth", see, &s, &why), 0);
		assert_string_equal(s.text, "plc ");
		check_result(create("plc.site", &why), &why, 0, NULL);
		check_whole("plc.site", TP_IDN "plc:site+authority+sa");
	}
	check_nothing_hidden();
	remove_site();
}

/*
 * Ends it after each of its operations, until there are no more: what is done after n of them is
 * also what a death before the next one leaves. @return their number.
 */
static long end_everywhere(int (*run)(struct cc_note *why), void (*check)(int code))
{
	long steps = 0;
	int code;

	do {
		code = run_until(++steps, run);
		assert_true(code == 0 || code == DIED);
		check(code);
		assert_true(steps < 200);
	} while (code != 0);
	return steps - 1;
}

static void creating_survives_any_end(void **state)
{
	long steps = end_everywhere(create_site, check_after_create);

	for (long at = 1; at <= steps; at++) {
		int r = run_failing(at, create_site);

		assert_int_equal(r == 0, harmless);
		check_after_create(r);
	}
	print_message("# %ld operations\n", steps);
	assert_true(steps > 50);
}

static char *old_gid, *old_key;

static void check_after_renew(int code)
{
	cc_cleanup(cc_freep) char *gid = read_text(GID), *key = read_text(KEY);

	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
	assert_string_equal(key, old_key);
	assert_true(code != 0 || strcmp(gid, old_gid) != 0);
	if (code != DIED) /* also of the death before this one */
		check_nothing_hidden();
	put_file(GID, old_gid);
}

static void renewing_survives_any_end(void **state)
{
	struct cc_note why = {0};
	long steps;

	check_result(tr_hierarchy_renew("auth", "plc", 1000, NOW, &why), &why, 0, NULL);
	must_create("plc.site");
	old_gid = read_text(GID);
	old_key = read_text(KEY);
	steps = end_everywhere(renew_site, check_after_renew);
	for (long at = 1; at <= steps; at++) {
		int r = run_failing(at, renew_site);

		assert_int_equal(r == 0, harmless);
		check_after_renew(r);
	}
	assert_true(steps > 40);
	free(old_gid);
	free(old_key);
}

/* A key that a killed create hid, and what else stands at the names that we write to. */
static void what_a_death_left_is_removed(void **state)
{
	struct cc_note why = {0};

	assert_int_equal(mkdir("auth/plc/site", 0755), 0);
	put_file(KEY_TEMP, "a key that nobody vouched for");
	must_create("plc.site");
	assert_int_equal(access(KEY_TEMP, F_OK), -1);
	put_file("aimed", "as it was");
	assert_int_equal(symlink("../../../aimed", GID_TEMP), 0);
	put_file(KEY_TEMP, "a key that nobody vouched for");
	check_result(renew_site(&why), &why, 0, NULL);
	check_nothing_hidden();
	cc_cleanup(cc_freep) char *aimed = read_text("aimed");
	assert_string_equal(aimed, "as it was");
	assert_int_equal(mkdir(KEY_TEMP, 0700), 0);
	check_result(renew_site(&why), &why, -CC_ESYS, "cannot remove " KEY_TEMP);
}

/* On disk before it counts: key, then its folder, then the GID that makes it one. */
static void the_gid_is_last(void **state)
{
	static const char end[] =
		"write sync rename:site.pkey sync write sync rename:site.gid sync ";
	char steps[1024] = "";
	struct cc_note why = {0};
	int r;

	log_of_steps = steps;
	r = create("plc.site", &why);
	log_of_steps = NULL;
	check_result(r, &why, 0, NULL);
	assert_true(strlen(steps) > strlen(end));
	assert_string_equal(steps + strlen(steps) - strlen(end), end);
	/* the folder's own name, before anything is written into it */
	assert_int_equal(strncmp(steps, "sync ", 5), 0);
}

static void memory_runs_out(void **state)
{
	int r = -CC_ENOMEM;

	for (long n = 0; r != 0; n++) {
		alloc_fail_after(n);
		r = create("plc.site", NULL);
		alloc_fail_after(-1);
		assert_true(r == 0 || r == -CC_ENOMEM);
		if (r) {
			check_absent("plc.site");
			check_nothing_hidden();
			remove_site();
		}
		assert_true(n < 1000);
	}
	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
}

static const struct CMUnitTest tests[] = {
	IN_FOLDER(creating_survives_any_end),
	IN_FOLDER(renewing_survives_any_end),
	IN_FOLDER(what_a_death_left_is_removed),
	IN_FOLDER(the_gid_is_last),
	IN_FOLDER(memory_runs_out),
};

TEST_MAIN(tests)
