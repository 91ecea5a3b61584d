/* SPDX-License-Identifier: ISC */
/* Log lines on their way to the bus: what is kept, what is lost, and that nothing goes round. */
#include "lib/daemon/logbus.h"

#include <pthread.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/util.h"
#include "tests/test.h"

#define START_MS 1000000

struct sent {
	unsigned n;
	int answer;	  /* what the link says to each */
	bool logs;	  /* it also logs that */
	json_t *last;	  /* the last body */
	char type[32];	  /* and its type */
	char first[2048]; /* text of the first */
};

static struct dm_logbus bus;
static const struct dm_logbus_name name = {"local.d:x", "x", "d:x"};

static int enter(void **state)
{
	static struct sent sent;

	json_decref(sent.last);
	sent = (struct sent){0};
	*state = &sent;
	dm_logbus_init(&bus);
	cc_log_set_level(CC_LOG_TRACE);
	cc_log_set_sink(dm_logbus_note, &bus);
	return 0;
}

static int leave(void **state)
{
	struct sent *sent = *state;

	cc_log_set_sink(NULL, NULL);
	dm_logbus_deinit(&bus);
	json_decref(sent->last);
	sent->last = NULL;
	return 0;
}

static int take(void *arg, const char *type, json_t *body)
{
	struct sent *sent = arg;

	if (sent->logs)
		cc_error("cannot send a line");
	json_decref(sent->last);
	sent->last = json_incref(body);
	snprintf(sent->type, sizeof(sent->type), "%s", type);
	if (sent->n++ == 0)
		snprintf(sent->first, sizeof(sent->first), "%s",
			 json_string_value(json_object_get(body, "log_msg")));
	return sent->answer;
}

static const char *last(const struct sent *sent, const char *key)
{
	return json_string_value(json_object_get(sent->last, key));
}

static void flush(struct sent *sent, int64_t now)
{
	dm_logbus_flush(&bus, &name, now, take, sent);
}

static void test_form(void **state)
{
	struct sent *sent = *state;

	cc_log_prefix("part");
	cc_warn("%d of it", 7);
	cc_log_prefix(NULL);
	flush(sent, START_MS);
	assert_int_equal(sent->n, 1);
	assert_string_equal(sent->type, "log.warning");
	assert_string_equal(last(sent, "log_level"), "WARNING");
	assert_string_equal(last(sent, "log_msg"), "[part] 7 of it");
	assert_string_equal(last(sent, "job_name"), "local.d:x");
	assert_string_equal(last(sent, "service_type"), "x");
	assert_string_equal(last(sent, "service_name"), "d:x");
	assert_string_equal(last(sent, "log_function"), "test_form");
	assert_true(json_number_value(json_object_get(sent->last, "log_time")) > 1e9);
	assert_int_equal(json_integer_value(json_object_get(sent->last, "log_pid")), getpid());
}

static void test_levels(void **state)
{
	static const struct {
		enum cc_level level;
		const char *type; /* NULL: not for the bus */
	} rows[] = {
		{CC_LOG_ERROR, "log.error"}, {CC_LOG_WARN, "log.warning"},
		{CC_LOG_INFO, "log.info"},   {CC_LOG_DEBUG, NULL},
		{CC_LOG_TRACE, NULL},
	};
	struct sent *sent = *state;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		sent->n = 0;
		sent->type[0] = '\0';
		cc_log(rows[i].level, "x");
		flush(sent, START_MS);
		assert_int_equal(sent->n, rows[i].type ? 1 : 0);
		assert_string_equal(sent->type, rows[i].type ? rows[i].type : "");
	}
}

