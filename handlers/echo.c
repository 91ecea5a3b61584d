/* SPDX-License-Identifier: ISC */
/* echo: answers echo.request, and pings other servers on its own (spec cc-bus C, A4). */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/handler/handler.h"
#include "lib/handler/monitor.h"

extern const struct cc_handler echo_handler;

#define PING_PERIOD_MS 1000
#define PING_SILENCE_MS 5000

enum { PINGS, PONGS };
static const char *const counters[] = {"pings", "pongs", NULL};

struct remote {
	struct cc_monitor monitor;
	struct cc_dealer *dealer;
};

struct echo {
	struct cf_list ping_remotes;
	struct remote *remotes;
};

static const struct cf_opt options[] = {
	{.name = "ping-remotes",
	 .type = CF_LIST,
	 .offset = offsetof(struct echo, ping_remotes),
	 .def = "",
	 .help = "endpoints of other servers to ping each second"},
	{0},
};

static void schedule(struct echo *e, struct cc_host *host)
{
	for (size_t i = 0; i < e->ping_remotes.count; i++)
		cc_host_wake_at(host, cc_monitor_next(&e->remotes[i].monitor));
}

static int echo_init(void *state, struct cc_host *host, struct cc_note *why)
{
	struct echo *e = state;
	struct cc_sock_conf sock;
	int64_t now = cc_clock_ms();

	cc_sock_conf_default(&sock);
	sock.hwm = 1; /* a ping that waits is worth nothing */
	sock.linger_ms = 0;
	e->remotes = calloc(e->ping_remotes.count + 1, sizeof(*e->remotes));
	if (!e->remotes)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < e->ping_remotes.count; i++) {
		struct remote *r = &e->remotes[i];
		int err;

		cc_monitor_init(&r->monitor, e->ping_remotes.items[i], PING_PERIOD_MS,
				PING_SILENCE_MS, now);
		err = cc_host_dealer_open(host, r->monitor.url, &sock, r, &r->dealer, why);
		if (err)
			return err;
	}
	schedule(e, host);
	return 0;
}

static void echo_fini(void *state)
{
	struct echo *e = state;

	free(e->remotes);
}

static int echo_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	const json_t *rq = in->gate->json;
	json_t *hostname = json_object_get(rq, "hostname");
	json_t *target = json_object_get(rq, "target");
	json_t *time = json_object_get(rq, "time");
	unsigned held = 0;
	json_t *body;
	int r;

	if (!cc_msg_type_is(in->msg, "echo.request")) {
		if (cc_log_allowed("echo-type", host->section, (unsigned)strlen(host->section),
				   &held))
			cc_warn("unknown message type; %u more held back", held);
		return CC_DROPPED;
	}
	if (!json_is_string(hostname) || !json_is_string(target) || !json_is_number(time)) {
		r = cc_host_error(host, in, "bad-request",
				  "echo.request needs hostname, target and time");
		return r ? r : CC_DROPPED;
	}
	body = json_pack("{s:O, s:O, s:O}", "orig_hostname", hostname, "orig_target", target,
			 "orig_time", time);
	if (!body)
		return cc_raise(CC_ENOMEM);
	r = cc_host_reply(host, in, "echo.response", body, (struct cc_bytes){NULL, 0});
	json_decref(body);
	return r;
}

static void echo_tick(void *state, struct cc_host *host, int64_t now)
{
	struct echo *e = state;

	for (size_t i = 0; i < e->ping_remotes.count; i++) {
		struct remote *r = &e->remotes[i];

		cc_monitor_check(&r->monitor, now);
		if (cc_monitor_ping_due(&r->monitor, now) &&
		    cc_host_dealer_ping(host, r->dealer, r->monitor.url) == 0) {
			cc_monitor_asked(&r->monitor, now);
			cc_host_count(host, PINGS, 1);
		}
	}
	schedule(e, host);
}

/* Whatever comes is a sign of life; it is not read, so it need not be verified. */
static void echo_dealer_in(void *state, struct cc_host *host, void *peer, struct cc_msg *msg)
{
	struct remote *r = peer;
	int64_t now = cc_clock_ms();

	cc_debug("pong from %s after %lld ms", r->monitor.url,
		 (long long)(now - r->monitor.pinged));
	cc_host_count(host, PONGS, 1);
	cc_monitor_heard(&r->monitor, now);
	schedule(state, host);
}

static void echo_dealer_up(void *state, struct cc_host *host, void *peer, bool up)
{
	struct remote *r = peer;

	cc_monitor_connection(&r->monitor, up, cc_clock_ms());
	schedule(state, host);
}

const struct cc_handler echo_handler = {
	.name = "echo",
	.help = "answers echo.request; pings other servers",
	.roles = CC_ROLE_LOCAL | CC_ROLE_REMOTE,
	.run = CC_RUN_POOL,
	.answers = true,
	.state_size = sizeof(struct echo),
	.options = options,
	.counters = counters,
	.init = echo_init,
	.handle = echo_handle,
	.tick = echo_tick,
	.dealer_in = echo_dealer_in,
	.dealer_up = echo_dealer_up,
	.fini = echo_fini,
};
