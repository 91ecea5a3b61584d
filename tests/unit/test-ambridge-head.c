/* SPDX-License-Identifier: ISC */
/* What of a request's head is refused, and when an answer is packed. */
#include "daemons/ambridge/head.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <zlib.h>

#include "daemons/ambridge/gzip.h"
#include "lib/base/err.h"
#include "lib/base/util.h"
#include "tests/test.h"

/* "Name: value\n" for each header. */
static void fill(struct evkeyvalq *out, const char *text)
{
	char line[256], *value;

	TAILQ_INIT(out);
	while (*text) {
		size_t n = strcspn(text, "\n");

		assert_true(n < sizeof(line));
		memcpy(line, text, n);
		line[n] = '\0';
		text += n + (text[n] == '\n');
		value = strstr(line, ": ");
		assert_non_null(value);
		*value = '\0';
		assert_int_equal(evhttp_add_header(out, line, value + 2), 0);
	}
}

static void test_lengths(void **state)
{
	static const struct {
		const char *headers;
		unsigned status;
		const char *why;
	} rows[] = {
		{"", 0, NULL},
		{"Content-Length: 5\n", 0, NULL},
		{"content-length: 0\n", 0, NULL},
		{"Transfer-Encoding: chunked\n", 0, NULL},
		{"Transfer-Encoding: CHUNKED\n", 0, NULL},
		{"Content-Length: 5\nContent-Length: 5\n", 400, "more than one"},
		{"Content-Length: 5\nX: y\nCONTENT-LENGTH: 6\n", 400, "more than one"},
		{"Content-Length: 5\nTransfer-Encoding: chunked\n", 400, "and Transfer-Encoding"},
		{"Transfer-Encoding: identity\nContent-Length: 5\n", 400, "and Transfer-Encoding"},
		{"Content-Length: +5\n", 400, "no number"},
		{"Content-Length: -5\n", 400, "no number"},
		{"Content-Length: 5,5\n", 400, "no number"},
		{"Content-Length: 0x5\n", 400, "no number"},
		{"Content-Length: 1234567890123456\n", 400, "no number"},
		{"Content-Length: \n", 400, "no number"},
		{"Transfer-Encoding: gzip\n", 400, "other than chunked"},
		{"Transfer-Encoding: gzip, chunked\n", 400, "other than chunked"},
		{"Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n", 400,
		 "other than chunked"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_head_verdict v;
		struct evkeyvalq headers;

		print_message("# row %zu\n", i);
		fill(&headers, rows[i].headers);
		ab_head_check(&headers, &v);
		evhttp_clear_headers(&headers);
		assert_int_equal(v.status, rows[i].status);
		if (!rows[i].why)
			continue;
		assert_non_null(strstr(v.why, rows[i].why));
		/* what follows may be the end of this body: it is not read */
		assert_true(v.close);
	}
}

static void test_calls(void **state)
{
	static const struct {
		const char *headers;
		enum evhttp_cmd_type method;
		size_t got;
		unsigned status;
	} rows[] = {
		{"Content-Length: 5\nContent-Type: text/xml\n", EVHTTP_REQ_POST, 5, 0},
		{"Content-Length: 5\n", EVHTTP_REQ_POST, 5, 0},
		{"Content-Length: 0\n", EVHTTP_REQ_POST, 0, 0},
		{"Transfer-Encoding: chunked\n", EVHTTP_REQ_POST, 0, 0},
		{"", EVHTTP_REQ_POST, 0, 411},
		{"Content-Length: 5\n", EVHTTP_REQ_GET, 5, 405},
		{"Content-Length: 5\n", EVHTTP_REQ_PUT, 5, 405},
		{"Content-Length: 5\nContent-Type: application/xml\n", EVHTTP_REQ_POST, 5, 0},
		{"Content-Length: 5\nContent-Type: TEXT/XML ; charset=UTF-8\n", EVHTTP_REQ_POST, 5,
		 0},
		{"Content-Length: 5\nContent-Type: text/xml; charset=\"utf-8\"\n", EVHTTP_REQ_POST,
		 5, 0},
		{"Content-Length: 5\nContent-Type: text/xml; charset=us-ascii\n", EVHTTP_REQ_POST,
		 5, 0},
		{"Content-Length: 5\nContent-Type: text/xml; charset=utf-16\n", EVHTTP_REQ_POST, 5,
		 415},
		{"Content-Length: 5\nContent-Type: text/xmlish\n", EVHTTP_REQ_POST, 5, 415},
		{"Content-Length: 5\nContent-Type: text/html\n", EVHTTP_REQ_POST, 5, 415},
		{"Content-Length: 5\nContent-Type: text/xml\nContent-Type: text/xml\n",
		 EVHTTP_REQ_POST, 5, 415},
		{"Content-Length: 5\nContent-Encoding: identity\n", EVHTTP_REQ_POST, 5, 0},
		{"Content-Length: 5\nContent-Encoding: gzip\n", EVHTTP_REQ_POST, 5, 415},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_head_verdict v;
		struct evkeyvalq headers;

		print_message("# row %zu\n", i);
		fill(&headers, rows[i].headers);
		ab_head_check_call(&headers, rows[i].method, rows[i].got, &v);
		evhttp_clear_headers(&headers);
		assert_int_equal(v.status, rows[i].status);
	}
}

static void test_gzip_wanted(void **state)
{
	static const struct {
		const char *accept;
		bool wanted;
	} rows[] = {
		{NULL, false},		 {"", false},
		{"gzip", true},		 {"GZIP", true},
		{"deflate, gzip", true}, {"deflate,gzip;q=0.5", true},
		{"gzip;q=0", false},	 {"gzip; q=0.000", false},
		{"gzip;q=0.001", true},	 {"gzip;q=1", true},
		{"identity", false},	 {"gzipx", false},
		{"xgzip", false},	 {"*", true},
		{"*;q=0", false},	 {",, ,gzip", true},
		{"gzip ;q=0.1", true},	 {"br;q=1, gzip;q=0", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].accept ? rows[i].accept : "(none)");
		assert_int_equal(ab_gzip_wanted(rows[i].accept), rows[i].wanted);
	}
}

static void test_gzip(void **state)
{
	struct ab_gzip g = {NULL};
	struct cc_buf out = CC_BUF_INIT(0);
	static unsigned char text[100000], back[sizeof(text)];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)("<value><string>"[i % 15] + (i / 997) % 3);
	/* twice: the compressor is used again */
	for (int turn = 0; turn < 2; turn++) {
		z_stream z = {0};

		cc_buf_reset(&out);
		cc_buf_puts(&out, "##");
		assert_int_equal(ab_gzip_put(&g, text, sizeof(text), &out), 0);
		assert_true(out.len < sizeof(text) / 10);
		assert_memory_equal(out.data, "##", 2);
		assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
		z.next_in = out.data + 2;
		z.avail_in = (uInt)out.len - 2;
		z.next_out = back;
		z.avail_out = sizeof(back);
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		assert_int_equal(z.total_out, sizeof(text));
		assert_memory_equal(back, text, sizeof(text));
		inflateEnd(&z);
	}
	/* what does not get shorter stays as it is */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 2654435761u >> 13 ^ i * i >> 3);
	cc_buf_reset(&out);
	assert_int_equal(ab_gzip_put(&g, text, 20, &out), -CC_ELIMIT);
	assert_int_equal(out.len, 0);
	cc_buf_deinit(&out);
	ab_gzip_deinit(&g);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_lengths),
	cmocka_unit_test(test_calls),
	cmocka_unit_test(test_gzip_wanted),
	cmocka_unit_test(test_gzip),
};

TEST_MAIN(tests)
