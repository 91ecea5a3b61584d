/* SPDX-License-Identifier: ISC */
/* Text, base64 and times of the XML we write and read. */
#include "lib/xml/write.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "lib/base/err.h"
#include "lib/base/util.h"
#include "lib/xml/c14n.h"
#include "lib/xml/doc.h"
#include "tests/test.h"

#define OCTETS(literal) literal, sizeof(literal) - 1

static void test_escapes(void **state)
{
	static const struct {
		const char *why, *plain;
		size_t len;
		const char *text, *attribute;
	} rows[] = {
		{"nothing", OCTETS(""), "", ""},
		{"markup", OCTETS("<a b='c'>&\"d\"</a>"), "&lt;a b='c'&gt;&amp;\"d\"&lt;/a&gt;",
		 "&lt;a b='c'>&amp;&quot;d&quot;&lt;/a>"},
		{"white space", OCTETS(" \t\r\n "), " \t&#xD;\n ", " &#x9;&#xD;&#xA; "},
		{"the end of CDATA", OCTETS("]]>"), "]]&gt;", "]]>"},
		{"other letters", OCTETS("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
		 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"the first and last of each length",
		 OCTETS("\x20\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80"
			"\xf4\x8f\xbf\xbf"),
		 "\x20\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
		 "\x20\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf"
		 "\xbf"},
		{"around the pairs", OCTETS("\xed\x9f\xbf\xee\x80\x80"), "\xed\x9f\xbf\xee\x80\x80",
		 "\xed\x9f\xbf\xee\x80\x80"},
		{"a NUL", OCTETS("a\0b"), NULL, NULL},
		{"a control character", OCTETS("a\x1f"), NULL, NULL},
		{"a lone octet of the middle", OCTETS("a\x80"), NULL, NULL},
		{"cut off", OCTETS("\xe2\x82"), NULL, NULL},
		{"broken off", OCTETS("\xe2\x82z"), NULL, NULL},
		{"longer than it needs be, 2", OCTETS("\xc1\xbf"), NULL, NULL},
		{"longer than it needs be, 3", OCTETS("\xe0\x9f\xbf"), NULL, NULL},
		{"longer than it needs be, 4", OCTETS("\xf0\x8f\xbf\xbf"), NULL, NULL},
		{"the first of a pair", OCTETS("\xed\xa0\x80"), NULL, NULL},
		{"the last of a pair", OCTETS("\xed\xbf\xbf"), NULL, NULL},
		{"no character, U+FFFE", OCTETS("\xef\xbf\xbe"), NULL, NULL},
		{"no character, U+FFFF", OCTETS("\xef\xbf\xbf"), NULL, NULL},
		{"beyond the last", OCTETS("\xf4\x90\x80\x80"), NULL, NULL},
		{"five octets", OCTETS("\xf8\x88\x80\x80\x80"), NULL, NULL},
	};
	static int (*const put[])(struct cc_buf *, const char *, size_t) = {xs_put_text,
									    xs_put_attribute};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		for (int attribute = 0; attribute < 2; attribute++) {
			const char *wanted = attribute ? rows[i].attribute : rows[i].text;
			struct cc_buf b = {0};
			int r;

			cc_buf_puts(&b, "=");
			r = put[attribute](&b, rows[i].plain, rows[i].len);
			if (r != (wanted ? 0 : -CC_EFORMAT) || r != b.err)
				fail_msg("%s: %d", rows[i].why, r);
			if (wanted && strcmp((char *)b.data + 1, wanted) != 0)
				fail_msg("%s: %s", rows[i].why, b.data);
			cc_buf_deinit(&b);
		}
	}
}

/* A failure stays: nobody needs to look after each call. */
static void test_first_error(void **state)
{
	struct cc_buf b = CC_BUF_INIT(4);

	assert_int_equal(xs_put_text(&b, OCTETS("abcde")), -CC_ELIMIT);
	assert_int_equal(xs_put_text(&b, OCTETS("\x01")), -CC_ELIMIT);
	assert_int_equal(xs_put_time(&b, -1), -CC_ELIMIT);
	assert_int_equal(xs_put_base64(&b, OCTETS("a"), 0), -CC_ELIMIT);
	cc_buf_reset(&b);
	assert_int_equal(xs_put_attribute(&b, OCTETS("\xff")), -CC_EFORMAT);
	assert_int_equal(cc_buf_puts(&b, "a"), -CC_EFORMAT);
	cc_buf_deinit(&b);
}

