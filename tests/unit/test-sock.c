/* SPDX-License-Identifier: ISC */
/* What a server may bind: an ipc path that a live server has, or that is no socket, is not free. */
#include "lib/cc/sock.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/base/util.h"
#include "tests/unit/folder.h"

/* A socket at a path; listening or only bound, as a server leaves it that was killed. */
static int socket_at(const char *path, int backlog)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static int connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, path);
	connect(fd, (struct sockaddr *)&at, sizeof(at)); /* fails when the queue is full */
	return fd;
}

static void test_nobodys(void **state)
{
	static const char *const urls[] = {
		"tcp://127.0.0.1:1", "ipc://absent", "ipc://@name", "ipc://*", "ipc://none/absent",
	};
	struct cc_note why = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(urls); i++) {
		print_message("# %s\n", urls[i]);
		assert_int_equal(cc_sock_check_free(urls[i], &why), 0);
	}
}

static void test_stale(void **state)
{
	struct cc_note why = {0};

	close(socket_at("left", 5));
	assert_int_equal(cc_sock_check_free("ipc://left", &why), 0);
	close(socket_at("never", -1));
	assert_int_equal(cc_sock_check_free("ipc://never", &why), 0);
	assert_int_equal(access("left", F_OK), 0); /* a look takes nothing away */
}

static void test_taken(void **state)
{
	cc_cleanup(cc_closep) int fd = socket_at("live", 5);
	struct cc_note why = {0};

	assert_int_equal(cc_sock_check_free("ipc://live", &why), -CC_EEXIST);
	assert_non_null(strstr(why.text, "another process listens on live"));
	assert_true(fd >= 0);
}

/* One that has no time to accept is there all the same. */
static void test_busy(void **state)
{
	cc_cleanup(cc_closep) int fd = socket_at("busy", 0);
	int callers[4];
	struct cc_note why = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(callers); i++)
		callers[i] = connect_to("busy");
	assert_int_equal(cc_sock_check_free("ipc://busy", &why), -CC_EEXIST);
	for (size_t i = 0; i < CC_ARRAY_SIZE(callers); i++)
		close(callers[i]);
	assert_true(fd >= 0);
}

static void test_no_socket(void **state)
{
	struct cc_note why = {0};

	put_file("file", "kept");
	mkdir("folder", 0700);
	assert_int_equal(cc_sock_check_free("ipc://file", &why), -CC_EEXIST);
	assert_non_null(strstr(why.text, "no socket"));
	assert_int_equal(cc_sock_check_free("ipc://folder", &why), -CC_EEXIST);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	in_folder(test_nobodys), in_folder(test_stale),	    in_folder(test_taken),
	in_folder(test_busy),	 in_folder(test_no_socket),
};

TEST_MAIN(tests)
