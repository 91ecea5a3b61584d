/* SPDX-License-Identifier: ISC */
/* CURVE keys on disk, and what is not one. */
#include <stdio.h>
#include <sys/stat.h>

#include <zmq.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/cc/curve.h"
#include "lib/cc/sock.h"
#include "tests/unit/folder.h"

/* The example of ZeroMQ's RFC 26, and a key of our own as text. */
#define KEY "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

static void put(const char *path, const void *text, size_t len, mode_t mode)
{
	assert_int_equal(cc_file_write(path, text, len, mode, false, NULL), 0);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_text(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *reason;
	} rows[] = {
		{KEY, 0, "a key"},
		{"", -CC_EFORMAT, "nothing"},
		{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI", -CC_EFORMAT, "a character less"},
		{KEY "1", -CC_EFORMAT, "a character more"},
		{KEY "12345", -CC_EFORMAT, "a whole group more"},
		{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{", -CC_EFORMAT, "less than a group"},
		{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{h D", -CC_EFORMAT, "a blank"},
		{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{h\"D", -CC_EFORMAT, "not in the alphabet"},
		{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{h\xff"
		 "D",
		 -CC_EFORMAT, "no ASCII"},
		{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaL#####", -CC_EFORMAT, "a group above 32 bits"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		uint8_t key[CC_CURVE_KEY];
		char text[CC_CURVE_TEXT + 1];

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_curve_parse(rows[i].text, key), rows[i].r);
		if (rows[i].r)
			continue;
		cc_curve_print(key, text);
		assert_string_equal(text, rows[i].text);
	}
}

/* The pair of RFC 26: a secret leads to its public key. */
static void test_known_pair(void **state)
{
	struct cc_curve_pair pair;
	char text[CC_CURVE_TEXT + 1];

	assert_int_equal(mkdir("private", 0700), 0);
	put("private/k.curve", SECRET "\n", 41, 0600);
	assert_int_equal(cc_curve_read_pair(".", "k", &pair, NULL), 0);
	cc_curve_print(pair.public, text);
	assert_string_equal(text, KEY);
	put("private/k.curve", SECRET, 40, 0600); /* a line without its end */
	assert_int_equal(cc_curve_read_pair(".", "k", &pair, NULL), 0);
	cc_curve_pair_wipe(&pair);
	for (size_t i = 0; i < sizeof(pair); i++)
		assert_int_equal(((const uint8_t *)&pair)[i], 0);
}

static void test_write_and_read(void **state)
{
	uint8_t made[CC_CURVE_KEY], public[CC_CURVE_KEY], again[CC_CURVE_KEY];
	struct cc_curve_pair pair;
	mode_t mask = umask(0);

	assert_int_equal(cc_curve_write_new("new/..", "a", false, made, NULL), -CC_ESYS);
	assert_int_equal(cc_curve_write_new("store", "a", false, made, NULL), 0);
	umask(mask);
	assert_int_equal(mode_of("store"), 0755);
	assert_int_equal(mode_of("store/private"), 0700);
	assert_int_equal(mode_of("store/a.curve"), 0644);
	assert_int_equal(mode_of("store/private/a.curve"), 0600);
	assert_int_equal(cc_curve_read_public("store", "a", public, NULL), 0);
	assert_memory_equal(public, made, CC_CURVE_KEY);
	assert_int_equal(cc_curve_read_pair("store", "a", &pair, NULL), 0);
	assert_memory_equal(pair.public, made, CC_CURVE_KEY);
	assert_memory_not_equal(pair.secret, made, CC_CURVE_KEY);
	assert_int_equal(cc_curve_write_new("store", "b", false, again, NULL), 0);
	assert_memory_not_equal(again, made, CC_CURVE_KEY);
}

/* Neither half of a pair is ever replaced without being asked to. */
static void test_never_over(void **state)
{
	uint8_t made[CC_CURVE_KEY], other[CC_CURVE_KEY];
	static const char *const halves[] = {"s/a.curve", "s/private/a.curve"};

	for (size_t i = 0; i < 2; i++) {
		struct cc_note why = {0};

		assert_int_equal(cc_curve_write_new("s", "a", true, made, NULL), 0);
		assert_int_equal(unlink(halves[1 - i]), 0);
		assert_int_equal(cc_curve_write_new("s", "a", false, other, &why), -CC_EEXIST);
		assert_non_null(strstr(why.text, halves[i]));
		assert_int_equal(access(halves[1 - i], F_OK), -1);
	}
	assert_int_equal(cc_curve_write_new("s", "a", true, other, NULL), 0);
	assert_memory_not_equal(made, other, CC_CURVE_KEY);
	assert_int_equal(cc_curve_read_public("s", "a", made, NULL), 0);
	assert_memory_equal(made, other, CC_CURVE_KEY);
}

static void test_bad_names(void **state)
{
	static const char *const names[] = {"", "/", "a/b", "../a", ".", "..", ".a"};
	uint8_t public[CC_CURVE_KEY];
	struct cc_curve_pair pair;

	for (size_t i = 0; i < CC_ARRAY_SIZE(names); i++) {
		struct cc_note why = {0};

		print_message("# %s\n", names[i]);
		assert_int_equal(cc_curve_write_new("s", names[i], true, public, &why), -CC_EINVAL);
		assert_non_null(strstr(why.text, "name"));
		assert_int_equal(cc_curve_read_public("s", names[i], public, &why), -CC_EINVAL);
		assert_int_equal(cc_curve_read_pair("s", names[i], &pair, &why), -CC_EINVAL);
	}
	assert_int_equal(access("s", F_OK), -1); /* not even a folder was made */
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		mode_t mode;
		int r;
		const char *why, *reason;
	} rows[] = {
		{SECRET "\n", 41, 0620, -CC_EDENIED, "may be written by others", "group may write"},
		{SECRET "\n", 41, 0602, -CC_EDENIED, "may be written by others",
		 "others may write"},
		{SECRET "\n", 41, 0644, 0, "", "others may read: a warning"},
		{"", 0, 0600, -CC_EFORMAT, "no CURVE key", "an empty file"},
		{SECRET "\n\n", 42, 0600, -CC_EFORMAT, "no CURVE key", "two lines"},
		{SECRET "\n" SECRET, 81, 0600, -CC_EFORMAT, "no CURVE key", "two keys"},
		{SECRET "\0x", 42, 0600, -CC_EFORMAT, "no CURVE key", "something behind a NUL"},
		{SECRET "\0", 41, 0600, -CC_EFORMAT, "no CURVE key", "a NUL at the end"},
		{" " SECRET, 41, 0600, -CC_EFORMAT, "no CURVE key", "a blank before"},
	};
	static const char big[300];

	assert_int_equal(mkdir("private", 0700), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_curve_pair pair;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].reason);
		put("private/k.curve", rows[i].text, rows[i].len, 0600);
		assert_int_equal(chmod("private/k.curve", rows[i].mode), 0);
		assert_int_equal(cc_curve_read_pair(".", "k", &pair, &why), rows[i].r);
		assert_non_null(strstr(why.text, rows[i].why));
		assert_null(strstr(why.text, "D:)Q")); /* no key in a word to anybody */
	}
	put("k.curve", big, sizeof(big), 0644);
	assert_int_equal(cc_curve_read_public(".", "k", (uint8_t[CC_CURVE_KEY]){0}, NULL),
			 -CC_ELIMIT);
	assert_int_equal(cc_curve_read_public(".", "none", (uint8_t[CC_CURVE_KEY]){0}, NULL),
			 -CC_ENOTFOUND);
}

static void test_halves_of_two_pairs(void **state)
{
	struct cc_curve_pair pair;
	struct cc_note why = {0};

	assert_int_equal(mkdir("private", 0700), 0);
	put("private/k.curve", SECRET "\n", 41, 0600);
	put("k.curve", SECRET "\n", 41, 0644);
	assert_int_equal(cc_curve_read_pair(".", "k", &pair, &why), -CC_EINVAL);
	assert_non_null(strstr(why.text, "is not the public key of"));
	put("k.curve", KEY "\n", 41, 0644);
	assert_int_equal(cc_curve_read_pair(".", "k", &pair, &why), 0);
}

static void test_link(void **state)
{
	uint8_t server[CC_CURVE_KEY], own[CC_CURVE_KEY], wanted[CC_CURVE_KEY];
	struct cc_curve_link one, two;
	struct cc_note why = {0};

	assert_int_equal(cc_curve_write_new("s", "server", false, server, NULL), 0);
	assert_int_equal(cc_curve_write_new("s", "own", false, own, NULL), 0);
	assert_int_equal(cc_curve_link_open(&one, "s", "server", "own", &why), 0);
	assert_memory_equal(one.server, server, CC_CURVE_KEY);
	assert_memory_equal(one.own.public, own, CC_CURVE_KEY);
	assert_int_equal(cc_curve_link_open(&one, NULL, KEY, NULL, &why), 0);
	assert_int_equal(cc_curve_parse(KEY, wanted), 0);
	assert_memory_equal(one.server, wanted, CC_CURVE_KEY);
	assert_int_equal(cc_curve_link_open(&two, "", KEY, "", &why), 0);
	assert_memory_not_equal(one.own.secret, two.own.secret, CC_CURVE_KEY); /* made each time */
	cc_curve_link_wipe(&two);
	for (size_t i = 0; i < sizeof(two); i++)
		assert_int_equal(((const uint8_t *)&two)[i], 0);
}

static void test_link_refused(void **state)
{
	static const struct {
		const char *dir, *server, *own;
		int r;
		const char *why;
	} rows[] = {
		{NULL, "server", NULL, -CC_EINVAL, "no key store to find CURVE key \"server\" in"},
		{"", "server", NULL, -CC_EINVAL, "no key store"},
		{NULL, KEY, "own", -CC_EINVAL, "no key store to find CURVE key \"own\" in"},
		{"s", "absent", NULL, -CC_ENOTFOUND, "s/absent.curve"},
		{"s", "", NULL, -CC_EINVAL, "is no name of a key"},
		{"s", "../s/own", NULL, -CC_EINVAL, "is no name of a key"},
		{"s", KEY, "absent", -CC_ENOTFOUND, "s/private/absent.curve"},
		{"s", KEY, "../own", -CC_EINVAL, "is no name of a key"},
		/* 40 characters, but no key */
		{"s", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{h,D", NULL, -CC_ENOTFOUND, "s/Yne@"},
	};
	uint8_t own[CC_CURVE_KEY];

	assert_int_equal(cc_curve_write_new("s", "own", false, own, NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_curve_link link;
		struct cc_note why = {0};

		print_message("# row %zu\n", i);
		assert_int_equal(
			cc_curve_link_open(&link, rows[i].dir, rows[i].server, rows[i].own, &why),
			rows[i].r);
		if (!strstr(why.text, rows[i].why))
			fail_msg("%s, not %s", why.text, rows[i].why);
	}
}

static void get_key(void *socket, int option, uint8_t out[CC_CURVE_KEY])
{
	size_t len = CC_CURVE_KEY;

	assert_int_equal(zmq_getsockopt(socket, option, out, &len), 0);
}

/* The keys are those of the socket. */
static void test_socket(void **state)
{
	void *ctx = zmq_ctx_new(), *socket = zmq_socket(ctx, ZMQ_DEALER);
	struct cc_curve_link link;
	struct cc_sock_conf conf;
	uint8_t key[CC_CURVE_KEY];
	int mechanism;
	size_t len = sizeof(mechanism);

	cc_sock_conf_default(&conf);
	assert_int_equal(cc_curve_link_open(&link, NULL, KEY, NULL, NULL), 0);
	assert_int_equal(cc_sock_apply(socket, &conf), 0);
	assert_int_equal(zmq_getsockopt(socket, ZMQ_MECHANISM, &mechanism, &len), 0);
	assert_int_equal(mechanism, ZMQ_NULL);
	conf.curve = &link;
	assert_int_equal(cc_sock_apply(socket, &conf), 0);
	assert_int_equal(zmq_getsockopt(socket, ZMQ_MECHANISM, &mechanism, &len), 0);
	assert_int_equal(mechanism, ZMQ_CURVE);
	get_key(socket, ZMQ_CURVE_SERVERKEY, key);
	assert_memory_equal(key, link.server, CC_CURVE_KEY);
	get_key(socket, ZMQ_CURVE_PUBLICKEY, key);
	assert_memory_equal(key, link.own.public, CC_CURVE_KEY);
	get_key(socket, ZMQ_CURVE_SECRETKEY, key);
	assert_memory_equal(key, link.own.secret, CC_CURVE_KEY);
	zmq_close(socket);
	zmq_ctx_term(ctx);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_text),	     in_folder(test_known_pair),
	in_folder(test_write_and_read),	     in_folder(test_never_over),
	in_folder(test_bad_names),	     in_folder(test_bad_files),
	in_folder(test_halves_of_two_pairs), in_folder(test_link),
	in_folder(test_link_refused),	     cmocka_unit_test(test_socket),
};

TEST_MAIN(tests)
