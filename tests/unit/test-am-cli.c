/* SPDX-License-Identifier: ISC */
/* What ccfed am makes of names, URLs, states and documents, without a server. */
#include "tests/test.h"

#include <stdio.h>

#include "cli/am.h"
#include "lib/base/util.h"

static const struct cli_command command = {.group = "am", .name = "status"};

static void test_slice(void **state)
{
	static const struct {
		const char *text, *hrn, *urn;
	} rows[] = {
		{"plc.site.s1", "plc.site.s1", "urn:publicid:IDN+plc:site+slice+s1"},
		{"urn:publicid:IDN+plc:site+slice+s1", "plc.site.s1",
		 "urn:publicid:IDN+plc:site+slice+s1"},
		{"urn:publicid:IDN+am.example.net+slice+s", "am\\.example\\.net.s",
		 "urn:publicid:IDN+am.example.net+slice+s"},
		{"urn:publicid:IDN+plc:site+user+s1", NULL, NULL},
		{"urn:publicid:IDN+plc:site+slices+s1", NULL, NULL},
		{"urn:x", NULL, NULL},
		{"", NULL, NULL},
		{"a b", NULL, NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char hrn[TR_NAME_MAX + 1] = "", urn[TR_NAME_MAX + 1] = "";
		int r = am_slice(&command, rows[i].text, hrn, urn);

		assert_int_equal(r, rows[i].hrn ? -1 : CLI_USAGE);
		if (rows[i].hrn) {
			assert_string_equal(hrn, rows[i].hrn);
			assert_string_equal(urn, rows[i].urn);
		}
	}
}

static void test_url(void **state)
{
	static const char *const rows[][2] = {
		{"https://h:12345/registry", "https://h:12345/am/3.0"},
		{"https://h:12345/registry/", "https://h:12345/am/3.0"},
		{"https://[::1]:1", "https://[::1]:1/am/3.0"},
		{"https://h/", "https://h/am/3.0"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *url = am_url_beside(rows[i][0]);

		assert_string_equal(url, rows[i][1]);
	}
}

static void test_codes(void **state)
{
	assert_string_equal(am_code_name(1), "BADARGS");
	assert_string_equal(am_code_name(26), "INSUFFICIENT_NODES");
	assert_string_equal(am_code_name(-32001), "SERVERBUSY");
	assert_null(am_code_name(0));
	assert_null(am_code_name(27));
}

/* Each sliver as ALLOCATION/OPERATION, without their geni_. */
static json_t *slivers_of(const char *text)
{
	cc_cleanup(cc_freep) char *copy = strdup(text);
	json_t *list = json_array();
	char *save = NULL;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *slash = strchr(word, '/');

		*slash = 0;
		json_array_append_new(list, json_pack("{s:s+, s:s+}", "geni_allocation_status",
						      "geni_", word, "geni_operational_status",
						      "geni_", slash + 1));
	}
	return list;
}

static void test_states(void **state)
{
	static const struct {
		const char *slivers;
		enum am_state all;
	} rows[] = {
		{"", AM_FINAL},
		{"provisioned/ready provisioned/notready", AM_FINAL},
		{"provisioned/ready provisioned/configuring", AM_WAITING},
		{"provisioned/failed provisioned/configuring", AM_WAITING},
		{"provisioned/configuring provisioned/failed", AM_WAITING},
		{"provisioned/failed provisioned/ready", AM_FAILED},
		{"provisioned/pending_allocation", AM_WAITING},
		{"provisioned/stopping", AM_WAITING},
		{"provisioned/ready_busy", AM_WAITING},
		{"provisioned/updating_users", AM_WAITING},
		{"provisioned/of_its_own", AM_FINAL},
		/* nothing happens to it before it is asked for */
		{"allocated/pending_allocation", AM_FINAL},
		{"unallocated/failed", AM_FINAL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		json_t *list = slivers_of(rows[i].slivers);

		if (am_state_of(list) != rows[i].all)
			fail_msg("%s", rows[i].slivers);
		json_decref(list);
	}
}

/* ---- compressed documents ---- */

/* Python: base64.b64encode(zlib.compress(b"<rspec/>")) */
#define ONE "eJyzKSouSE3WtwMADUECxw=="

static void test_inflate(void **state)
{
	static const char *const bad[] = {
		"",			    /* nothing */
		"eJyzKSouSE3WtwMA",	    /* cut off */
		"eJyzKSouSE3WtwMADUECxg==", /* another checksum */
		"eJyzKSouSE3WtwMADUECx0E=", /* something behind it */
		"PHJzcGVjLz4=",		    /* not compressed */
		"<rspec/>",		    /* no base64 */
	};
	cc_cleanup(cc_buf_deinit) struct cc_buf good = CC_BUF_INIT(100);

	assert_int_equal(am_inflate(ONE, strlen(ONE), &good), 0);
	assert_int_equal(good.len, 8);
	assert_memory_equal(good.data, "<rspec/>", 8);
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(100);

		if (am_inflate(bad[i], strlen(bad[i]), &out) != -CC_EFORMAT)
			fail_msg("%s", bad[i]);
	}
}

/* A few octets that would become many are refused where they would be too many. */
static void test_inflate_bound(void **state)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(7);

	assert_int_equal(am_inflate(ONE, strlen(ONE), &out), -CC_ELIMIT);
}

static void test_inflate_value(void **state)
{
	json_t *text = json_string(ONE),
	       *value = json_pack("{s:s, s:s}", "geni_rspec", ONE, "a", "b");
	json_t *none = json_pack("{s:s}", "a", "b"), *bare = json_null();

	assert_int_equal(am_inflate_value(&text), 0);
	assert_string_equal(json_string_value(text), "<rspec/>");
	assert_int_equal(am_inflate_value(&value), 0);
	assert_string_equal(json_string_value(json_object_get(value, "geni_rspec")), "<rspec/>");
	assert_string_equal(json_string_value(json_object_get(value, "a")), "b");
	assert_int_equal(am_inflate_value(&none), -CC_EFORMAT);
	assert_int_equal(am_inflate_value(&bare), -CC_EFORMAT);
	json_decref(text);
	json_decref(value);
	json_decref(none);
}

/* ---- what a terminal gets ---- */

static void check_document(const char *text, const char *wanted)
{
	char *got = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&got, &len);

	am_put_document(to, text, strlen(text));
	assert_int_equal(fclose(to), 0);
	assert_string_equal(got, wanted);
	free(got);
}

static void test_document(void **state)
{
	check_document("<a>\n\t\xc3\xa4</a>\n", "<a>\n\t\xc3\xa4</a>\n");
	check_document("<a/>", "<a/>\n");
	check_document("", "\n");
	check_document("a\033[2Jb\177", "a?[2Jb?\n");
	check_document("a\xc2\x9b"
		       "2Jb",
		       "a?2Jb\n"); /* CSI in one character */
	check_document("\xc2\xa9", "\xc2\xa9\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slice),	      cmocka_unit_test(test_url),
		cmocka_unit_test(test_codes),	      cmocka_unit_test(test_states),
		cmocka_unit_test(test_inflate),	      cmocka_unit_test(test_inflate_bound),
		cmocka_unit_test(test_inflate_value), cmocka_unit_test(test_document),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
