/* SPDX-License-Identifier: ISC */
/* The lines of a backup: what is not one is refused, also when there is no memory. */
#include "lib/base/util.h"
#include "lib/store/base64.h"
#include "lib/store/line.h"
#include "tests/unit/fail-alloc.h"

#define HEADER                                                                                     \
	"{\"format\": \"ccfed-store-backup\", \"version\": 1, \"schema\": 2, \"store\": \"x\","    \
	" \"tables\": []}"
#define ROW "{\"table\": \"t\", \"values\": [1, \"text\", \"AAH/\", null]}"

static struct st_table table = {.name = (char *)"t",
				.n = 4,
				.column = {{.name = (char *)"i", .kind = ST_INT},
					   {.name = (char *)"t", .kind = ST_TEXT},
					   {.name = (char *)"b", .kind = ST_BYTES},
					   {.name = (char *)"n", .kind = ST_BYTES}}};

static int parse(const char *text)
{
	struct st_line_values v = {0};
	struct st_line l;
	int r = st_line_parse(text, strlen(text), &l);

	if (r)
		return r;
	if (l.kind == ST_LINE_ROW)
		r = st_line_values(&l, &table, &v);
	st_line_values_deinit(&v);
	st_line_deinit(&l);
	return r;
}

static void test_lines(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *why;
	} rows[] = {
		{HEADER, 0, "a header"},
		{ROW, 0, "a row"},
		{"{\"rows\": {}, \"sha256\": \"00\"}", 0, "an end"},
		{"", -CC_EFORMAT, "nothing"},
		{"[]", -CC_EFORMAT, "not an object"},
		{"{}", -CC_EFORMAT, "nothing in it"},
		{ROW ROW, -CC_EFORMAT, "two on a line"},
		{"{\"table\": \"t\", \"table\": \"t\", \"values\": []}", -CC_EFORMAT,
		 "a key twice"},
		{"{\"format\": \"other\", \"version\": 1, \"schema\": 2, \"store\": \"x\", "
		 "\"tables\": []}",
		 -CC_EFORMAT, "another format"},
		{"{\"format\": \"ccfed-store-backup\", \"version\": 2, \"schema\": 2, \"store\": "
		 "\"x\","
		 " \"tables\": []}",
		 -CC_EFORMAT, "another version"},
		{"{\"format\": \"ccfed-store-backup\", \"version\": 1, \"schema\": 0, \"store\": "
		 "\"x\","
		 " \"tables\": []}",
		 -CC_EFORMAT, "no schema"},
		{"{\"format\": \"ccfed-store-backup\", \"version\": 1, \"schema\": 2, \"tables\": "
		 "[]}",
		 -CC_EFORMAT, "no store"},
		{"{\"rows\": {}, \"sha256\": 1}", -CC_EFORMAT, "a checksum that is none"},
		{"{\"rows\": [], \"sha256\": \"00\"}", -CC_EFORMAT, "rows that are none"},
		{"{\"table\": \"t\", \"values\": {}}", -CC_EFORMAT, "values that are none"},
		{"{\"table\": \"t\", \"values\": [1, \"\", \"\"]}", -CC_EFORMAT, "a value too few"},
		{"{\"table\": \"t\", \"values\": [1, \"\", \"\", \"\", 1]}", -CC_EFORMAT,
		 "one too many"},
		{"{\"table\": \"t\", \"values\": [\"1\", \"\", \"\", \"\"]}", -CC_EFORMAT,
		 "a text for a number"},
		{"{\"table\": \"t\", \"values\": [1.5, \"\", \"\", \"\"]}", -CC_EFORMAT,
		 "not a whole number"},
		{"{\"table\": \"t\", \"values\": [99999999999999999999, \"\", \"\", \"\"]}",
		 -CC_EFORMAT, "too large a number"},
		{"{\"table\": \"t\", \"values\": [1, 2, \"\", \"\"]}", -CC_EFORMAT,
		 "a number for a text"},
		{"{\"table\": \"t\", \"values\": [1, \"a\\u0000\", \"\", \"\"]}", -CC_EFORMAT,
		 "a NUL"},
		{"{\"table\": \"t\", \"values\": [1, \"\", \"A\", \"\"]}", -CC_EFORMAT,
		 "base64 cut"},
		{"{\"table\": \"t\", \"values\": [1, \"\", \"AA=A\", \"\"]}", -CC_EFORMAT,
		 "base64 odd"},
		{"{\"table\": \"t\", \"values\": [1, \"\", \"AAF=\", \"\"]}", -CC_EFORMAT,
		 "stray bits"},
		{"{\"table\": \"t\", \"values\": [1, \"\", \"AA==AAAA\", \"\"]}", -CC_EFORMAT,
		 "an end inside"},
		{"{\"table\": \"t\", \"values\": [1, \"\", \"A A=\", \"\"]}", -CC_EFORMAT,
		 "a space"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		if (parse(rows[i].text) != rows[i].r)
			fail_msg("%s: %d", rows[i].why, parse(rows[i].text));
}

static void test_base64(void **state)
{
	uint8_t octets[64];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len < sizeof(octets); len++) {
		struct cc_buf text = CC_BUF_INIT(200), back = CC_BUF_INIT(200);

		assert_int_equal(st_base64_put(&text, octets, len), 0);
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_int_equal(st_base64_get(&back, (char *)text.data, text.len), 0);
		assert_int_equal(back.len, len);
		if (len)
			assert_memory_equal(back.data, octets, len);
		cc_buf_deinit(&text);
		cc_buf_deinit(&back);
	}
}

static int write_line(struct cc_buf *out)
{
	const struct st_value values[] = {st_int(1), st_text("text"), st_bytes("\0\1\xff", 3),
					  st_null()};
	const struct st_tables tables = {.n = 1, .table = {&table}};
	const uint64_t rows[] = {1};
	int r = st_line_put_header(out, &tables, 2, "x", 1);

	if (!r)
		r = st_line_put_row(out, &table, values);
	return r ? r : st_line_put_end(out, &tables, rows, "00");
}

/* Whichever allocation fails, it is an error and nothing else. */
static void test_no_memory(void **state)
{
	static const char *const texts[] = {HEADER, ROW};
	int r = 0;

	json_set_alloc_funcs(malloc, free);
	for (size_t i = 0; i < CC_ARRAY_SIZE(texts); i++) {
		long n = 0;

		do {
			alloc_fail_after(n++);
			r = parse(texts[i]);
			/* jansson does not always say what it failed of */
			if (alloc_failed)
				assert_true(r == -CC_ENOMEM || r == -CC_EFORMAT);
		} while (alloc_failed);
		assert_int_equal(r, 0);
		assert_true(n > 3);
	}
	for (long n = 0;; n++) {
		struct cc_buf out = CC_BUF_INIT(10000);

		alloc_fail_after(n);
		r = write_line(&out);
		alloc_left = -1;
		if (alloc_failed)
			assert_int_equal(r, -CC_ENOMEM);
		cc_buf_deinit(&out);
		if (!alloc_failed)
			break;
	}
	assert_int_equal(r, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_lines),
	cmocka_unit_test(test_base64),
	cmocka_unit_test(test_no_memory),
};

TEST_MAIN(tests)