/* The queue keeps the first lines; what comes later is lost and counted. */
static void test_queue_bounded(void **state)
{
	struct sent *sent = *state;
	unsigned turns = 0;

	for (unsigned i = 0; i < DM_LOGBUS_LINES + 10; i++)
		cc_info("line %u", i);
	assert_int_equal(bus.count, DM_LOGBUS_LINES);
	assert_int_equal(dm_logbus_take_dropped(&bus), 10);
	assert_int_equal(dm_logbus_take_dropped(&bus), 0);
	for (; dm_logbus_wait(&bus, START_MS + 1000 * turns) == 0; turns++)
		flush(sent, START_MS + 1000 * turns);
	assert_int_equal(sent->n, DM_LOGBUS_LINES);
	assert_int_equal(turns, 3);
	assert_string_equal(sent->first, "line 0");
	assert_string_equal(last(sent, "log_msg"), "line 255");
	cc_info("room again");
	flush(sent, START_MS + 1000 * turns);
	assert_string_equal(last(sent, "log_msg"), "room again");
}

static void test_rate(void **state)
{
	struct sent *sent = *state;

	assert_true(dm_logbus_wait(&bus, START_MS) == INT64_MAX);
	for (unsigned i = 0; i < DM_LOGBUS_RATE + 1; i++)
		cc_info("line %u", i);
	assert_int_equal(dm_logbus_wait(&bus, START_MS), 0);
	flush(sent, START_MS);
	assert_int_equal(sent->n, DM_LOGBUS_RATE);
	assert_int_equal(dm_logbus_wait(&bus, START_MS), 1000);
	assert_int_equal(dm_logbus_wait(&bus, START_MS + 400), 600);
	flush(sent, START_MS + 999);
	assert_int_equal(sent->n, DM_LOGBUS_RATE);
	flush(sent, START_MS + 1000);
	assert_int_equal(sent->n, DM_LOGBUS_RATE + 1);
	assert_true(dm_logbus_wait(&bus, START_MS + 1000) == INT64_MAX);
	assert_int_equal(dm_logbus_take_dropped(&bus), 0);
}

/* A link that fails and says so: the lines are lost, none is made of it. */
static void test_no_recursion(void **state)
{
	struct sent *sent = *state;

	sent->answer = -CC_EBUSY;
	sent->logs = true;
	for (unsigned i = 0; i < 5; i++)
		cc_info("line %u", i);
	flush(sent, START_MS);
	assert_int_equal(sent->n, 5);
	assert_int_equal(bus.count, 0);
	assert_int_equal(dm_logbus_take_dropped(&bus), 5);
	flush(sent, START_MS + 1000);
	assert_int_equal(sent->n, 5);
	cc_info("after it");
	assert_int_equal(bus.count, 1);
}

/* Octets of anywhere stay within JSON and within the bound. */
static void test_text(void **state)
{
	static char longer[3 * DM_LOGBUS_TEXT];
	struct sent *sent = *state;

	cc_info("%s", "a\nb\xff\xc3\xa4");
	flush(sent, START_MS);
	assert_string_equal(last(sent, "log_msg"), "a?b?\xc3\xa4");
	memset(longer, 'x', sizeof(longer) - 1);
	cc_info("%s", longer);
	flush(sent, START_MS);
	assert_int_equal(strlen(last(sent, "log_msg")), DM_LOGBUS_TEXT - 1);
}

static void *write_many(void *arg)
{
	for (int i = 0; i < 100; i++)
		cc_info("%s %d", (const char *)arg, i);
	return NULL;
}

/* Lines of other threads come too; none is lost without being counted. */
static void test_threads(void **state)
{
	struct sent *sent = *state;
	pthread_t threads[4];
	uint64_t dropped;

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, "thread"), 0);
	flush(sent, START_MS);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	dropped = dm_logbus_take_dropped(&bus);
	assert_int_equal(sent->n + bus.count + dropped, 400);
}

#define with_bus(f) cmocka_unit_test_setup_teardown(f, enter, leave)

static const struct CMUnitTest tests[] = {
	with_bus(test_form),	with_bus(test_levels), with_bus(test_queue_bounded),
	with_bus(test_rate),	with_bus(test_text),   with_bus(test_no_recursion),
	with_bus(test_threads),
};

TEST_MAIN(tests)
