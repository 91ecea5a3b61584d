/* SPDX-License-Identifier: ISC */
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/eckeys.h"
#include "lib/base/err.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/base/rule.h"
#include "lib/base/util.h"

#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/folder.h"

/* A known key for the map's hash, and a known name for temporary files. */
ssize_t __wrap_getrandom(void *data, size_t len, unsigned flags);

ssize_t __wrap_getrandom(void *data, size_t len, unsigned flags)
{
	memset(data, 0, len);
	return (ssize_t)len;
}

static void test_err_text(void **state)
{
	for (int i = 0; i < CC_ERR_COUNT; i++) {
		assert_string_not_equal(cc_err_text(i), "unknown error");
		assert_ptr_equal(cc_err_text(i), cc_err_text(-i));
	}
	assert_string_equal(cc_err_text(CC_ERR_COUNT), "unknown error");
	assert_string_equal(cc_err_text(INT_MIN), "unknown error");
}

static void test_err_note(void **state)
{
	struct cc_note note;
	char longer[400];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	assert_int_equal(cc_note_set(NULL, CC_EDENIED, "no"), -CC_EDENIED);
	assert_int_equal(cc_note_set(&note, CC_ELIMIT, "%s", longer), -CC_ELIMIT);
	assert_int_equal(note.code, CC_ELIMIT);
	assert_int_equal(strlen(note.text), sizeof(note.text) - 1);
	assert_int_equal(cc_raise(CC_EBUSY), -CC_EBUSY);
	assert_int_equal(cc_trace(-CC_EBUSY), -CC_EBUSY);
	assert_int_equal(cc_trace(7), 7);
}

static void test_buf_append(void **state)
{
	struct cc_buf b = CC_BUF_INIT(1000);

	assert_int_equal(cc_buf_puts(&b, "ab"), 0);
	assert_int_equal(cc_buf_put(&b, "\0c", 2), 0);
	assert_int_equal(cc_buf_printf(&b, "%d", 42), 0);
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.data, "ab\0c42\0", 7);
	cc_buf_reset(&b);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(cc_buf_put(&b, "y", 1), 0);
	assert_int_equal(b.data[1000], 0);
	cc_buf_deinit(&b);
	assert_null(b.data);
	assert_int_equal(b.max, 1000);
}

static void test_buf_limit(void **state)
{
	struct cc_buf b = CC_BUF_INIT(4);

	assert_int_equal(cc_buf_puts(&b, "1234"), 0);
	assert_int_equal(cc_buf_put(&b, "5", 1), -CC_ELIMIT);
	assert_int_equal(cc_buf_puts(&b, ""), -CC_ELIMIT); /* the first failure sticks */
	assert_int_equal(cc_buf_printf(&b, "x"), -CC_ELIMIT);
	assert_null(cc_buf_reserve(&b, 0));
	assert_null(cc_buf_take(&b));
	assert_int_equal(b.len, 4);
	cc_buf_reset(&b);
	assert_int_equal(cc_buf_printf(&b, "%s", "12345"), -CC_ELIMIT);
	cc_buf_reset(&b);
	assert_null(cc_buf_reserve(&b, SIZE_MAX));
	cc_buf_deinit(&b);
}

