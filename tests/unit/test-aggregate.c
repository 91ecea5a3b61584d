/* SPDX-License-Identifier: ISC */
/* aggregate against a fake host: what get_version says to the letter, what a configuration may say. */
#include "tests/test.h"

#include <stdio.h>

#include "handlers/table.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/handler/fakehost.h"
#include "version.h"

#define URN "urn:publicid:IDN+am.example.org+authority+am"
#define URL "https://am.example.org/am/3.0"
#define ID "0123456789abcdef0123456789abcdef"

static int open_with(const char *urn, const char *url, struct cc_fakehost **f, struct cc_note *why)
{
	const struct cc_handler *h = cc_handler_find(handler_table, "aggregate");
	char text[1024];

	assert_non_null(h);
	snprintf(text, sizeof(text), "urn = %s\nurl = %s\n", urn, url);
	return cc_fakehost_open(f, h, text, why);
}

static struct cc_fakehost *host(void)
{
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};

	if (open_with(URN, URL, &f, &why) != 0)
		fail_msg("%s", why.text);
	return f;
}

static int handle(struct cc_fakehost *f, const char *type, const char *body)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

	assert_int_equal(cc_msg_add(m, "client", 6), 0);
	assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add(m, type, strlen(type)), 0);
	assert_int_equal(cc_msg_add(m, body, strlen(body)), 0);
	return cc_fakehost_handle(f, m);
}

static void version_is_told(void **state)
{
	static const char wanted[] =
		"{\"geni_api\": 3,"
		" \"geni_api_versions\": {\"3\": \"" URL "\"},"
		" \"geni_request_rspec_versions\": [{\"type\": \"GENI\", \"version\": \"3\","
		"  \"schema\": \"http://www.geni.net/resources/rspec/3/request.xsd\","
		"  \"namespace\": \"http://www.geni.net/resources/rspec/3\", \"extensions\": []}],"
		" \"geni_ad_rspec_versions\": [{\"type\": \"GENI\", \"version\": \"3\","
		"  \"schema\": \"http://www.geni.net/resources/rspec/3/ad.xsd\","
		"  \"namespace\": \"http://www.geni.net/resources/rspec/3\", \"extensions\": []}],"
		" \"geni_credential_types\": [{\"geni_type\": \"geni_sfa\", \"geni_version\": "
		"\"2\"},"
		"  {\"geni_type\": \"geni_sfa\", \"geni_version\": \"3\"}],"
		" \"geni_single_allocation\": 0, \"geni_allocate\": \"geni_many\","
		" \"geni_am_type\": [\"ccfed\"], \"geni_am_code\": \"" CCFED_VERSION "\","
		" \"urn\": \"" URN "\"}";
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host();
	json_t *value = json_loads(wanted, 0, NULL);

	assert_non_null(value);
	assert_int_equal(handle(f, "am.get_version", "{\"id\": \"" ID "\"}"), 0);
	assert_int_equal(f->n_replies, 1);
	assert_string_equal(f->replies[0].type, "reply.am.get_version");
	/* types count: 3 equals no 3.0 there, 0 no false */
	assert_true(json_equal(json_object_get(f->replies[0].json, "value"), value));
	assert_string_equal(json_string_value(json_object_get(f->replies[0].json, "re")), ID);
	assert_int_equal(cc_fakehost_count(f, "operations"), 1);
	json_decref(value);
}

static void others_are_unsupported(void **state)
{
	static const char *const types[] = {"am", "am.get_version.x", "am.get_versio"};
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host();

	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++) {
		const json_t *json;
		char wanted[128];

		assert_int_equal(handle(f, types[i], "{\"id\": \"" ID "\"}"), CC_DROPPED);
		assert_int_equal(f->n_replies, i + 1);
		json = f->replies[i].json;
		assert_string_equal(f->replies[i].type, "error");
		assert_string_equal(json_string_value(json_object_get(json, "code")),
				    "unsupported");
		snprintf(wanted, sizeof(wanted), "%s is not served here", types[i]);
		assert_string_equal(json_string_value(json_object_get(json, "msg")), wanted);
		assert_string_equal(json_string_value(json_object_get(json, "req_type")), types[i]);
	}
	assert_int_equal(cc_fakehost_count(f, "refused"), CC_ARRAY_SIZE(types));
	assert_int_equal(cc_fakehost_count(f, "operations"), 0);
}

