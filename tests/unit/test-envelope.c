/* SPDX-License-Identifier: ISC */
#include "lib/cc/envelope.h"

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "tests/test.h"

static int parse(const char *text)
{
	json_t *json = NULL;
	int r = cc_json_parse(text, strlen(text), &json);

	assert_true((r == 0) == (json != NULL));
	json_decref(json);
	return r;
}

/* {"a": with n more levels inside }, of objects or arrays. */
static char *nested(unsigned n, bool arrays)
{
	struct cc_buf b = CC_BUF_INIT(0);

	cc_buf_puts(&b, "{\"a\": ");
	for (unsigned i = 0; i < n; i++)
		cc_buf_puts(&b, arrays ? "[" : i + 1 < n ? "{\"a\": " : "{");
	for (unsigned i = 0; i < n; i++)
		cc_buf_puts(&b, arrays ? "]" : "}");
	cc_buf_puts(&b, "}");
	return cc_buf_take(&b);
}

static void test_depth(void **state)
{
	for (unsigned arrays = 0; arrays <= 1; arrays++) {
		cc_cleanup(cc_freep) char *most = nested(CC_JSON_DEPTH - 1, arrays);
		cc_cleanup(cc_freep) char *more = nested(CC_JSON_DEPTH, arrays);

		assert_int_equal(parse(most), 0);
		assert_int_equal(parse(more), CC_JSON_TOO_DEEP);
		assert_int_equal(cc_json_depth(most, strlen(most), 32), 32);
		assert_int_equal(cc_json_depth(more, strlen(more), 40), 33);
		assert_int_equal(cc_json_depth(more, strlen(more), 3), 4); /* the scan stops */
	}
}

#define BOMB "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["

static void test_depth_counts_no_strings(void **state)
{
	assert_int_equal(parse("{\"a\": \"" BOMB "\"}"), 0);
	assert_int_equal(parse("{\"" BOMB "\": 1}"), 0);
	assert_int_equal(parse("{\"a\": \"\\\"" BOMB "\"}"), 0);
	assert_int_equal(parse("{\"a\": \"\\\\\", \"b\": \"" BOMB "\"}"), 0);
	assert_int_equal(parse("{\"a\": \"\\\\\", \"b\": " BOMB), CC_JSON_TOO_DEEP);
	assert_int_equal(parse("{\"a\": [], \"b\": [], \"c\": {}}"), 0); /* closed again */
	assert_int_equal(cc_json_depth("]]]{}", 5, 32), 1);
	assert_int_equal(cc_json_depth("\"\\", 2, 32), 0); /* the text ends within an escape */
}

static void test_rejects(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: to the NUL */
		int fault;
		const char *reason;
	} rows[] = {
		{"{}", 0, 0, "the least object"},
		{" \n{\"a\": 1e2}\t ", 0, 0, "white space around it"},
		{"", 0, CC_JSON_SYNTAX, "nothing"},
		{"nojson", 0, CC_JSON_SYNTAX, "a word"},
		{"{", 0, CC_JSON_SYNTAX, "cut off"},
		{"{\"a\": 1,}", 0, CC_JSON_SYNTAX, "a comma too many"},
		{"{'a': 1}", 0, CC_JSON_SYNTAX, "Python's quotes"},
		{"{\"a\": NaN}", 0, CC_JSON_SYNTAX, "not a number"},
		{"{} x", 0, CC_JSON_SYNTAX, "something after it"},
		{"{}{}", 0, CC_JSON_SYNTAX, "a second object after it"},
		{"{}\0", 3, CC_JSON_SYNTAX, "a NUL after it"},
		{"{\"a\": \"x\0y\"}", 12, CC_JSON_SYNTAX, "a NUL in a string"},
		{"{\"a\": \"\\u0000\"}", 0, CC_JSON_SYNTAX, "an escaped NUL in a string"},
		{"{\"\\u0000\": 1}", 0, CC_JSON_SYNTAX, "an escaped NUL in a key"},
		{"{\"a\": \"\xff\"}", 0, CC_JSON_SYNTAX, "not UTF-8"},
		{"{\"a\": \"\xc0\xaf\"}", 0, CC_JSON_SYNTAX, "overlong UTF-8"},
		{"{\"a\": \"\xed\xa0\x80\"}", 0, CC_JSON_SYNTAX, "a surrogate in UTF-8"},
		{"{\"a\": \"\\ud800\"}", 0, CC_JSON_SYNTAX, "half a surrogate pair"},
		{"\xef\xbb\xbf{}", 0, CC_JSON_SYNTAX, "a byte order mark"},
		{"{\"a\": 1e999}", 0, CC_JSON_SYNTAX, "a number that no float holds"},
		{"{\"a\": 1, \"a\": 1}", 0, CC_JSON_DUPLICATE, "a key twice"},
		{"{\"a\": 1, \"\\u0061\": 2}", 0, CC_JSON_DUPLICATE, "a key twice, once escaped"},
		{"{\"a\": {\"b\": 1, \"b\": 2}}", 0, CC_JSON_DUPLICATE, "a key twice further in"},
		{"{\"a\": 1, \"b\": {\"a\": 1}}", 0, 0, "the same key in two objects"},
		{"[1]", 0, CC_JSON_NOT_OBJECT, "an array"},
		{"\"x\"", 0, CC_JSON_NOT_OBJECT, "a string"},
		{"5", 0, CC_JSON_NOT_OBJECT, "a number"},
		{"null", 0, CC_JSON_NOT_OBJECT, "null"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);
		json_t *json = NULL;

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_json_parse(rows[i].text, len, &json), rows[i].fault);
		json_decref(json);
	}
}