/* Characters with an eye on those that are escaped. */
static size_t random_text(char *to, size_t max)
{
	static const char *const parts[] = {
		"&", "<",   ">", "\"",	  "'",	      "\r",	      "\n",   "\t",
		" ", "]]>", "a", "&amp;", "\xc3\xa9", "\xe2\x82\xac", "&#13;"};
	size_t len = 0;

	for (size_t n = (size_t)rand() % (max / 5); n > 0; n--) {
		const char *part = parts[(size_t)rand() % CC_ARRAY_SIZE(parts)];

		memcpy(to + len, part, strlen(part));
		len += strlen(part);
	}
	to[len] = '\0';
	return len;
}

/* What we write is its own canonical form, and is read back as it was. */
static void test_canonical(void **state)
{
	char text[200], value[200];

	srand(1);
	for (int i = 0; i < 2000; i++) {
		struct cc_buf written = {0}, canonical = {0};
		cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
		cc_cleanup(cc_freep) char *read = NULL;
		size_t len = random_text(value, sizeof(value));

		cc_buf_puts(&written, "<r a=\"");
		xs_put_attribute(&written, value, len);
		cc_buf_puts(&written, "\">");
		len = random_text(text, sizeof(text));
		xs_put_text(&written, text, len);
		cc_buf_puts(&written, "</r>");
		assert_int_equal(xs_doc_parse((char *)written.data, written.len, &xs_signed_limits,
					      &doc, NULL),
				 0);
		assert_int_equal(xs_c14n_write(doc->children, XS_C14N_INCLUSIVE, &canonical), 0);
		assert_string_equal(canonical.data, written.data);
		assert_int_equal(xs_text(doc->children, 1000, &read, NULL), 0);
		assert_string_equal(read, text);
		assert_string_equal(xs_attribute(doc->children, NULL, "a"), value);
		cc_buf_deinit(&written);
		cc_buf_deinit(&canonical);
	}
}

static void put_random_element(struct cc_buf *b, unsigned depth, bool top)
{
	static const char *const names[] = {"a", "x:b", "long-name.1"};
	const char *name = names[(size_t)rand() % CC_ARRAY_SIZE(names)];
	char text[60];

	cc_buf_printf(b, "<%s", name);
	if (!top && rand() % 8 == 0)
		cc_buf_printf(b, " xmlns:d%u=\"u:d\"", depth); /* never said before */
	for (int n = rand() % 3, i = 0; i < n; i++) {
		cc_buf_printf(b, " a%d=\"", i);
		xs_put_attribute(b, text, random_text(text, sizeof(text)));
		cc_buf_puts(b, "\"");
	}
	if (rand() % 4 == 0) {
		cc_buf_puts(b, "/>");
		return;
	}
	cc_buf_puts(b, ">");
	for (int n = depth < 4 ? rand() % 4 : 0; n > 0; n--)
		put_random_element(b, depth + 1, false);
	xs_put_text(b, text, random_text(text, sizeof(text)));
	if (b->data[b->len - 1] == '>' && rand() % 2)
		xs_put_text(b, "/>", 2);
	cc_buf_printf(b, "</%s>", name);
}