static void test_buf_take(void **state)
{
	struct cc_buf b = CC_BUF_INIT(0);
	cc_cleanup(cc_freep) char *empty = cc_buf_take(&b);
	cc_cleanup(cc_freep) char *text = NULL;
	uint8_t *room = cc_buf_reserve(&b, 100);

	assert_string_equal(empty, "");
	assert_non_null(room);
	memset(room, 'z', 100);
	b.len += 3;
	text = cc_buf_take(&b);
	assert_string_equal(text, "zzz");
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

/* Values of another implementation: CPython's hash() of bytes, PYTHONHASHSEED=0. */
static void test_map_hash(void **state)
{
	static const struct {
		const char *key;
		uint64_t hash;
	} rows[] = {
		{"a", 0x407448d2b89b1813},
		{"abcdefg", 0x6db12aae9070f506},
		{"abcdefgh", 0x3f7b849c0b8e35ea},
		{"pub.infofile.x", 0x63411b1798fe24ea},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_true(cc_map_hash(rows[i].key, strlen(rows[i].key)) == rows[i].hash);
}

struct item {
	struct cc_map_node node;
	char key[16];
	bool seen;
};

static size_t count_seen(const struct cc_map *m)
{
	size_t n = 0;

	for (struct cc_map_node *node = NULL; (node = cc_map_next(m, node)); n++) {
		struct item *item = cc_container_of(node, struct item, node);

		assert_false(item->seen);
		item->seen = true;
	}
	return n;
}

static void test_map_many(void **state)
{
	static struct item items[1000];
	struct cc_map m;

	cc_map_init(&m);
	assert_null(cc_map_find(&m, "x", 1));
	assert_null(cc_map_next(&m, NULL));
	for (size_t i = 0; i < CC_ARRAY_SIZE(items); i++) {
		int len = snprintf(items[i].key, sizeof(items[i].key), "key%zu", i);

		assert_int_equal(cc_map_add(&m, &items[i].node, items[i].key, (size_t)len), 0);
	}
	assert_true(m.n_buckets >= m.count);
	assert_int_equal(count_seen(&m), 1000);
	assert_ptr_equal(cc_map_find(&m, "key77", 5), &items[77].node);
	assert_null(cc_map_find(&m, "key77", 4 + 2)); /* the NUL is no part of the key */
	for (size_t i = 0; i < 999; i++)
		cc_map_remove(&m, &items[i].node);
	assert_null(cc_map_find(&m, "key77", 5));
	assert_ptr_equal(cc_map_next(&m, NULL), &items[999].node);
	assert_int_equal(m.count, 1);
	cc_map_deinit(&m);
}

static void test_list(void **state)
{
	struct cc_list head, a, b;

	cc_list_init(&head);
	cc_list_add_tail(&head, &a);
	cc_list_add_tail(&head, &b);
	assert_ptr_equal(head.next, &a);
	cc_list_remove(&a);
	cc_list_remove(&a);
	assert_ptr_equal(head.next, &b);
	cc_list_remove(&b);
	assert_true(cc_list_empty(&head));
}

static void test_refusals_are_one_line(void **state)
{
	struct cc_note why = {0};

	assert_int_equal(
		cc_refuse(&why, CC_RULE_XML_FORM, "line %d: %s", 1, "a\nvalid: \033[1m\177"),
		CC_RULE_XML_FORM);
	assert_string_equal(why.text, "line 1: a?valid: ?[1m?");
	assert_int_equal(cc_refuse(NULL, CC_RULE_XML_ID, "x"), CC_RULE_XML_ID);
	assert_string_equal(cc_rule_name(CC_RULE_TICKET_ISSUER), "ticket-issuer");
	assert_int_equal(strncmp(cc_rule_name(CC_RULE_COUNT), "rule-", 5), 0);
	for (int i = 1; i < CC_RULE_COUNT; i++) {
		assert_null(strstr(cc_rule_name(i), "rule-"));
		assert_string_not_equal(cc_rule_advice(i), cc_rule_advice(0));
	}
}

#define EC "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
#define P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define POINT "\x03\x42\x00\x04"

static void test_ec_keys(void **state)
{
	static const struct {
		const char *what, *octets;
		size_t len;
		bool plain;
	} rows[] = {
#define ROW(what, octets, plain) {what, octets, sizeof(octets) - 1, plain}
		ROW("nothing", "", true),
		ROW("no key", "\x30\x03\x02\x01\x05", true),
		ROW("P-256", "\x30\x13" EC P256 POINT "xy", true),
		ROW("a long bit string", EC P256 "\x03\x81\x86\x00\x04", true),
		ROW("absent parameters", EC POINT, true),
		ROW("NULL parameters", EC "\x05\x00" POINT, true),
		ROW("compressed", EC P256 "\x03\x22\x00\x02", false),
		ROW("spelt out", EC "\x30\x81\xe0\x02\x01\x01", false),
		ROW("spelt out, OID in another form",
		    "\x06\x81\x07\x2a\x86\x48\xce\x3d\x02\x01\x30\x81\xe0", false),
		ROW("the second one", EC P256 POINT EC "\x30\x00", false),
		ROW("a bit string in pieces", EC P256 "\x23\x42\x00\x04", false),
		ROW("unused bits", EC P256 "\x03\x42\x01\x04", false),
		ROW("the name of the curve is cut off", EC "\x06\x08\x2a", false),
		ROW("the point is cut off", EC P256 "\x03\x42\x00", false),
		ROW("the key is cut off", EC, false),
#undef ROW
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		if (cc_ec_keys_plain(rows[i].octets, rows[i].len) != rows[i].plain)
			fail_msg("%s", rows[i].what);
}

static void test_clock(void **state)
{
	int64_t before = cc_clock_ns();
	int64_t ms = cc_clock_ms();

	for (unsigned i = 0; i < 100000000 && cc_clock_ms() == ms; i++)
		;
	assert_true(cc_clock_ms() > ms);
	assert_true(cc_clock_ns() > before);
	assert_true(cc_clock_ns() / 1000000 - cc_clock_ms() <= 1);
	assert_true(cc_clock_wall() > 1.6e9);
	assert_true(cc_clock_cpu_ns() > 0);
}

static void test_file_round(void **state)
{
	cc_cleanup(cc_freep) char *data = NULL;
	struct cc_note why = {0};
	struct stat st;
	size_t len;

	assert_int_equal(cc_file_write("a", "old", 3, 0600, false, &why), 0);
	assert_int_equal(cc_file_write("a", "n\0w", 3, 0600, true, &why), 0);
	assert_int_equal(cc_file_read("a", 3, &data, &len, &why), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "n\0w\0", 4);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(access("./.a.0000000000000000", F_OK), -1); /* no temporary file is left */
}

static void test_file_read_rejects(void **state)
{
	static const struct {
		const char *path;
		size_t max;
		int code;
		const char *reason;
	} rows[] = {
		{"none", 10, CC_ENOTFOUND, "no such file"},
		{"five/x", 10, CC_ENOTFOUND, "a file is no folder"},
		{"five", 4, CC_ELIMIT, "one octet too many"},
		{".", 10, CC_ESYS, "a folder"},
		{"fifo", 10, CC_ESYS, "a fifo must not hang"},
	};

	put_file("five", "12345");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};
		char *data = NULL;
		size_t len;

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_file_read(rows[i].path, rows[i].max, &data, &len, &why),
				 -rows[i].code);
		assert_int_equal(why.code, rows[i].code);
		assert_non_null(strstr(why.text, rows[i].path));
		assert_null(data);
	}
}

