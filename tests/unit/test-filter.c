/* SPDX-License-Identifier: ISC */
/* filter against a fake host. */
#include <stdio.h>

#include "handlers/table.h"
#include "lib/handler/fakehost.h"
#include "tests/test.h"

#define TO "forward-to = h:to\n"
#define SECTION "\n[h:to]\nhandler = disposer"

static struct cc_fakehost *host(const char *options)
{
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};
	char text[1024];

	snprintf(text, sizeof(text), TO "%s" SECTION, options);
	if (cc_fakehost_open(&f, cc_handler_find(handler_table, "filter"), text, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(f->n_targets, 1);
	assert_string_equal(f->targets[0]->section, "h:to");
	return f;
}

static void add(struct cc_msg *m, const void *data, size_t len)
{
	assert_int_equal(cc_msg_add(m, data, len), 0);
}

/* From a client, a request or not. @return what handle returned. */
static int give(struct cc_fakehost *f, const char *type, bool request)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	const struct cc_qid qid = {.budget_ms = 1000};
	uint8_t frame[CC_QID_LEN];

	add(m, "client", 6);
	cc_qid_write(&qid, frame);
	if (request)
		add(m, frame, sizeof(frame));
	add(m, "", 0);
	add(m, type, strlen(type));
	add(m, "body", 4);
	return cc_fakehost_handle(f, m);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *options, *type;
		bool passes;
		const char *reason;
	} rows[] = {
		{"", "a.b", true, "no lists: everything"},
		{"include =\nexclude =", "a.b", true, "empty lists: everything"},
		{"include = a.b", "a.b", true, "a whole type"},
		{"include = a.b", "a.bc", false, "not its beginning"},
		{"include = a", "a.b", false, "nor its first component"},
		{"include = a.b", "a.B", false, "in the case it was written in"},
		{"include = a.b", "axb", false, "a dot is no pattern"},
		{"include = x, y , a.b", "a.b", true, "any of a list"},
		{"include = x, y", "a.b", false, "none of a list"},
		{"include = *", "a.b.c", true, "* is any text"},
		{"include = a*", "a.b.c", true, "dots too"},
		{"include = a.*", "a", false, "but the dot itself must be there"},
		{"include = *.c", "a.b.c", true, "at the beginning"},
		{"include = *.b", "a.b.c", false, "over the whole type"},
		{"include = a?b", "a.b", true, "? is any one octet, a dot too"},
		{"include = a?b", "ab", false, "and not none"},
		{"include = A*", "a.b", false, "patterns have their case, too"},
		{"include = a.[bc]", "a.c", true, "one of a set"},
		{"include = a.[bc]", "a.d", false, "none of a set"},
		{"include = a.[!bc]", "a.d", true, "none of a set, wanted"},
		{"include = a[.]b", "a.b", true, "a dot in a set"},
		{"include = a.[b-d]", "a.c", true, "a range"},
		{"include = a.[bc", "a.b", false, "an open set is no set"},
		{"include = a\\*b", "a-b", false, "a backslash quotes nothing"},
		{"exclude = a.b", "a.b", false, "excluded"},
		{"exclude = a.b", "a.c", true, "not excluded"},
		{"exclude = *", "a.b", false, "all excluded"},
		{"exclude = a.b\ninclude = a.*", "a.b", false, "exclude wins"},
		{"exclude = a.b\ninclude = a.*", "a.c", true, "what it leaves passes"},
		{"exclude = a.*\ninclude = a.b", "a.b", false, "even where include is closer"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host(rows[i].options);

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(give(f, rows[i].type, false), rows[i].passes ? 0 : CC_DROPPED);
		assert_int_equal(f->targets[0]->sent.count, rows[i].passes);
	}
}

