/* SPDX-License-Identifier: ISC */
#include "ccserver/stats.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "tests/test.h"

#define LINES_MAX 2000

struct lines {
	struct {
		char name[200];
		double value;
	} at[LINES_MAX];
	size_t count;
};

static struct lines lines; /* of the last look */

static void keep_line(void *arg, const char *name, double value)
{
	assert_true(lines.count < LINES_MAX);
	for (size_t i = 0; i < lines.count; i++)
		assert_string_not_equal(lines.at[i].name, name); /* each once */
	snprintf(lines.at[lines.count].name, sizeof(lines.at[0].name), "%s", name);
	lines.at[lines.count++].value = value;
}

static void look(const struct srv_stats *s)
{
	lines.count = 0;
	srv_stats_each(s, keep_line, NULL);
}

/* The value of a line; -1: there is none. */
static double line(const char *name)
{
	for (size_t i = 0; i < lines.count; i++)
		if (strcmp(lines.at[i].name, name) == 0)
			return lines.at[i].value;
	return -1;
}

static struct cc_bytes type(const char *name)
{
	return (struct cc_bytes){(const uint8_t *)name, strlen(name)};
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		double value;
	} rows[] = {
		{"count", 5},
		{"bytes", 500},
		{"seconds", 3},
		{"count.invalid", 5},
		{"count.ok", 2},
		{"bytes.ok", 30},
		{"seconds.ok", 1.5},
		{"count.dropped", 1},
		{"bytes.dropped", 7},
		{"count.crashed", 1},
		{"count.ok.msg.echo.request", 1},
		{"bytes.ok.msg.pub.x", 20},
		{"count.dropped.msg.echo.request", 1},
		{"refused.cms.chain", 4},
		{"refused.shape.bad-type", 3},
		{"refused.shape.too-big", 2},
		{"refused.stale", 1},
		{"lost.no-route", 9},
		{"hop_errors", 6},
		{"replies", 8},
		{"count.crashed.msg.echo.request", -1}, /* what never happened has no line */
		{"lost.queue-full", -1},
		{"refused.pass", -1},
		{"pass", -1},
	};
	struct srv_stats s;

	srv_stats_init(&s, 2);
	for (unsigned i = 0; i < 5; i++)
		srv_stats_in(&s, 100);
	srv_stats_end(&s, SRV_OK, type("echo.request"), 10, 500000000);
	srv_stats_end(&s, SRV_OK, type("pub.x"), 20, 1000000000);
	srv_stats_end(&s, SRV_DROPPED, type("echo.request"), 7, 1500000000);
	srv_stats_end(&s, SRV_CRASHED, (struct cc_bytes){NULL, 0}, 1, 0);
	s.gate[cc_gate_counter_index(CC_GATE_CMS, CC_CMS_CHAIN)] = 4;
	s.gate[cc_gate_counter_index(CC_GATE_SHAPE, CC_MSG_BAD_TYPE)] = 3;
	s.gate[cc_gate_counter_index(CC_GATE_SHAPE, CC_MSG_TOO_BIG)] = 2;
	s.gate[cc_gate_counter_index(CC_GATE_STALE, 0)] = 1;
	s.gate[cc_gate_counter_index(CC_GATE_PASS, 0)] = 77;
	s.loss[SRV_LOSS_NO_ROUTE] = 9;
	s.hop_errors = 6;
	s.replies = 8;
	look(&s);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].name);
		assert_true(line(rows[i].name) == rows[i].value);
	}
	srv_stats_deinit(&s);
}

static void test_levels(void **state)
{
	static const struct {
		int level;
		double count, of_type;
	} rows[] = {{0, -1, -1}, {1, 1, -1}, {2, 1, 1}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct srv_stats s;

		srv_stats_init(&s, rows[i].level);
		srv_stats_in(&s, 1);
		srv_stats_end(&s, SRV_OK, type("t"), 1, 1);
		look(&s);
		assert_true(line("count") == rows[i].count);
		assert_true(line("count.ok.msg.t") == rows[i].of_type);
		srv_stats_deinit(&s);
	}
}

static void test_nothing_yet(void **state)
{
	struct srv_stats s;

	srv_stats_init(&s, 2);
	look(&s);
	assert_true(line("count") == 0);
	assert_true(line("count.ok") == 0);
	assert_true(line("count.invalid") == 0);
	assert_int_equal(lines.count, 7);
	srv_stats_deinit(&s);
}

/* Types are strangers' inventions: beyond the bound all are one. */
static void test_types_bounded(void **state)
{
	struct srv_stats s;
	char name[CC_TYPE_MAX + 1];
	double others;

	srv_stats_init(&s, 2);
	for (unsigned i = 0; i < 10 * SRV_TYPES_MAX; i++) {
		int len = snprintf(name, sizeof(name), "t%u", i);

		if (i % 2) { /* also the longest that there are */
			memset(name + len, 'x', sizeof(name) - 1 - (size_t)len);
			name[sizeof(name) - 1] = 0;
		}
		srv_stats_end(&s, SRV_OK, type(name), 1, 0);
	}
	assert_in_range(s.n_types, SRV_TYPES_MAX, SRV_TYPES_MAX + 1);
	look(&s);
	others = line("count.ok.msg.OTHER");
	assert_true(others == 10 * SRV_TYPES_MAX - SRV_TYPES_MAX);
	srv_stats_end(&s, SRV_OK, type("t0"), 1, 0); /* known ones go on */
	srv_stats_end(&s, SRV_OK, type("new"), 1, 0);
	look(&s);
	assert_true(line("count.ok.msg.t0") == 2);
	assert_true(line("count.ok.msg.OTHER") == others + 1);
	assert_true(line("count.ok.msg.new") == -1);
	srv_stats_deinit(&s);
}

static void test_loss_names(void **state)
{
	for (int a = 0; a < SRV_LOSSES; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(srv_loss_name(a), srv_loss_name(b));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_names),	    cmocka_unit_test(test_levels),
	cmocka_unit_test(test_nothing_yet), cmocka_unit_test(test_types_bounded),
	cmocka_unit_test(test_loss_names),
};

TEST_MAIN(tests)
