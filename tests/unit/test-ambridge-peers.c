/* SPDX-License-Identifier: ISC */
/* Connections of each address. */
#include "daemons/ambridge/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/util.h"
#include "tests/test.h"

static struct sockaddr *address(const char *text)
{
	static struct sockaddr_storage out;
	struct sockaddr_in *four = (struct sockaddr_in *)&out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out;

	memset(&out, 0, sizeof(out));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		out.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		out.ss_family = AF_INET6;
	else
		out.ss_family = AF_UNIX;
	return (struct sockaddr *)&out;
}

static void test_same(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"::1", "127.0.0.1", false},
		/* 4 octets of one family are not 4 of the other */
		{"192.0.2.1", "c000:201::", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_peer *a, *b;
		struct ab_peers p;

		print_message("# %s, %s\n", rows[i].a, rows[i].b);
		ab_peers_init(&p);
		assert_int_equal(ab_peers_enter(&p, address(rows[i].a), 9, &a), 0);
		assert_int_equal(ab_peers_enter(&p, address(rows[i].b), 9, &b), 0);
		assert_int_equal(a == b, rows[i].same);
		assert_int_equal(a->connections, rows[i].same ? 2 : 1);
		assert_int_equal(p.map.count, rows[i].same ? 1 : 2);
		ab_peers_leave(&p, a);
		ab_peers_leave(&p, b);
		assert_int_equal(p.map.count, 0);
		ab_peers_deinit(&p);
	}
}

static void test_limit(void **state)
{
	struct ab_peer *peers[3], *other;
	struct ab_peers p;

	ab_peers_init(&p);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ab_peers_enter(&p, address("192.0.2.1"), 3, &peers[i]), 0);
	assert_int_equal(ab_peers_enter(&p, address("192.0.2.1"), 3, &other), -CC_ELIMIT);
	assert_int_equal(peers[0]->connections, 3);
	assert_int_equal(ab_peers_enter(&p, address("192.0.2.9"), 3, &other), 0);
	ab_peers_leave(&p, other);
	ab_peers_leave(&p, peers[0]);
	assert_int_equal(ab_peers_enter(&p, address("192.0.2.1"), 3, &other), 0);
	assert_int_equal(ab_peers_enter(&p, address("/a/path"), 3, &other), -CC_EFORMAT);
	assert_int_equal(ab_peers_enter(&p, address("192.0.2.7"), 0, &other), -CC_ELIMIT);
	for (int i = 0; i < 3; i++)
		ab_peers_leave(&p, peers[1]);
	assert_int_equal(p.map.count, 0);
	ab_peers_deinit(&p);
}

static void test_text(void **state)
{
	char text[AB_ADDRESS_TEXT];

	assert_string_equal(ab_address_text(address("192.0.2.1"), text), "192.0.2.1");
	assert_string_equal(ab_address_text(address("::ffff:192.0.2.1"), text), "192.0.2.1");
	assert_string_equal(ab_address_text(address("2001:db8::1"), text), "2001:db8::1");
	assert_string_equal(ab_address_text(address("x"), text), "?");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_same),
	cmocka_unit_test(test_limit),
	cmocka_unit_test(test_text),
};

TEST_MAIN(tests)
