/* SPDX-License-Identifier: ISC */
/* URLs and hosts of configurations. */
#include "tests/test.h"

#include <stdio.h>

#include "lib/base/url.h"
#include "lib/base/util.h"

static void urls_are_read(void **state)
{
	static const struct {
		const char *text, *scheme, *host, *path;
		unsigned port;
		bool address;
	} rows[] = {
		{"https://am.example.org", "https", "am.example.org", "", 0, false},
		{"https://am.example.org/", "https", "am.example.org", "/", 0, false},
		{"HTTPS://AM.Example.org:443/am/3.0", "https", "am.example.org", "/am/3.0", 443,
		 false},
		{"http://127.0.0.1:1/a:b", "http", "127.0.0.1", "/a:b", 1, true},
		{"https://[2001:DB8::1]:65535/x", "https", "2001:db8::1", "/x", 65535, true},
		{"https://[::1]", "https", "::1", "", 0, true},
		{"x://a", "x", "a", "", 0, false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};
		struct cc_url url;

		if (cc_url_read(rows[i].text, &url, &why) != 0)
			fail_msg("%s: %s", rows[i].text, why.text);
		assert_string_equal(url.scheme, rows[i].scheme);
		assert_string_equal(url.host, rows[i].host);
		assert_string_equal(url.path, rows[i].path);
		assert_int_equal(url.port, rows[i].port);
		assert_int_equal(url.address, rows[i].address);
	}
}

static void others_are_refused(void **state)
{
	static const char *const rows[][2] = {
		{"", "it begins with no SCHEME://"},
		{"am.example.org", "it begins with no SCHEME://"},
		{"://a", "it begins with no SCHEME://"},
		{"h2://a", "it begins with no SCHEME://"},
		{"abcdefghijklmnop://a", "it begins with no SCHEME://"},
		{"https://", "no host"},
		{"https:///x", "no host"},
		{"https://:443", "no host"},
		{"https://a..b", "no host"},
		{"https://a_b", "no host"},
		{"https://[1.2.3.4]", "no host"},
		{"https://[::1", "no host"},
		{"https://[]", "no host"},
		{"https://::1/", "no host"},
		{"https://a:", "no port"},
		{"https://a:0", "no port"},
		{"https://a:65536", "no port"},
		{"https://a:000443", "no port"},
		{"https://a:x", "no port"},
		{"https://a:4x", "something behind the host"},
		{"https://[::1]x", "something behind the host"},
		{"https://u@a", "a character that may not be in it"},
		{"https://a/?x", "a character that may not be in it"},
		{"https://a/#x", "a character that may not be in it"},
		{"https://a/ b", "a character that may not be in it"},
		{"https://a/\x01", "a character that may not be in it"},
		{"https://a/\xc3\xa4", "a character that may not be in it"},
	};
	char text[300], wanted[256];
	struct cc_note why = {0};
	struct cc_url url;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		assert_int_equal(cc_url_read(rows[i][0], &url, &why), -CC_EFORMAT);
		snprintf(wanted, sizeof(wanted), "\"%s\" is no URL: %s", rows[i][0], rows[i][1]);
		assert_string_equal(why.text, wanted);
	}
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	memcpy(text, "https://a/", 10);
	text[256] = 0;
	assert_int_equal(cc_url_read(text, &url, &why), -CC_EFORMAT);
	assert_non_null(strstr(why.text, "it is too long"));
	text[255] = 0;
	assert_int_equal(cc_url_read(text, &url, &why), 0);
}

static void hosts_are_judged(void **state)
{
	static const struct {
		const char *host;
		bool local, address, name;
	} rows[] = {
		{"localhost", true, false, true},
		{"LocalHost", true, false, true},
		{"localhost.", true, false, false},
		{"a.localhost", true, false, true},
		{"notlocalhost", false, false, true},
		{"localhost.org", false, false, true},
		{"127.0.0.1", true, true, true},
		{"127.255.1.2", true, true, true},
		{"128.0.0.1", false, true, true},
		{"0.0.0.0", true, true, true},
		{"::1", true, true, false},
		{"::", true, true, false},
		{"::2", false, true, false},
		{"::ffff:127.0.0.1", true, true, false},
		{"::ffff:192.0.2.1", false, true, false},
		{"2001:db8::1", false, true, false},
		{"am.example.org", false, false, true},
		{"a-b.c", false, false, true},
		{"-a", false, false, false},
		{"a-", false, false, false},
		{"a-.b", false, false, false},
		{"a.-b", false, false, false},
		{"a.", false, false, false},
		{"", false, false, false},
		{"a*", false, false, false},
	};
	char label[70];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		if (cc_host_is_local(rows[i].host) != rows[i].local ||
		    cc_host_is_address(rows[i].host) != rows[i].address ||
		    cc_host_is_name(rows[i].host) != rows[i].name)
			fail_msg("%s: %d %d %d", rows[i].host, cc_host_is_local(rows[i].host),
				 cc_host_is_address(rows[i].host), cc_host_is_name(rows[i].host));
	memset(label, 'a', sizeof(label));
	label[64] = 0;
	assert_false(cc_host_is_name(label));
	label[63] = 0;
	assert_true(cc_host_is_name(label));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(urls_are_read),
	cmocka_unit_test(others_are_refused),
	cmocka_unit_test(hosts_are_judged),
};

TEST_MAIN(tests)
