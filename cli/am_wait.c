/* SPDX-License-Identifier: ISC */
/* Waiting until slivers are what they become by themselves (spec geni-am 3, states). */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/am.h"
#include "cli/text.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

#define POLL_FIRST_MS 250 /* the pause grows to the other */
#define POLL_LAST_MS 5000

static const char *status_of(const json_t *sliver, const char *key)
{
	const char *text = json_string_value(json_object_get(sliver, key));

	return text ? text : "";
}

static enum am_state state_of(const json_t *sliver)
{
	static const char *const waiting[] = {"geni_pending_allocation", "geni_configuring",
					      "geni_stopping", "geni_ready_busy",
					      "geni_updating_users"};
	const char *state = status_of(sliver, "geni_operational_status");

	/* before it is provisioned, nothing is done without being asked for */
	if (strcmp(status_of(sliver, "geni_allocation_status"), "geni_provisioned") != 0)
		return AM_FINAL;
	for (size_t i = 0; i < CC_ARRAY_SIZE(waiting); i++)
		if (strcmp(state, waiting[i]) == 0)
			return AM_WAITING;
	return strcmp(state, "geni_failed") == 0 ? AM_FAILED : AM_FINAL;
}

enum am_state am_state_of(const json_t *slivers)
{
	enum am_state all = AM_FINAL;
	const json_t *s;
	size_t i;

	json_array_foreach(slivers, i, s)
	{
		enum am_state one = state_of(s);

		if (one == AM_WAITING || (one == AM_FAILED && all == AM_FINAL))
			all = one;
	}
	return all;
}

/* "\r12 s: 2 geni_configuring, 1 geni_ready" */
static void put_progress(const json_t *slivers, double seconds)
{
	json_t *counts = json_object(), *count;
	const char *state, *comma = "";
	const json_t *s;
	char buf[32];
	size_t i;

	json_array_foreach(slivers, i, s)
	{
		state = status_of(s, "geni_operational_status");
		json_object_set_new(
			counts, state,
			json_integer(json_integer_value(json_object_get(counts, state)) + 1));
	}
	fprintf(stderr, "\r\033[K%s: ", cli_seconds_text(seconds, buf));
	json_object_foreach(counts, state, count)
	{
		fprintf(stderr, "%s%lld ", comma, (long long)json_integer_value(count));
		cli_put(stderr, state);
		comma = ", ";
	}
	fflush(stderr);
	json_decref(counts);
}

static int ask_status(struct am_args *a, json_t **slivers)
{
	json_t *value = NULL;
	int r = am_ask(a, "am.status", AM_NEED_SLICE,
		       json_pack("{s:o, s:{}}", "urns", am_urns(a), "options"), &value);

	if (r >= 0)
		return r;
	json_decref(*slivers);
	*slivers = json_incref((json_t *)am_slivers_of(value));
	json_decref(value);
	if (json_is_array(*slivers))
		return -1;
	fprintf(stderr, CLI_WORDS ": the status has no slivers\n", CLI_WORDS_OF(a->user.cmd));
	return CLI_FAILED;
}

int am_wait(struct am_args *a, json_t **slivers)
{
	int64_t begin = cc_clock_ms(), end = begin + (int64_t)(a->wait * 1000);
	bool terminal = isatty(STDERR_FILENO);
	int pause_ms = POLL_FIRST_MS, r;

	for (;;) {
		r = ask_status(a, slivers);
		if (r < 0 && terminal)
			put_progress(*slivers, (double)(cc_clock_ms() - begin) / 1000);
		if (r >= 0 || am_state_of(*slivers) != AM_WAITING || cc_clock_ms() + pause_ms > end)
			break;
		poll(NULL, 0, pause_ms);
		pause_ms = pause_ms * 2 > POLL_LAST_MS ? POLL_LAST_MS : pause_ms * 2;
	}
	if (terminal)
		fputc('\n', stderr);
	return r;
}