/* The longest type that there is, and a pattern on which a careless matcher would never end. */
static void test_long_type(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f =
		host("include = *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
	char type[CC_TYPE_MAX + 1];

	memset(type, 'a', CC_TYPE_MAX);
	type[CC_TYPE_MAX] = '\0';
	assert_int_equal(give(f, type, false), CC_DROPPED);
	type[CC_TYPE_MAX - 1] = 'b';
	assert_int_equal(give(f, type, false), 0);
}

static void test_passes_all_frames(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("include = a.*");
	const struct cc_msg *m;

	assert_int_equal(give(f, "a.b", true), 0);
	m = f->targets[0]->sent.msgs[0];
	assert_int_equal(m->count, 5);
	assert_memory_equal(cc_msg_frame(m, 0).data, "client", 6);
	assert_true(cc_msg_type_is(m, "a.b"));
	assert_int_equal(f->n_hops, 0);
}

/* Who waits for an answer is told; who does not, is not. */
static void test_tells_requests(void **state)
{
	static const struct {
		const char *type;
		int forward;
		const char *code; /* NULL: no word */
		int result;
		const char *reason;
	} rows[] = {
		{"x.y", 0, "noroute", CC_DROPPED, "filtered out"},
		{"error", 0, NULL, CC_DROPPED, "an error is never answered"},
		{"a.b", -CC_EBUSY, "busy", CC_DROPPED, "no room at the other handler"},
		{"a.b", -CC_ENOMEM, "busy", -CC_ENOMEM, "no memory"},
		{"a.b", CC_DROPPED, NULL, CC_DROPPED, "the other handler has said its word"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("include = a.*");

		print_message("# %s\n", rows[i].reason);
		f->targets[0]->forward_result = rows[i].forward;
		assert_int_equal(give(f, rows[i].type, false), rows[i].result);
		assert_int_equal(f->n_hops, 0);
		assert_int_equal(give(f, rows[i].type, true), rows[i].result);
		assert_int_equal(f->n_hops, rows[i].code != NULL);
		if (rows[i].code)
			assert_string_equal(f->hops[0].code, rows[i].code);
	}
}

/* Where others get the message, too, theirs is the word on it. */
static void test_shared(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("include = a.*");
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	const struct cc_qid qid = {.budget_ms = 1000};
	struct cc_in in = {.msg = m, .shared = true};
	uint8_t frame[CC_QID_LEN];

	cc_qid_write(&qid, frame);
	add(m, "client", 6);
	add(m, frame, sizeof(frame));
	add(m, "", 0);
	add(m, "x.y", 3);
	add(m, "body", 4);
	assert_int_equal(cc_msg_check(m), 0);
	assert_int_equal(f->handler->handle(f->state, &f->base, &in), CC_DROPPED);
	assert_int_equal(f->n_hops, 0);
	in.shared = false;
	assert_int_equal(f->handler->handle(f->state, &f->base, &in), CC_DROPPED);
	assert_int_equal(f->n_hops, 1);
}

static void test_counts(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("include = a.*");
	const size_t size = 6 + 3 + 4;

	give(f, "a.b", false);
	give(f, "a.c", false);
	give(f, "x.y", false);
	f->targets[0]->forward_result = CC_DROPPED;
	give(f, "a.b", false);
	f->targets[0]->forward_result = -CC_EBUSY;
	give(f, "a.b", false);
	f->targets[0]->forward_result = -CC_ENOMEM;
	give(f, "a.b", false);
	assert_int_equal(cc_fakehost_count(f, "filter.count"), 6);
	assert_int_equal(cc_fakehost_count(f, "filter.bytes"), 6 * size);
	assert_int_equal(cc_fakehost_count(f, "filter.count.ok"), 2);
	assert_int_equal(cc_fakehost_count(f, "filter.bytes.ok"), 2 * size);
	assert_int_equal(cc_fakehost_count(f, "filter.count.dropped"), 3);
	assert_int_equal(cc_fakehost_count(f, "filter.bytes.dropped"), 3 * size);
	assert_int_equal(cc_fakehost_count(f, "filter.count.crashed"), 1);
	assert_int_equal(cc_fakehost_count(f, "filter.bytes.crashed"), size);
}

static void test_refused_options(void **state)
{
	static const struct {
		const char *options, *why;
	} rows[] = {
		{"include = a", "Config value not set: forward-to"},
		{"forward-to = h:none", "forward-to: no section [h:none]"},
		{"forward-to = h:to\nincludes = a" SECTION, "did you mean \"include\"?"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = NULL;
		struct cc_note why = {0};

		assert_true(cc_fakehost_open(&f,
					     cc_handler_find(handler_table, "cc.handler.filter"),
					     rows[i].options, &why) < 0);
		if (!strstr(why.text, rows[i].why))
			fail_msg("%s, not %s", why.text, rows[i].why);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_patterns),
	cmocka_unit_test(test_long_type),
	cmocka_unit_test(test_passes_all_frames),
	cmocka_unit_test(test_tells_requests),
	cmocka_unit_test(test_shared),
	cmocka_unit_test(test_counts),
	cmocka_unit_test(test_refused_options),
};

TEST_MAIN(tests)
