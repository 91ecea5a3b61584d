/* SPDX-License-Identifier: ISC */
/*
 * Authorities on disk: who may read them, what must not be believed, and who else is at work there.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"
#include "tests/unit/fail-file.h"
#include "tests/unit/hierarchykit.h"
#include "tests/unit/trustpki.h"

/* ---- who may read, and what must not be believed ---- */

static void keys_are_private(void **state)
{
	static const struct {
		const char *path;
		mode_t mode;
		int wanted;
		const char *text;
	} rows[] = {
		{KEY, 0640, -CC_EDENIED, "chmod 600"},
		{KEY, 0604, -CC_EDENIED, "chmod 600"},
		{KEY, 0620, -CC_EDENIED, "chmod 600"},
		{KEY, 0600, 0, NULL},
		{KEY, 0400, 0, NULL},
		{GID, 0600, 0, NULL},
		{GID, 0664, -CC_EDENIED, "others may write auth/plc/site/site.gid: do chmod go-w"},
		{GID, 0646, -CC_EDENIED, "others may write auth/plc/site/site.gid: do chmod go-w"},
		{GID, 0644, 0, NULL},
		{"auth/plc/site", 0757, -CC_EDENIED, "into auth/plc/site: do chmod go-w"},
		{"auth/plc/site", 0775, -CC_EDENIED, "into auth/plc/site: do chmod go-w"},
		{"auth/plc/site", 0730, -CC_EDENIED, "into auth/plc/site: do chmod go-w"},
		{"auth/plc/site", 0755, 0, NULL},
		{"auth/plc", 01777, -CC_EDENIED, "into auth/plc: do chmod go-w"},
		{"auth/plc", 01770, -CC_EDENIED, "into auth/plc: do chmod go-w"},
		{"auth/plc", 0700, 0, NULL},
		{"auth", 0777, -CC_EDENIED, "into auth: do chmod go-w"},
		{"auth", 02775, -CC_EDENIED, "into auth: do chmod go-w"},
		{"auth", 0755, 0, NULL},
	};

	must_create("plc.site");
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};

		print_message("# %s %o\n", rows[i].path, rows[i].mode);
		assert_int_equal(chmod(rows[i].path, rows[i].mode), 0);
		check_result(open_and_close("plc.site", &why), &why, rows[i].wanted, rows[i].text);
	}
}

/* What signs is root's or ours: another one's key, put where root signs, would sign for us. */
static void nothing_of_another_user_signs(void **state)
{
	static const char *const paths[] = {"auth", "auth/plc", "auth/plc/site", GID, KEY};
	static const struct {
		int64_t as, whose;
		bool good;
	} rows[] = {
		{US, US, true},	    {US, ROOT, true},	  {US, OTHER, false},
		{ROOT, ROOT, true}, {ROOT, OTHER, false},
	};

	must_create("plc.site");
	for (size_t i = 0; i < CC_ARRAY_SIZE(paths) * CC_ARRAY_SIZE(rows); i++) {
		const char *path = paths[i / CC_ARRAY_SIZE(rows)];
		bool good = rows[i % CC_ARRAY_SIZE(rows)].good;
		struct cc_note why = {0};
		char text[128];
		int opened, renewed, made;

		snprintf(text, sizeof(text), "%s belongs to user 1002, neither root nor us", path);
		play(rows[i % CC_ARRAY_SIZE(rows)].as, path, rows[i % CC_ARRAY_SIZE(rows)].whose);
		opened = open_and_close("plc.site", &why);
		check_result(opened, &why, good ? 0 : -CC_EDENIED, good ? NULL : text);
		renewed = renew_site(&why);
		check_result(renewed, &why, good ? 0 : -CC_EDENIED, good ? NULL : text);
		made = create("plc.site.lab", &why);
		check_result(made, &why, good ? 0 : -CC_EDENIED, good ? NULL : text);
		user = NOT_PLAYED;
		assert_int_equal(access("auth/plc/site/lab", F_OK), good ? 0 : -1);
		if (good)
			assert_int_equal(
				nftw("auth/plc/site/lab", folder_remove, 8, FTW_DEPTH | FTW_PHYS),
				0);
	}
}

/* An authority's folder that waits there already, made by another. */
static void nothing_is_made_in_anothers_folder(void **state)
{
	struct cc_note why = {0};
	int r;

	assert_int_equal(mkdir("auth/plc/site", 0755), 0);
	play(ROOT, "auth/plc/site", OTHER);
	r = create("plc.site", &why);
	user = NOT_PLAYED;
	check_result(r, &why, -CC_EDENIED, "auth/plc/site belongs to user 1002");
	assert_int_equal(rmdir("auth/plc/site"), 0);
}

