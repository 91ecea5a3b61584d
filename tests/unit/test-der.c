/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>

#include "lib/cc/der.h"

#define BYTES(...) (struct cc_bytes) CC_DER_LITERAL(__VA_ARGS__)

/* The octets in a block of their own size, so that a sanitizer sees every read past the end. */
static bool next_of(struct cc_bytes octets, struct cc_der *out, size_t *left)
{
	uint8_t *copy = malloc(octets.len ? octets.len : 1);
	struct cc_bytes in = {copy, octets.len};
	bool ok;

	assert_non_null(copy);
	memcpy(copy, octets.data, octets.len);
	ok = cc_der_next(&in, out);
	*left = in.len;
	free(copy);
	return ok;
}

static const struct {
	struct cc_bytes in;
	uint8_t tag;
	size_t body, left;
} good[] = {
	{CC_DER_LITERAL(0x05, 0x00), 0x05, 0, 0},
	{CC_DER_LITERAL(0x04, 0x02, 1, 2), 0x04, 2, 0},
	{CC_DER_LITERAL(0x30, 0x01, 9, 0x05, 0x00), 0x30, 1, 2},
	{CC_DER_LITERAL(0xa0, 0x00, 7), 0xa0, 0, 1},
};

static void accepts_minimal_frames(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(good); i++) {
		struct cc_der d;
		size_t left;

		assert_true(next_of(good[i].in, &d, &left));
		assert_int_equal(d.tag, good[i].tag);
		assert_int_equal(d.body.len, good[i].body);
		assert_int_equal(d.whole.len, good[i].in.len - good[i].left);
		assert_int_equal(left, good[i].left);
	}
}

static const struct {
	const char *why;
	struct cc_bytes in;
} bad[] = {
	{"empty", {(const uint8_t *)"", 0}},
	{"tag alone", CC_DER_LITERAL(0x30)},
	{"body cut", CC_DER_LITERAL(0x04, 0x02, 1)},
	{"tag of several octets", CC_DER_LITERAL(0x1f, 0x81, 0x00, 0x00)},
	{"indefinite length", CC_DER_LITERAL(0x30, 0x80, 0x00, 0x00)},
	{"long form of a short length", CC_DER_LITERAL(0x04, 0x81, 0x01, 0xff)},
	{"long form of 127", CC_DER_LITERAL(0x04, 0x81, 0x7f)},
	{"leading zero in the length", CC_DER_LITERAL(0x04, 0x82, 0x00, 0x80)},
	{"length octets cut", CC_DER_LITERAL(0x04, 0x82, 0x01)},
	{"all length octets missing", CC_DER_LITERAL(0x04, 0x84)},
	{"length of 5 octets", CC_DER_LITERAL(0x04, 0x85, 0x01, 0, 0, 0, 0)},
	{"reserved length", CC_DER_LITERAL(0x04, 0xff, 0x00)},
	{"4 GiB promised", CC_DER_LITERAL(0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0)},
};

static void refuses_all_else(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad); i++) {
		struct cc_der d;
		size_t left;

		if (next_of(bad[i].in, &d, &left))
			fail_msg("accepted: %s", bad[i].why);
		assert_int_equal(left, bad[i].in.len);
	}
}

static void takes_only_what_is_asked_for(void **state)
{
	struct cc_bytes in = BYTES(0x02, 0x01, 0x07, 0x05, 0x00), body;

	assert_false(cc_der_take(&in, CC_DER_OCTETS, &body));
	assert_int_equal(in.len, 5);
	assert_true(cc_der_peek(in, CC_DER_INTEGER));
	assert_true(cc_der_take(&in, CC_DER_INTEGER, &body));
	assert_true(cc_bytes_equal(body, BYTES(0x07)));
	assert_false(cc_der_skip(&in, BYTES(0x05, 0x00, 0x00)));
	assert_false(cc_der_skip(&in, BYTES(0x05, 0x01)));
	assert_true(cc_der_skip(&in, BYTES(0x05, 0x00)));
	assert_int_equal(in.len, 0);
	assert_false(cc_der_peek(in, CC_DER_NULL));
	assert_false(cc_der_take(&in, CC_DER_NULL, &body));
}

static void orders_as_a_set_of(void **state)
{
	assert_true(cc_der_compare(BYTES(0x30, 0x18), BYTES(0x30, 0x1c)) < 0);
	assert_true(cc_der_compare(BYTES(0x31), BYTES(0x30, 0xff)) > 0);
	assert_true(cc_der_compare(BYTES(0x30), BYTES(0x30, 0x00)) < 0);
	assert_true(cc_der_compare(BYTES(0x30, 0x00), BYTES(0x30)) > 0);
	assert_int_equal(cc_der_compare(BYTES(0x30), BYTES(0x30)), 0);
	assert_true(cc_bytes_equal((struct cc_bytes){NULL, 0}, (struct cc_bytes){NULL, 0}));
	assert_false(cc_bytes_equal(BYTES(1), BYTES(2)));
}

static void writes_what_it_reads(void **state)
{
	static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 1u << 24};

	for (size_t i = 0; i < CC_ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i], size = cc_der_size(len);
		uint8_t *whole = calloc(1, size), *body;
		struct cc_bytes in = {whole, size};
		struct cc_der d;

		assert_non_null(whole);
		body = cc_der_put_header(whole, CC_DER_OCTETS, len);
		assert_int_equal(body - whole, cc_der_header_size(len));
		assert_true(body - whole <= CC_DER_HEADER_MAX);
		assert_true(cc_der_next(&in, &d));
		assert_ptr_equal(d.body.data, body);
		assert_int_equal(d.body.len, len);
		assert_int_equal(in.len, 0);
		free(whole);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(accepts_minimal_frames),	cmocka_unit_test(refuses_all_else),
	cmocka_unit_test(takes_only_what_is_asked_for), cmocka_unit_test(orders_as_a_set_of),
	cmocka_unit_test(writes_what_it_reads),
};

TEST_MAIN(tests)