/* As json.dumps of Python writes them; only the hex digits of its escapes are small ones. */
static void test_written_form(void **state)
{
	static const struct {
		const char *json, *written;
	} rows[] = {
		{"{}", "{}"},
		{"{\"b\":1,\"a\":[ ]}", "{\"b\": 1, \"a\": []}"}, /* in order of insertion */
		{"{\"a\":[1,-2,true,null,{\"b\":\"\"}]}",
		 "{\"a\": [1, -2, true, null, {\"b\": \"\"}]}"},
		{"{\"time\":1400000000.25,\"one\":1.0}", "{\"time\": 1400000000.25, \"one\": 1.0}"},
		{"{\"a\":\"/\\\"\\\\\\b\\f\\n\\r\\t\\u001f\"}",
		 "{\"a\": \"/\\\"\\\\\\b\\f\\n\\r\\t\\u001F\"}"},
		{"{\"a\":\"\xc3\xa9\xe2\x82\xac\"}", "{\"a\": \"\\u00E9\\u20AC\"}"},
		{"{\"a\":\"\xf0\x9f\x98\x80\"}", "{\"a\": \"\\uD83D\\uDE00\"}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_buf b = CC_BUF_INIT(0);
		json_t *json = NULL;

		assert_int_equal(cc_json_parse(rows[i].json, strlen(rows[i].json), &json), 0);
		assert_int_equal(cc_json_write(json, &b), 0);
		assert_string_equal((char *)b.data, rows[i].written);
		json_decref(json);
		cc_buf_deinit(&b);
	}
}

static void test_write_limit(void **state)
{
	struct cc_buf b = CC_BUF_INIT(10);
	json_t *json = json_pack("{s:s}", "key", "longer than that");

	assert_int_equal(cc_json_write(json, &b), -CC_ELIMIT);
	cc_buf_deinit(&b);
	json_decref(json);
}

static void test_blob_hash(void **state)
{
	static const struct {
		const char *blob;
		bool sha1;
		const char *hash;
	} rows[] = {
		{"abc", true, "SHA-1:a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"", true, "SHA-1:da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"abc", false,
		 "SHA-256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"", false,
		 "SHA-256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_bytes blob = {(const uint8_t *)rows[i].blob, strlen(rows[i].blob)};
		char hash[CC_BLOB_HASH_SIZE];

		assert_int_equal(cc_blob_hash(blob, rows[i].sha1, hash), 0);
		assert_string_equal(hash, rows[i].hash);
	}
}

static void test_fill(void **state)
{
	static const struct {
		const char *blob; /* NULL: none */
		bool sha1;
		const char *hash;
	} rows[] = {
		{NULL, false, ""},
		{NULL, true, ""},
		{"", true, "SHA-1:da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"abc", false,
		 "SHA-256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_bytes blob = {(const uint8_t *)rows[i].blob,
					rows[i].blob ? strlen(rows[i].blob) : 0};
		json_t *body = json_pack("{s:s, s:i}", "req", "another", "kept", 1);
		const char *req, *hostname, *hash;
		double time;

		assert_int_equal(cc_envelope_fill(body, "echo.request", blob, rows[i].sha1), 0);
		assert_int_equal(json_object_size(body), 5);
		assert_int_equal(json_unpack(body, "{s:s, s:s, s:s, s:f}", "req", &req, "hostname",
					     &hostname, "blob_hash", &hash, "time", &time),
				 0);
		assert_string_equal(req, "echo.request");
		assert_string_equal(hostname, cc_hostname());
		assert_string_equal(hash, rows[i].hash);
		assert_true(time <= cc_clock_wall() && time > cc_clock_wall() - 60);
		json_decref(body);
	}
}

static void test_request_ids(void **state)
{
	static const struct {
		const char *id;
		bool valid;
		const char *reason;
	} rows[] = {
		{"0123456789abcdef0123456789abcdef", true, "32 hex digits"},
		{"0123456789abcdef0123456789abcde", false, "31"},
		{"0123456789abcdef0123456789abcdef0", false, "33"},
		{"0123456789ABCDEF0123456789ABCDEF", false, "capitals: two spellings of one id"},
		{"0123456789abcdef0123456789abcdeg", false, "not hex"},
		{"0123456789abcdef0123456789abcde\n", false, "newline"},
		{"", false, "empty"},
	};
	char one[CC_ID_HEX + 1], two[CC_ID_HEX + 1];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_request_id_valid(rows[i].id), rows[i].valid);
	}
	assert_int_equal(cc_request_id(one), 0);
	assert_int_equal(cc_request_id(two), 0);
	assert_true(cc_request_id_valid(one) && cc_request_id_valid(two));
	assert_string_not_equal(one, two);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_depth),	    cmocka_unit_test(test_depth_counts_no_strings),
	cmocka_unit_test(test_rejects),	    cmocka_unit_test(test_written_form),
	cmocka_unit_test(test_write_limit), cmocka_unit_test(test_blob_hash),
	cmocka_unit_test(test_fill),	    cmocka_unit_test(test_request_ids),
};

TEST_MAIN(tests)