static void test_file_write_rejects(void **state)
{
	struct cc_note why = {0};
	struct stat st;

	put_file("victim", "precious");
	assert_int_equal(symlink("victim", ".a.0000000000000000"), 0);
	assert_int_equal(cc_file_write("a", "evil", 4, 0600, false, &why), -CC_ESYS);
	assert_int_equal(stat("victim", &st), 0);
	assert_int_equal(st.st_size, 8);
	assert_int_equal(cc_file_write("none/a", "x", 1, 0600, false, &why), -CC_ESYS);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(cc_file_write("folder", "x", 1, 0600, false, &why), -CC_ESYS);
	assert_int_equal(access(".folder.0000000000000000", F_OK), -1);
}

static void test_file_names(void **state)
{
	static const struct {
		const char *path, *full;
	} rows[] = {
		{"~", "/home/of"}, {"~/x/y", "/home/of/x/y"}, {"x/~", "x/~"},
		{"", ""},	   {"~root", "/root"},
	};
	cc_cleanup(cc_freep) char *joined = cc_file_join("/etc", "x");
	cc_cleanup(cc_freep) char *absolute = cc_file_join("/etc", "/x");

	setenv("HOME", "/home/of", 1);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *full = cc_file_expand(rows[i].path);

		assert_string_equal(full, rows[i].full);
	}
	assert_null(cc_file_expand("~no-such-user-here/x"));
	assert_string_equal(joined, "/etc/x");
	assert_string_equal(absolute, "/x");
}

