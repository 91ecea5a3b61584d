/* SPDX-License-Identifier: ISC */
/* What a testbed may be called outside, and where a listener may listen. */
#include "daemons/ambridge/names.h"

#include <string.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/listener.h"
#include "lib/base/util.h"
#include "tests/test.h"

#define U(authority) "urn:publicid:IDN+" authority "+authority+am"

static void test_refused(void **state)
{
	static const struct {
		const char *urn, *host, *why; /* why NULL: good */
	} rows[] = {
		{U("plc"), "", NULL},
		{U("example.net"), "example.net", NULL},
		{U("plc:site"), "am.example.net", NULL},
		{U("192.0.2.1"), "192.0.2.1", NULL},
		{U("localhost.example.net.not"), "", "another host"},
		{U("mylocalhost"), "localhostess.example", NULL},
		{"", "", "urn is not set"},
		{"plc", "", "urn = plc"},
		{"urn:publicid:IDN+plc+user+am", "", "not of type authority"},
		{U("localhost"), "", "another host for everybody else"},
		{U("LocalHost"), "", "another host for everybody else"},
		{U("localhost:sub"), "", "another host for everybody else"},
		{U("localhost.localdomain"), "", "another host for everybody else"},
		{U("a.localhost"), "", "another host for everybody else"},
		{U("127.0.0.1"), "", "another host for everybody else"},
		{U("127.1.2.3"), "", "another host for everybody else"},
		{U("0.0.0.0"), "", "another host for everybody else"},
		{U("plc"), "localhost", "public-host = localhost"},
		{U("plc"), "127.0.0.1", "public-host = 127.0.0.1"},
		{U("plc"), "::1", "public-host = ::1"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};
		int r = ab_names_check(rows[i].urn, rows[i].host, &why);

		print_message("# %s %s\n", rows[i].urn, rows[i].host);
		assert_int_equal(r, rows[i].why ? -CC_EINVAL : 0);
		if (rows[i].why && !strstr(why.text, rows[i].why))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].why);
	}
}

static void add(void *arg, const char *text)
{
	char *all = arg;

	strcat(all, text);
	strcat(all, "|");
}

static void test_warnings(void **state)
{
	static const struct {
		const char *urn, *host, *what; /* what NULL: nothing */
	} rows[] = {
		{U("plc"), "am.example.net", NULL},
		{"urn:publicid:IDN+plc+authority+cm", "am.example.net", NULL},
		{"urn:publicid:IDN+plc+authority+sa", "am.example.net", "is am, or cm"},
		{U("192.0.2.1"), "am.example.net", "names an IP address"},
		{U("plc:sub"), "am.example.net", "sub-authority"},
		{U("plc"), "192.0.2.1", "public-host = 192.0.2.1 is an IP address"},
		{U("plc"), "2001:db8::1", "is an IP address"},
		{U("plc"), "", "public-host is not set"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char all[2048] = "";

		print_message("# %s %s\n", rows[i].urn, rows[i].host);
		ab_names_warn(rows[i].urn, rows[i].host, add, all);
		if (!rows[i].what)
			assert_string_equal(all, "");
		else if (!strstr(all, rows[i].what))
			fail_msg("\"%s\" does not say \"%s\"", all, rows[i].what);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool loopback;
		const char *why; /* NULL: good */
	} rows[] = {
		{"0.0.0.0:443", false, NULL},
		{"[::]:443", false, NULL},
		{"192.0.2.1:1", false, NULL},
		{"127.0.0.1:9", true, NULL},
		{"127.9.9.9:9", true, NULL},
		{"[::1]:9", true, NULL},
		{"0.0.0.0:9", true, "not of this host alone"},
		{"[::]:9", true, "not of this host alone"},
		{"192.0.2.1", false, "has no port"},
		{"192.0.2.1:0", false, "no address with a port"},
		{"192.0.2.1:65536", false, "no address with a port"},
		{"host:443", false, "no address with a port"},
		{"", false, "no address with a port"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};
		int r = ab_socket_check(rows[i].text, rows[i].loopback, &why);

		print_message("# %s\n", rows[i].text);
		assert_int_equal(r, rows[i].why ? -CC_EINVAL : 0);
		if (rows[i].why && !strstr(why.text, rows[i].why))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].why);
	}
}

static void test_titles(void **state)
{
	assert_string_equal(ab_listener_name("l:am"), "am");
	assert_string_equal(ab_listener_name("am"), "am");
	assert_string_equal(ab_listener_name("l:"), "l:");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_refused),
	cmocka_unit_test(test_warnings),
	cmocka_unit_test(test_addresses),
	cmocka_unit_test(test_titles),
};

TEST_MAIN(tests)