static void bad_identities_are_refused(void **state)
{
	static const struct {
		const char *urn, *url, *text;
	} rows[] = {
		{"", URL, "urn: set it, urn:publicid:IDN+DNSNAME+authority+am"},
		{"am.example.org", URL, "is no urn:publicid:IDN+DNSNAME+authority+am"},
		{"urn:publicid:IDN+am.example.org+authority+sa", URL,
		 "is no urn:publicid:IDN+DNSNAME+authority+am"},
		{"urn:publicid:IDN+am.example.org+user+am", URL,
		 "is no urn:publicid:IDN+DNSNAME+authority+am"},
		{"urn:publicid:geni:gpo:gcf+authority+am", URL,
		 "is no urn:publicid:IDN+DNSNAME+authority+am"},
		{"urn:publicid:IDN+localhost+authority+am", URL, "names every host there is"},
		{"urn:publicid:IDN+LOCALHOST+authority+am", URL, "names every host there is"},
		{"urn:publicid:IDN+localhost:sub+authority+am", URL, "names every host there is"},
		{"urn:publicid:IDN+127.0.0.1+authority+cm", URL, "names every host there is"},
		{"urn:publicid:IDN+127.0.1.1+authority+am", URL, "names every host there is"},
		{URN, "", "url: set it, https://DNSNAME:PORT/am/3.0"},
		{URN, "http://am.example.org/am/3.0", "is not https"},
		{URN, "am.example.org/am/3.0", "is no URL: it begins with no SCHEME://"},
		{URN, "https://am.example.org:0/am/3.0", "is no URL: no port"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = NULL;
		struct cc_note why = {0};

		assert_int_equal(open_with(rows[i].urn, rows[i].url, &f, &why), -CC_EINVAL);
		if (!strstr(why.text, rows[i].text))
			fail_msg("%s %s: %s", rows[i].urn, rows[i].url, why.text);
	}
}

static void note_warning(void *arg, const struct cc_log_event *event)
{
	if (event->level <= CC_LOG_WARN)
		snprintf(arg, 512, "%s", event->text);
}

static void odd_identities_are_warned_of(void **state)
{
	static const struct {
		const char *urn, *url, *text; /* NULL: none */
	} rows[] = {
		{URN, URL, NULL},
		{"urn:publicid:IDN+am.example.org+authority+cm", "https://x.org:12369/am/3.0",
		 NULL},
		{"urn:publicid:IDN+ccfed.test:sub+authority+am", URL, "has a sub-authority"},
		{"urn:publicid:IDN+192.0.2.7+authority+am", URL, "is an address, not a DNS name"},
		{URN, "https://192.0.2.7/am/3.0",
		 "the host of https://192.0.2.7/am/3.0 is an address"},
		{URN, "https://[2001:db8::1]/am/3.0", "is an address, not a DNS name"},
		{URN, "https://127.0.0.1:8443/am/3.0", "is this host for everybody"},
		{URN, "https://localhost/am/3.0", "is this host for everybody"},
		{URN, "https://[::1]/am/3.0", "is this host for everybody"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = NULL;
		char log[512] = "";
		struct cc_note why = {0};
		int r;

		cc_log_set_sink(note_warning, log);
		r = open_with(rows[i].urn, rows[i].url, &f, &why);
		cc_log_set_sink(NULL, NULL);
		if (r)
			fail_msg("%s %s: %s", rows[i].urn, rows[i].url, why.text);
		if (rows[i].text ? !strstr(log, rows[i].text) : *log)
			fail_msg("%s %s: the log says %s", rows[i].urn, rows[i].url, log);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(version_is_told),
	cmocka_unit_test(others_are_unsupported),
	cmocka_unit_test(bad_identities_are_refused),
	cmocka_unit_test(odd_identities_are_warned_of),
};

TEST_MAIN(tests)