/* What is public is another user's as well. */
static void who_only_looks_need_not_own(void **state)
{
	cc_cleanup(cc_freep) char *pem = NULL, *json = NULL;
	struct seen all = {.stop_at = 0};
	struct cc_note why = {0};
	int listed, got, told;

	put_file("auth/plc/plc.dbinfo", "{}");
	assert_int_equal(chmod("auth/plc/plc.gid", 0664), 0);
	play(US, "auth/plc", OTHER);
	listed = tr_hierarchy_list("auth", see, &all, &why);
	got = tr_hierarchy_gid("auth", "plc", &pem, &why);
	told = tr_hierarchy_dbinfo("auth", "plc", &json, &why);
	user = NOT_PLAYED;
	check_result(listed, &why, 0, NULL);
	check_result(got, &why, 0, NULL);
	check_result(told, &why, 0, NULL);
	assert_string_equal(all.text, "plc+d ");
	assert_string_equal(json, "{}");
}

/* A parent whose key others may read signs nothing new, either. */
static void no_child_of_an_open_key(void **state)
{
	struct cc_note why = {0};

	assert_int_equal(chmod("auth/plc/plc.pkey", 0644), 0);
	check_result(create("plc.site", &why), &why, -CC_EDENIED, "plc.pkey");
	assert_int_equal(access("auth/plc/site", F_OK), -1);
}

static void files_are_what_they_seem(void **state)
{
	struct cc_note why = {0};
	static const char *const others[] = {"auth/plc/two/two.gid", "auth/plc/plc.gid",
					     "auth/plc/site/lab/lab.gid"};
	char *large = calloc(1, 300 << 10);

	must_create("plc.site");
	must_create("plc.site.lab");
	must_create("plc.two");
	assert_non_null(large);

	assert_int_equal(rename(KEY, "key"), 0);
	check_result(open_and_close("plc.site", &why), &why, -CC_ENOTFOUND, "site.pkey");
	assert_int_equal(symlink("../../../key", KEY), 0);
	check_result(open_and_close("plc.site", &why), &why, -CC_ESYS, "site.pkey");
	assert_int_equal(unlink(KEY), 0);
	assert_int_equal(mkfifo(KEY, 0600), 0);
	check_result(open_and_close("plc.site", &why), &why, -CC_ESYS, "not a regular file");
	assert_int_equal(unlink(KEY), 0);
	copy_file("auth/plc/two/two.pkey", KEY);
	check_result(open_and_close("plc.site", &why), &why, -CC_EINVAL, "do not belong together");
	put_file(KEY, "no key");
	check_result(open_and_close("plc.site", &why), &why, -CC_EFORMAT, "private key");
	memset(large, 'x', (300 << 10) - 1);
	put_file(KEY, large);
	check_result(open_and_close("plc.site", &why), &why, -CC_ELIMIT, "octets");
	free(large);

	assert_int_equal(rename("key", KEY), 0);
	assert_int_equal(rename(GID, "gid"), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(others); i++) {
		copy_file(others[i], GID);
		check_result(open_and_close("plc.site", &why), &why, -CC_EFORMAT,
			     "is not the GID of the authority plc.site");
	}
	put_file(GID, "no GID");
	check_result(open_and_close("plc.site", &why), &why, CC_RULE_CERT_FORM, NULL);
	assert_int_equal(rename("gid", GID), 0);
	check_result(open_and_close("plc.site", &why), &why, 0, NULL);
}

/* A user's GID does not make an authority of his folder. */
static void a_user_is_no_authority(void **state)
{
	cc_cleanup(cc_freep) char *gid = tp_pem_chain(tp_world()->alice);
	cc_cleanup(cc_freep) char *key = tp_pem_key(tp_world()->alice);
	struct cc_note why = {0};

	must_create("plc.site");
	must_create("plc.site.alice");
	put_file("auth/plc/site/alice/alice.gid", gid);
	put_file("auth/plc/site/alice/alice.pkey", key);
	check_result(open_and_close("plc.site.alice", &why), &why, -CC_EFORMAT,
		     "is not the GID of the authority plc.site.alice");
}

static void links_are_not_followed(void **state)
{
	struct cc_note why = {0};
	struct seen all = {.stop_at = 0};

	must_create("plc.site");
	assert_int_equal(rename("auth/plc/site", "elsewhere"), 0);
	assert_int_equal(symlink("../../elsewhere", "auth/plc/site"), 0);
	check_result(open_and_close("plc.site", &why), &why, -CC_ESYS, "is a link");
	check_result(create("plc.site", &why), &why, -CC_ESYS, "is a link");
	check_result(create("plc.site.lab", &why), &why, -CC_ESYS, "is a link");
	assert_int_equal(unlink("auth/plc/site"), 0);
	put_file("auth/plc/site", "");
	check_result(create("plc.site", &why), &why, -CC_ESYS, "not a folder");
	/* the folder of all may be one: its owner chose it */
	assert_int_equal(symlink("auth", "linked"), 0);
	check_result(tr_hierarchy_list("linked", see, &all, &why), &why, 0, NULL);
	assert_string_equal(all.text, "plc ");
}

/* ---- two at once ---- */

static void who_holds_the_place_is_waited_for_by_nobody(void **state)
{
	struct cc_note why = {0};
	int fd;

	must_create("plc.site");
	fd = open(LOCK, O_RDONLY);
	assert_int_equal(flock(fd, LOCK_SH), 0); /* it wants to be alone */
	check_result(create("plc.site", &why), &why, -CC_EBUSY, "try again");
	check_result(tr_hierarchy_renew("auth", "plc.site", 10, NOW, &why), &why, -CC_EBUSY,
		     "try again");
	check_whole("plc.site", TP_IDN "plc:site+authority+sa"); /* readers need not wait */
	close(fd);
	check_result(create("plc.site", &why), &why, -CC_EEXIST, "there already");
}

