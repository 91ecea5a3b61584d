/* SPDX-License-Identifier: ISC */
#include "lib/handler/monitor.h"

#include "lib/base/log.h"

void cc_monitor_init(struct cc_monitor *m, const char *url, int64_t period_ms, int64_t silence_ms,
		     int64_t now)
{
	*m = (struct cc_monitor){
		.url = url, .period_ms = period_ms, .silence_ms = silence_ms, .heard = now};
}

static void go_down(struct cc_monitor *m, int64_t now, const char *why)
{
	m->down_since = now;
	cc_warn("%s is down: %s; requests for it are answered unreachable", m->url, why);
}

bool cc_monitor_heard(struct cc_monitor *m, int64_t now)
{
	bool was_down = m->down_since != 0;

	m->heard = now;
	m->asked = 0;
	if (was_down)
		cc_info("%s is back after %.1f s", m->url, (double)(now - m->down_since) / 1000);
	m->down_since = 0;
	return was_down;
}

bool cc_monitor_connection(struct cc_monitor *m, bool up, int64_t now)
{
	m->connected = up;
	if (up)
		return cc_monitor_heard(m, now);
	if (m->down_since)
		return false;
	go_down(m, now, "connection closed");
	return true;
}

bool cc_monitor_ping_due(struct cc_monitor *m, int64_t now)
{
	if (!m->period_ms || !m->connected || now - m->pinged < m->period_ms)
		return false;
	m->pinged = now;
	return true;
}

void cc_monitor_asked(struct cc_monitor *m, int64_t now)
{
	if (!m->asked)
		m->asked = now;
}

/* Since when an answer or a connection is owed; INT64_MAX: nobody asked for anything. */
static int64_t waiting_since(const struct cc_monitor *m)
{
	if (m->down_since)
		return INT64_MAX;
	if (!m->connected)
		return m->heard;
	return m->asked ? m->asked : INT64_MAX;
}

bool cc_monitor_check(struct cc_monitor *m, int64_t now)
{
	int64_t since = waiting_since(m);

	if (since == INT64_MAX || now - since <= m->silence_ms)
		return false;
	go_down(m, now, m->connected ? "no answer to pings" : "no connection");
	return true;
}

int64_t cc_monitor_next(const struct cc_monitor *m)
{
	int64_t since = waiting_since(m);
	int64_t silence = since == INT64_MAX ? INT64_MAX : since + m->silence_ms + 1;
	int64_t ping = m->period_ms && m->connected ? m->pinged + m->period_ms : INT64_MAX;

	return ping < silence ? ping : silence;
}