static void test_pidfile_own(void **state)
{
	cc_cleanup(cc_freep) char *data = NULL;
	char expected[16];
	size_t len;
	int fd = -1;

	put_file("pid", "999999999 stale");
	assert_int_equal(cc_pidfile_open("pid", &fd, NULL), 0);
	assert_int_equal(cc_file_read("pid", 100, &data, &len, NULL), 0);
	snprintf(expected, sizeof(expected), "%d\n", (int)getpid());
	assert_string_equal(data, expected);
	cc_pidfile_close("pid", &fd);
	assert_int_equal(fd, -1);
	assert_int_equal(access("pid", F_OK), -1);
	assert_int_equal(cc_pidfile_open("", &fd, NULL), 0);
	assert_int_equal(cc_pidfile_open(NULL, &fd, NULL), 0);
	assert_int_equal(fd, -1);
	cc_pidfile_close(NULL, &fd);
	assert_int_equal(cc_pidfile_open("none/pid", &fd, NULL), -CC_ESYS);
}

/* Forks a holder of the pidfile "pid", which lives until its end of the pipe hears the end. */
static pid_t holder_start(int *stop)
{
	int ready[2], end[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd;

		close(end[1]);
		if (cc_pidfile_open("pid", &fd, NULL) < 0 || write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(read(end[0], &c, 1) == 0 ? 0 : 1);
	}
	close(ready[1]);
	close(end[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*stop = end[1];
	return pid;
}

static void test_pidfile_other(void **state)
{
	struct cc_note why = {0};
	int stop, status, fd = -1;
	pid_t holder = holder_start(&stop), found = 0;
	char number[16];

	snprintf(number, sizeof(number), "pid %d", (int)holder);
	assert_int_equal(cc_pidfile_open("pid", &fd, &why), -CC_EEXIST);
	assert_non_null(strstr(why.text, number));
	assert_int_equal(fd, -1);
	assert_int_equal(cc_pidfile_find("pid", &found, NULL), 0);
	assert_int_equal(found, holder);
	close(stop);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	/* it died without cleaning up: a stale file is no hindrance */
	assert_int_equal(access("pid", F_OK), 0);
	assert_int_equal(cc_pidfile_find("pid", &found, NULL), -CC_ENOTFOUND);
	assert_int_equal(cc_pidfile_open("pid", &fd, NULL), 0);
	/* another file in its place is not ours to remove */
	assert_int_equal(unlink("pid"), 0);
	put_file("pid", "1\n");
	cc_pidfile_close("pid", &fd);
	assert_int_equal(access("pid", F_OK), 0);
	assert_int_equal(cc_pidfile_find("none", &found, NULL), -CC_ENOTFOUND);
}

/* After a fork the file is the child's: the parent, who goes, must leave it. */
static void test_pidfile_child(void **state)
{
	int fd, status;
	pid_t child;

	assert_int_equal(cc_pidfile_open("pid", &fd, NULL), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(cc_pidfile_write(fd) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	cc_pidfile_close("pid", &fd);
	assert_int_equal(access("pid", F_OK), 0);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_err_text),
	cmocka_unit_test(test_err_note),
	cmocka_unit_test(test_buf_append),
	cmocka_unit_test(test_buf_limit),
	cmocka_unit_test(test_buf_take),
	cmocka_unit_test(test_map_hash),
	cmocka_unit_test(test_map_many),
	cmocka_unit_test(test_list),
	cmocka_unit_test(test_clock),
	cmocka_unit_test(test_ec_keys),
	cmocka_unit_test(test_refusals_are_one_line),
	in_folder(test_file_round),
	in_folder(test_file_read_rejects),
	in_folder(test_file_write_rejects),
	cmocka_unit_test(test_file_names),
	in_folder(test_pidfile_own),
	in_folder(test_pidfile_other),
	in_folder(test_pidfile_child),
};

TEST_MAIN(tests)