/* xs_put_canonical makes of an element what C14N makes of it in its document. */
static void test_put_canonical(void **state)
{
	static const char inherited[] = " xmlns:w=\"u:w\" xmlns:x=\"u:x\"";

	srand(5);
	for (int i = 0; i < 3000; i++) {
		struct cc_buf text = {0}, ours = {0}, theirs = {0};
		cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
		size_t start;

		cc_buf_printf(&text, "<r%s>", inherited);
		start = text.len;
		put_random_element(&text, 0, true);
		assert_int_equal(xs_put_canonical(&ours, (char *)text.data + start,
						  text.len - start, inherited),
				 0);
		cc_buf_puts(&text, "</r>");
		assert_int_equal(
			xs_doc_parse((char *)text.data, text.len, &xs_signed_limits, &doc, NULL),
			0);
		assert_int_equal(xs_c14n_write(doc->children->children, XS_C14N_INCLUSIVE, &theirs),
				 0);
		assert_string_equal(ours.data, theirs.data);
		cc_buf_deinit(&text);
		cc_buf_deinit(&ours);
		cc_buf_deinit(&theirs);
	}
}

/* What is no element that we wrote: at least it ends. */
static void test_put_canonical_refused(void **state)
{
	static const char *const rows[] = {"<",	    "<a",      "<a b=\"c>",
					   "<a>b<", "<a>b</a", "<a/><b \"/>\""};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_buf b = {0};

		if (xs_put_canonical(&b, rows[i], strlen(rows[i]), "") != -CC_EFORMAT ||
		    b.err != -CC_EFORMAT)
			fail_msg("%s", rows[i]);
		cc_buf_deinit(&b);
	}
}

static void test_base64(void **state)
{
	static const struct {
		const char *why, *text, *octets;
		size_t len;
	} rows[] = {
		{"nothing", "", OCTETS("")},
		{"one octet", "Zg==", OCTETS("f")},
		{"two", "Zm8=", OCTETS("fo")},
		{"three", "Zm9v", OCTETS("foo")},
		{"four", "Zm9vYg==", OCTETS("foob")},
		{"all characters of the end", "++//AA==", OCTETS("\xfb\xef\xff\x00")},
		{"white space", "\r\n Z m\t9v\n\nYg =\n= ", OCTETS("foob")},
		{"white space alone", " \n", OCTETS("")},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_buf b = {0};

		cc_buf_puts(&b, "=");
		if (xs_read_base64(rows[i].text, strlen(rows[i].text), &b) != 0)
			fail_msg("%s", rows[i].why);
		assert_int_equal(b.len, rows[i].len + 1);
		assert_memory_equal(b.data + 1, rows[i].octets, rows[i].len);
		cc_buf_deinit(&b);
	}
}

static void test_base64_refused(void **state)
{
	static const char *const rows[] = {
		"Z",	 "Zg",	  "Zg=",   "Zm8",    "Zm9vY",	 "=",	     "==",	    "Z===",
		"====",	 "Zg===", "Zm9v=", "Zm9v==", "Zg==Zg==", "Zm8=Zg==", "Z=g=",	    "Zm=8",
		"Zg==Z", "Zh==",  "Zm9=",  "Zm8*",   "Zm-_",	 "Zm9v\v",   "Zm\xc3\xa9v",
	};

	struct cc_buf b = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_buf_reset(&b);
		cc_buf_puts(&b, "kept");
		if (xs_read_base64(rows[i], strlen(rows[i]), &b) != -CC_EFORMAT)
			fail_msg("%s", rows[i]);
		assert_int_equal(b.len, 4);
	}
	assert_int_equal(xs_read_base64("Zg=\0=", 5, &b), -CC_EFORMAT);
	cc_buf_deinit(&b);
}

static void test_base64_limit(void **state)
{
	struct cc_buf b = CC_BUF_INIT(5);

	assert_int_equal(xs_read_base64(OCTETS("Zm9vYmE="), &b), 0);
	assert_string_equal(b.data, "fooba");
	cc_buf_reset(&b);
	assert_int_equal(xs_read_base64(OCTETS("Zm9vYmFy"), &b), -CC_ELIMIT);
	cc_buf_deinit(&b);
}

static void test_base64_lines(void **state)
{
	static const struct {
		size_t octets, line;
		const char *text;
	} rows[] = {
		{3, 4, "QUFB"},		  {4, 4, "QUFB\nQQ=="},	  {6, 4, "QUFB\nQUFB"},
		{7, 8, "QUFBQUFB\nQQ=="}, {7, 0, "QUFBQUFBQQ=="}, {0, 64, ""},
	};
	struct cc_buf b = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_buf_reset(&b);
		assert_int_equal(xs_put_base64(&b, "AAAAAAA", rows[i].octets, rows[i].line), 0);
		assert_string_equal(b.data ? (char *)b.data : "", rows[i].text);
	}
	assert_int_equal(xs_put_base64(&b, "A", 1, 3), -CC_EINVAL);
	cc_buf_deinit(&b);
}

