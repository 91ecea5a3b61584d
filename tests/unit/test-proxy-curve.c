/* SPDX-License-Identifier: ISC */
/* The keys with which a proxy connects, against a fake host. */
#include <stdio.h>

#include "handlers/table.h"
#include "lib/cc/curve.h"
#include "lib/handler/fakehost.h"
#include "tests/unit/folder.h"

#define TWO "remote-cc = ipc://one, ipc://two\n"
#define STORE "\n[ccserver]\ncms-keystore = keys"
#define KEY "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

static uint8_t remote[CC_CURVE_KEY], own[CC_CURVE_KEY];

static int folder_with_keys(void **state)
{
	return folder_enter(state) || cc_curve_write_new("keys", "remote", false, remote, NULL) ||
	       cc_curve_write_new("keys", "own", false, own, NULL);
}

static int open_proxy(const char *options, struct cc_fakehost **out, struct cc_note *why)
{
	return cc_fakehost_open(out, cc_handler_find(handler_table, "proxy"), options, why);
}

static void test_keys(void **state)
{
	static const uint8_t zero[CC_CURVE_KEY];
	static const struct {
		const char *options;
		bool curve, own;
		const char *reason;
	} rows[] = {
		{TWO, false, false, "none"},
		{TWO "remote-curve =\ncurve =", false, false, "empty ones"},
		{TWO "remote-curve = remote\ncurve = own" STORE, true, true, "both"},
		{TWO "remote-curve = remote" STORE, true, false, "an own one made for this once"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = NULL;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].reason);
		if (open_proxy(rows[i].options, &f, &why) != 0)
			fail_msg("%s", why.text);
		assert_int_equal(f->n_dealers, 2);
		for (unsigned d = 0; d < 2; d++) {
			const struct cc_curve_link *link = f->dealers[d]->conf.curve;

			assert_int_equal(link != NULL, rows[i].curve);
			if (!link)
				continue;
			assert_memory_equal(link->server, remote, CC_CURVE_KEY);
			assert_int_equal(memcmp(link->own.public, own, CC_CURVE_KEY) == 0,
					 rows[i].own);
			assert_memory_not_equal(link->own.secret, zero, CC_CURVE_KEY);
		}
	}
}

static void test_key_as_text(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = NULL;
	uint8_t key[CC_CURVE_KEY];

	assert_int_equal(open_proxy(TWO "remote-curve = " KEY, &f, NULL), 0);
	assert_int_equal(cc_curve_parse(KEY, key), 0);
	assert_memory_equal(f->dealers[0]->conf.curve->server, key, CC_CURVE_KEY);
}

static void test_refused(void **state)
{
	static const struct {
		const char *options;
		int r;
		const char *why;
	} rows[] = {
		{TWO "curve = own" STORE, -CC_EINVAL, "curve without remote-curve"},
		{TWO "remote-curve = remote", -CC_EINVAL, "no key store"},
		{TWO "remote-curve = absent" STORE, -CC_ENOTFOUND, "keys/absent.curve"},
		{TWO "remote-curve = ../keys/remote" STORE, -CC_EINVAL, "is no name of a key"},
		{TWO "remote-curve = remote\ncurve = absent" STORE, -CC_ENOTFOUND,
		 "keys/private/absent.curve"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = NULL;
		struct cc_note why = {0};

		assert_int_equal(open_proxy(rows[i].options, &f, &why), rows[i].r);
		if (!strstr(why.text, rows[i].why))
			fail_msg("%s, not %s", why.text, rows[i].why);
		assert_int_equal(f->n_dealers,
				 0); /* found by the check, before anything is opened */
	}
}

#define with_keys(f) cmocka_unit_test_setup_teardown(f, folder_with_keys, folder_leave)

static const struct CMUnitTest tests[] = {
	with_keys(test_keys),
	with_keys(test_key_as_text),
	with_keys(test_refused),
};

TEST_MAIN(tests)