/* Others may open what they may read, and so lock it: that must be nothing that we lock. */
static void who_may_read_blocks_nobody(void **state)
{
	static const char *const others[] = {"auth/plc/site", GID};
	struct cc_note why = {0};
	struct stat st;
	int fds[CC_ARRAY_SIZE(others)];

	must_create("plc.site");
	for (size_t i = 0; i < CC_ARRAY_SIZE(others); i++) {
		fds[i] = open(others[i], O_RDONLY);
		assert_int_equal(flock(fds[i], LOCK_EX), 0);
	}
	check_result(create("plc.site", &why), &why, -CC_EEXIST, "there already");
	check_result(renew_site(&why), &why, 0, NULL);
	for (size_t i = 0; i < CC_ARRAY_SIZE(others); i++)
		close(fds[i]);
	assert_int_equal(lstat(LOCK, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

/* A lock that others hold too is none, and a link leads elsewhere. */
static void the_lock_is_ours_alone(void **state)
{
	struct cc_note why = {0};
	int r;

	must_create("plc.site");
	assert_int_equal(chmod(LOCK, 0644), 0);
	check_result(renew_site(&why), &why, -CC_EDENIED, "others may open auth/plc/site/.lock");
	assert_int_equal(chmod(LOCK, 0600), 0);
	play(ROOT, LOCK, OTHER);
	r = renew_site(&why);
	user = NOT_PLAYED;
	check_result(r, &why, -CC_EDENIED, "auth/plc/site/.lock belongs to user 1002");
	assert_int_equal(unlink(LOCK), 0);
	assert_int_equal(mkfifo(LOCK, 0600), 0);
	check_result(renew_site(&why), &why, -CC_EDENIED, "it is no file: remove it");
	assert_int_equal(unlink(LOCK), 0);
	assert_int_equal(symlink("../../../aimed", LOCK), 0);
	check_result(renew_site(&why), &why, -CC_ESYS, "cannot open auth/plc/site/.lock");
	assert_int_equal(access("aimed", F_OK), -1);
	assert_int_equal(unlink(LOCK), 0);
	check_result(renew_site(&why), &why, 0, NULL);
}

static void swap_folder(void)
{
	once_locked = NULL;
	assert_int_equal(rename("auth/plc/site", "auth/plc/checked"), 0);
	assert_int_equal(mkdir("auth/plc/site", 0777), 0);
}

/* Files go into the folder that was checked, whatever stands at its path by then. */
static void another_folder_gets_nothing(void **state)
{
	struct cc_note why = {0};

	once_locked = swap_folder;
	check_result(create("plc.site", &why), &why, 0, NULL);
	assert_int_equal(rmdir("auth/plc/site"), 0); /* it is empty */
	assert_int_equal(access("auth/plc/checked/site.pkey", F_OK), 0);
	assert_int_equal(rename("auth/plc/checked", "auth/plc/site"), 0);
	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
	once_locked = swap_folder;
	check_result(renew_site(&why), &why, 0, NULL);
	assert_int_equal(rmdir("auth/plc/site"), 0);
}

#define RIVALS 6

static void one_of_many_wins(void **state)
{
	int go[2], won = 0, lost = 0;
	pid_t pids[RIVALS];
	char c = 0;

	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < RIVALS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			int r;

			close(go[1]);
			r = read(go[0], &c, 1) == 0 ? create("plc.site", NULL) : 1;
			_exit(r == 0 ? 0 : r == -CC_EEXIST || r == -CC_EBUSY ? 1 : 2);
		}
	}
	close(go[0]);
	close(go[1]); /* all of them read the end */
	for (int i = 0; i < RIVALS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		won += WEXITSTATUS(status) == 0;
		lost += WEXITSTATUS(status) == 1;
	}
	assert_int_equal(won, 1);
	assert_int_equal(lost, RIVALS - 1);
	check_whole("plc.site", TP_IDN "plc:site+authority+sa");
}

static const struct CMUnitTest tests[] = {
	IN_FOLDER(keys_are_private),
	IN_FOLDER(nothing_of_another_user_signs),
	IN_FOLDER(nothing_is_made_in_anothers_folder),
	IN_FOLDER(who_only_looks_need_not_own),
	IN_FOLDER(no_child_of_an_open_key),
	IN_FOLDER(files_are_what_they_seem),
	IN_FOLDER(a_user_is_no_authority),
	IN_FOLDER(links_are_not_followed),
	IN_FOLDER(who_holds_the_place_is_waited_for_by_nobody),
	IN_FOLDER(who_may_read_blocks_nobody),
	IN_FOLDER(the_lock_is_ours_alone),
	IN_FOLDER(another_folder_gets_nothing),
	IN_FOLDER(one_of_many_wins),
};

TEST_MAIN(tests)
