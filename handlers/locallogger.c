/* SPDX-License-Identifier: ISC */
/* locallogger: writes log.* messages of other processes into this server's log (spec cc-bus C). */
#include <math.h>
#include <time.h>

#include "lib/base/log.h"
#include "lib/handler/handler.h"

extern const struct cc_handler locallogger_handler;

enum { LINES, NON_LOG };
static const char *const counters[] = {"logged", "non-log", NULL};

/* HH:MM:SS,mmm; cut, not rounded, so that .9996 does not become 000. */
static void format_time(double when, char out[16])
{
	bool sane = when >= 0 && when < 4e11; /* else it is no time_t */
	double whole = floor(when);
	time_t t = sane ? (time_t)whole : 0;
	struct tm tm;

	if (!sane || !localtime_r(&t, &tm)) {
		snprintf(out, 16, "??:??:??,???");
		return;
	}
	snprintf(out, 16, "%02u:%02u:%02u,%03u", (unsigned)tm.tm_hour % 24,
		 (unsigned)tm.tm_min % 60, (unsigned)tm.tm_sec % 61,
		 (unsigned)((when - whole) * 1000) % 1000);
}

static const char *text(const json_t *body, const char *key)
{
	const char *s = json_string_value(json_object_get(body, key));

	return s ? s : "";
}

/* The log writes every octet below space as \xNN: a message with line ends cannot forge a line. */
static int locallogger_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	const json_t *body = in->gate->json;
	struct cc_bytes type = cc_msg_type(in->msg);
	char when[16];

	if (!*text(body, "log_level")) {
		cc_host_count(host, NON_LOG, 1);
		cc_info("non-log msg: %.*s", (int)type.len, (const char *)type.data);
		return CC_DROPPED;
	}
	format_time(json_number_value(json_object_get(body, "log_time")), when);
	cc_host_count(host, LINES, 1);
	cc_info("[%s@%s] %s %s %s", text(body, "job_name"), text(body, "hostname"), when,
		text(body, "log_level"), text(body, "log_msg"));
	return 0;
}

const struct cc_handler locallogger_handler = {
	.name = "locallogger",
	.help = "writes log messages into the server's log",
	.roles = CC_ROLE_LOCAL | CC_ROLE_REMOTE,
	.run = CC_RUN_ONE, /* lines in arrival order */
	.counters = counters,
	.handle = locallogger_handle,
};