static void test_base64_random(void **state)
{
	static uint8_t octets[10000], theirs[14000];
	struct cc_buf text = {0}, back = {0};

	srand(2);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)rand();
	for (size_t len = 0; len < sizeof(octets); len += 1 + len / 3) {
		cc_buf_reset(&text);
		cc_buf_reset(&back);
		assert_int_equal(xs_put_base64(&text, octets, len, 0), 0);
		EVP_EncodeBlock(theirs, octets, (int)len);
		assert_string_equal(text.data ? (char *)text.data : "", (char *)theirs);
		cc_buf_reset(&text);
		assert_int_equal(xs_put_base64(&text, octets, len, 64), 0);
		assert_int_equal(xs_read_base64((char *)text.data, text.len, &back), 0);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, octets, len);
	}
	cc_buf_deinit(&text);
	cc_buf_deinit(&back);
}

/* The same with white space anywhere; with one character of it broken, anywhere: nothing. */
static void test_base64_torn(void **state)
{
	static const char blanks[] = " \t\r\n", wrong[] = "*-_=&\x80\xff";
	uint8_t octets[200];
	struct cc_buf text = {0}, torn = {0}, back = {0};

	srand(3);
	for (unsigned round = 0; round < 2000; round++) {
		size_t len = 1 + (size_t)rand() % sizeof(octets), digits;

		for (size_t i = 0; i < len; i++)
			octets[i] = (uint8_t)rand();
		cc_buf_reset(&text);
		cc_buf_reset(&torn);
		cc_buf_reset(&back);
		assert_int_equal(xs_put_base64(&text, octets, len, 0), 0);
		for (size_t i = 0; i < text.len; i++) {
			cc_buf_put(&torn, text.data + i, 1);
			if (rand() % 16 == 0)
				cc_buf_put(&torn, &blanks[rand() % 4], 1);
		}
		assert_int_equal(xs_read_base64((char *)torn.data, torn.len, &back), 0);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, octets, len);
		digits = strcspn((char *)text.data, "=");
		text.data[(size_t)rand() % digits] = (uint8_t)wrong[rand() % 7];
		assert_int_equal(xs_read_base64((char *)text.data, text.len, &back), -CC_EFORMAT);
		assert_int_equal(back.len, len);
	}
	cc_buf_deinit(&text);
	cc_buf_deinit(&torn);
	cc_buf_deinit(&back);
}

static void test_times_read(void **state)
{
	static const struct {
		const char *why, *text;
		int64_t seconds;
	} rows[] = {
		{"the first", "1970-01-01T00:00:00Z", 0},
		{"of a credential", "2026-12-22T19:14:22Z", 1797966862},
		{"small letters", "2026-12-22t19:14:22z", 1797966862},
		{"no zone", "2026-12-22T19:14:22", 1797966862},
		{"microseconds", "2026-12-22T19:14:22.999999", 1797966862},
		{"a fraction and a zone", "2026-12-22T19:14:22.5Z", 1797966862},
		{"east", "2026-12-22T20:44:22+01:30", 1797966862},
		{"west, the day before", "2026-12-21T20:14:22-23:00", 1797966862},
		{"the zone without a name", "2026-12-22T19:14:22-00:00", 1797966862},
		{"a leap second", "2016-12-31T23:59:60Z", 1483228799},
		{"a leap day", "2024-02-29T00:00:00Z", 1709164800},
		{"a leap day of a century", "2000-02-29T00:00:00Z", 951782400},
		{"after 2038", "2038-01-19T03:14:08Z", 2147483648},
		{"before 1970", "1969-12-31T23:59:59Z", -1},
		{"the last", "9999-12-31T23:59:59Z", 253402300799},
		{"the earliest", "0001-01-01T00:00:00Z", -62135596800},
	};
	int64_t seconds;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		if (xs_read_time(rows[i].text, strlen(rows[i].text), &seconds) != 0)
			fail_msg("%s", rows[i].why);
		if (seconds != rows[i].seconds)
			fail_msg("%s: %lld", rows[i].why, (long long)seconds);
	}
}

