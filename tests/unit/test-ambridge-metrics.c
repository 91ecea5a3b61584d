/* SPDX-License-Identifier: ISC */
/* The text of the figures, and the line per request. */
#include "daemons/ambridge/metrics.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemons/ambridge/access.h"
#include "lib/base/util.h"
#include "tests/unit/folder.h"

static bool has_line(const struct cc_buf *b, const char *line)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	return strstr((const char *)b->data, whole) != NULL;
}

static void test_histogram(void **state)
{
	static const char service[] = "registry", a[] = "Resolve", b[] = "List";
	struct cc_buf out = CC_BUF_INIT(0);
	struct ab_metrics m;

	ab_metrics_init(&m);
	/* on a bound, just over it, beyond all, and a clock that went back */
	ab_metrics_call(&m, service, a, AB_OK, 500);
	ab_metrics_call(&m, service, a, AB_OK, 501);
	ab_metrics_call(&m, service, a, AB_FAULT, 2000000);
	ab_metrics_call(&m, service, a, AB_UNAVAILABLE, 40000000);
	ab_metrics_call(&m, service, b, AB_REFUSED, -7);
	ab_metrics_status(&m, 200);
	ab_metrics_status(&m, 200);
	ab_metrics_status(&m, 503);
	ab_metrics_status(&m, 299);
	ab_metrics_count(&m, AB_RESUMED);
	cc_buf_puts(&out, "\n");
	ab_metrics_put(&m, &out);
	assert_int_equal(out.err, 0);
#define A "{service=\"registry\",method=\"Resolve\""
#define B "{service=\"registry\",method=\"List\""
	static const char *const lines[] = {
		"ambridge_calls_total" A ",outcome=\"ok\"} 2",
		"ambridge_calls_total" A ",outcome=\"fault\"} 1",
		"ambridge_calls_total" A ",outcome=\"refused\"} 0",
		"ambridge_calls_total" A ",outcome=\"unavailable\"} 1",
		"ambridge_calls_total" B ",outcome=\"refused\"} 1",
		"# TYPE ambridge_call_seconds histogram",
		"ambridge_call_seconds_bucket" A ",le=\"0.0005\"} 1",
		"ambridge_call_seconds_bucket" A ",le=\"0.001\"} 2",
		"ambridge_call_seconds_bucket" A ",le=\"1\"} 2",
		"ambridge_call_seconds_bucket" A ",le=\"2.5\"} 3",
		"ambridge_call_seconds_bucket" A ",le=\"30\"} 3",
		"ambridge_call_seconds_bucket" A ",le=\"+Inf\"} 4",
		"ambridge_call_seconds_sum" A "} 42.001001",
		"ambridge_call_seconds_count" A "} 4",
		"ambridge_call_seconds_bucket" B ",le=\"0.0005\"} 1",
		"ambridge_call_seconds_sum" B "} 0.000000",
		"ambridge_http_responses_total{status=\"200\"} 2",
		"ambridge_http_responses_total{status=\"503\"} 1",
		"ambridge_http_responses_total{status=\"other\"} 1",
		"# TYPE ambridge_tls_resumed_total counter",
		"ambridge_tls_resumed_total 1",
		"ambridge_tls_handshakes_total 0",
	};
	for (size_t i = 0; i < CC_ARRAY_SIZE(lines); i++) {
		if (!has_line(&out, lines[i]))
			fail_msg("no line %s in %s", lines[i], (const char *)out.data);
	}
	cc_buf_deinit(&out);
	ab_metrics_deinit(&m);
}

static void test_full(void **state)
{
	struct cc_buf out = CC_BUF_INIT(1000);
	struct ab_metrics m;

	ab_metrics_init(&m);
	ab_metrics_put(&m, &out);
	assert_int_equal(out.err, -CC_ELIMIT);
	cc_buf_deinit(&out);
	ab_metrics_deinit(&m);
}

static void test_access_text(void **state)
{
	static char endless[5000];
	char text[AB_ACCESS_TEXT];
	struct ab_access_line line = {.urn = "urn:publicid:IDN+plc+user+alice",
				      .address = "192.0.2.1",
				      .listener = "am",
				      .service = "am3",
				      .method = "GetVersion",
				      .status = 200,
				      .us = 12345,
				      .octets = 678};

	ab_access_text(&line, text);
	assert_string_equal(
		text,
		"192.0.2.1 urn:publicid:IDN+plc+user+alice am am3.GetVersion 200 - 12.345 678");
	line.is_fault = true;
	line.fault = -32700;
	line.urn = "";
	line.service = line.method = NULL;
	line.us = 7;
	ab_access_text(&line, text);
	assert_string_equal(text, "192.0.2.1 - am -.- 200 -32700 0.007 678");
	/* a name from outside stays one word of one line */
	line.urn = "urn:a b\n2026-01-01 192.0.2.2 forged\xff\x7f";
	ab_access_text(&line, text);
	assert_string_equal(
		text,
		"192.0.2.1 urn:a?b?2026-01-01?192.0.2.2?forged?? am -.- 200 -32700 0.007 678");
	memset(endless, 'x', sizeof(endless) - 1);
	line.urn = line.method = endless;
	ab_access_text(&line, text);
	assert_non_null(strstr(text, " 200 -32700 0.007 678"));
	assert_true(strlen(text) < AB_ACCESS_TEXT);
}

static void test_access_file(void **state)
{
	const struct ab_access_line line = {.address = "192.0.2.1", .status = 404};
	struct ab_access a = {-1};
	struct cc_note why = {0};
	char text[300] = "";
	FILE *f;

	assert_int_equal(ab_access_open(&a, "access.log", &why), 0);
	ab_access_note(&a, &line);
	/* opened anew, as after a rotation: it goes on behind */
	assert_int_equal(ab_access_open(&a, "access.log", &why), 0);
	ab_access_note(&a, &line);
	/* one that cannot be opened changes nothing */
	assert_int_equal(ab_access_open(&a, "no/folder", &why), -CC_ESYS);
	assert_non_null(strstr(why.text, "no/folder"));
	ab_access_note(&a, &line);
	f = fopen("access.log", "r");
	assert_non_null(f);
	for (int i = 0; i < 3; i++) {
		assert_non_null(fgets(text, sizeof(text), f));
		assert_non_null(strstr(text, "Z 192.0.2.1 - - -.- 404 - 0.000 0\n"));
	}
	assert_null(fgets(text, sizeof(text), f));
	fclose(f);
	ab_access_close(&a);
	assert_int_equal(a.fd, -1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_histogram),
	cmocka_unit_test(test_full),
	cmocka_unit_test(test_access_text),
	cmocka_unit_test_setup_teardown(test_access_file, folder_enter, folder_leave),
};

TEST_MAIN(tests)