static void test_times_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"2026",
		"2026-12-22",
		"2026-12-22T",
		"2026-12-22T19:14",
		"2026-12-22T19:14Z",
		"2026-12-22 19:14:22Z",
		" 2026-12-22T19:14:22Z",
		"2026-12-22T19:14:22Z ",
		"2026-12-22T19:14:22ZZ",
		"2026-12-22T19:14:22.Z",
		"2026-12-22T19:14:22,5Z",
		"2026-12-22T19:14:22+1:00",
		"2026-12-22T19:14:22+01",
		"2026-12-22T19:14:22+0100",
		"2026-12-22T19:14:22+24:00",
		"2026-12-22T19:14:22+01:60",
		"2026-12-22T19:14:22 Z",
		"2026-12-22T19:14:22X",
		"2026-12-22T24:00:00Z",
		"2026-12-22T19:60:00Z",
		"2026-12-22T19:14:61Z",
		"2026-00-22T19:14:22Z",
		"2026-13-22T19:14:22Z",
		"2026-12-00T19:14:22Z",
		"2026-12-32T19:14:22Z",
		"2026-11-31T19:14:22Z",
		"2026-02-29T19:14:22Z",
		"2100-02-29T19:14:22Z",
		"2024-02-30T19:14:22Z",
		"0000-12-22T19:14:22Z",
		"26-12-22T19:14:22Z",
		"+2026-12-22T19:14:22Z",
		"-026-12-22T19:14:22Z",
		"12026-12-22T19:14:22Z",
		"2026-1-22T19:14:22Z",
		"2026-12-22T 9:14:22Z",
		"2026/12/22T19:14:22Z",
		"2026-12-22T19:14:2\xd9\xa2Z",
	};
	int64_t seconds = 7;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		/* of the exact size, so that reading too far is seen */
		cc_cleanup(cc_freep) char *copy = strdup(rows[i]);
		cc_cleanup(cc_freep) char *exact = malloc(strlen(copy) + !*copy);

		memcpy(exact, copy, strlen(copy));
		if (xs_read_time(exact, strlen(copy), &seconds) != -CC_EFORMAT)
			fail_msg("%s", rows[i]);
		assert_int_equal(seconds, 7);
	}
}

static void test_times_written(void **state)
{
	struct cc_buf b = {0};
	int64_t back;

	assert_int_equal(xs_put_time(&b, 1797966862), 0);
	assert_string_equal(b.data, "2026-12-22T19:14:22Z");
	for (int64_t t = 0; t < 253402300800; t += 86399 * 31 + 1) {
		cc_buf_reset(&b);
		assert_int_equal(xs_put_time(&b, t), 0);
		assert_int_equal(xs_read_time((char *)b.data, b.len, &back), 0);
		assert_int_equal(back, t);
	}
	cc_buf_reset(&b);
	assert_int_equal(xs_put_time(&b, 253402300800), -CC_EINVAL);
	cc_buf_reset(&b);
	assert_int_equal(xs_put_time(&b, -1), -CC_EINVAL);
	cc_buf_deinit(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_escapes),	       cmocka_unit_test(test_first_error),
	cmocka_unit_test(test_put_canonical),  cmocka_unit_test(test_put_canonical_refused),
	cmocka_unit_test(test_canonical),      cmocka_unit_test(test_base64),
	cmocka_unit_test(test_base64_refused), cmocka_unit_test(test_base64_limit),
	cmocka_unit_test(test_base64_lines),   cmocka_unit_test(test_base64_random),
	cmocka_unit_test(test_base64_torn),    cmocka_unit_test(test_times_read),
	cmocka_unit_test(test_times_refused),  cmocka_unit_test(test_times_written),
};

TEST_MAIN(tests)
