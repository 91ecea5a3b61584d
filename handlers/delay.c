/* SPDX-License-Identifier: ISC */
/*
 * delay: keeps messages for a while, unread, then gives them to another handler in the order they
 * came (spec cc-bus C).
 *
 * What waits is bounded. At a stop nobody waits out the delay: everything is handed on at once,
 * while the server still routes.
 */
#include "lib/base/clock.h"
#include "lib/base/list.h"
#include "lib/conf/ini.h"
#include "lib/handler/handler.h"

extern const struct cc_handler delay_handler;

enum {
	COUNT,
	BYTES,
	COUNT_OK,
	BYTES_OK,
	COUNT_DROPPED,
	BYTES_DROPPED,
	COUNT_CRASHED,
	BYTES_CRASHED,
};
static const char *const counters[] = {
	[COUNT] = "delay.count",
	[BYTES] = "delay.bytes",
	[COUNT_OK] = "delay.count.ok", /* taken by the other handler */
	[BYTES_OK] = "delay.bytes.ok",
	[COUNT_DROPPED] = "delay.count.dropped", /* no room here or there */
	[BYTES_DROPPED] = "delay.bytes.dropped",
	[COUNT_CRASHED] = "delay.count.crashed", /* could not be kept or handed over */
	[BYTES_CRASHED] = "delay.bytes.crashed",
	NULL,
};

struct delayed {
	struct cc_list link; /* first: the queue hands it back */
	int64_t due;
	size_t cost; /* as counted in queued_bytes */
	bool shared; /* as in struct cc_in */
	struct cc_msg *msg;
};

struct delay {
	char *forward_to;
	int64_t delay, max_messages;
	uint64_t max_bytes;
	struct cc_target *target;
	struct cc_list queue; /* by due, which is by arrival: all wait for the same time */
	size_t queued, queued_bytes;
	bool stopping;
};

#define AT(member) offsetof(struct delay, member)
static const struct cf_opt options[] = {
	{.name = "forward-to",
	 .type = CF_STR,
	 .offset = AT(forward_to),
	 .help = "handler section that gets the messages"},
	{.name = "delay",
	 .type = CF_MSEC,
	 .offset = AT(delay),
	 .def = "0",
	 .min = 0,
	 .max = 86400000,
	 .help = "seconds to keep them"},
	{.name = "max-messages",
	 .type = CF_INT,
	 .offset = AT(max_messages),
	 .def = "10000",
	 .min = 1,
	 .max = 1000000,
	 .help = "messages kept"},
	{.name = "max-bytes",
	 .type = CF_SIZE,
	 .offset = AT(max_bytes),
	 .def = "16M",
	 .min = 4096,
	 .max = 1ll << 40,
	 .help = "octets kept, overhead included"},
	{0},
};

static int delay_check(const void *state, struct cc_host *host, struct cc_note *why)
{
	const struct delay *d = state;

	return cc_host_check_section(host, "forward-to", d->forward_to, why);
}

static int delay_init(void *state, struct cc_host *host, struct cc_note *why)
{
	struct delay *d = state;

	cc_list_init(&d->queue);
	return cc_host_target(host, d->forward_to, &d->target, why);
}

static struct delayed *first(const struct delay *d)
{
	return cc_list_empty(&d->queue) ? NULL : (struct delayed *)d->queue.next;
}

static void drop(struct delay *d, struct delayed *item)
{
	cc_list_remove(&item->link);
	d->queued--;
	d->queued_bytes -= item->cost;
	cc_msg_free(item->msg);
	free(item);
}

static void delay_fini(void *state)
{
	struct delay *d = state;

	while (d->queued)
		drop(d, first(d));
}

/* How a message ended: `which` is one of the COUNT_*, its BYTES_* stand behind. */
static void end(struct cc_host *host, unsigned which, size_t bytes)
{
	cc_host_count(host, which, 1);
	cc_host_count(host, which + 1, bytes);
}

/* Tells the sender of what cannot go on, if he waits for an answer. @return what handle returns. */
static int refuse(struct cc_host *host, const struct cc_msg *m, bool shared, int r)
{
	if (!shared)
		cc_host_hop_error(host, m, "busy");
	end(host, r == -CC_EBUSY ? COUNT_DROPPED : COUNT_CRASHED, m->bytes);
	return r == -CC_EBUSY ? CC_DROPPED : r;
}

static int forward(struct delay *d, struct cc_host *host, struct cc_msg *m, bool shared)
{
	size_t bytes = m->bytes;
	int r = cc_host_forward(host, d->target, m);

	if (r < 0)
		return refuse(host, m, shared, r);
	end(host, r == 0 ? COUNT_OK : COUNT_DROPPED, bytes);
	return r;
}

/* What a message costs while it waits: a flood of small ones is mostly overhead. */
static size_t cost(const struct cc_msg *m)
{
	return sizeof(struct delayed) + cc_msg_cost(m);
}

/* Takes the frames on success. @return 0, -CC_EBUSY (full), -CC_ENOMEM. */
static int keep(struct delay *d, const struct cc_in *in, int64_t due)
{
	struct cc_msg *m = in->msg;
	struct delayed *item;

	if (d->queued >= (size_t)d->max_messages || d->queued_bytes + cost(m) > d->max_bytes)
		return -CC_EBUSY;
	item = malloc(sizeof(*item));
	if (!item)
		return cc_raise(CC_ENOMEM);
	item->msg = cc_msg_take(m);
	if (!item->msg) {
		free(item);
		return cc_raise(CC_ENOMEM);
	}
	item->cost = cost(item->msg);
	item->due = due;
	item->shared = in->shared;
	cc_list_add_tail(&d->queue, &item->link);
	d->queued++;
	d->queued_bytes += item->cost;
	return 0;
}

static int delay_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	struct delay *d = state;
	int64_t due = cc_clock_ms() + d->delay;
	int r;

	cc_host_count(host, COUNT, 1);
	cc_host_count(host, BYTES, in->msg->bytes);
	if (d->delay == 0 || d->stopping)
		return forward(d, host, in->msg, in->shared);
	r = keep(d, in, due);
	if (r)
		return refuse(host, in->msg, in->shared, r);
	cc_host_wake_at(host, due);
	return 0;
}

/* Hands on what is due until then, oldest first. */
static void forward_until(struct delay *d, struct cc_host *host, int64_t until)
{
	struct delayed *item;

	while ((item = first(d)) && item->due <= until) {
		forward(d, host, item->msg, item->shared);
		drop(d, item);
	}
}

static void delay_tick(void *state, struct cc_host *host, int64_t now)
{
	struct delay *d = state;

	forward_until(d, host, now);
	if (first(d))
		cc_host_wake_at(host, first(d)->due);
}

static void delay_stop(void *state, struct cc_host *host)
{
	struct delay *d = state;

	d->stopping = true;
	forward_until(d, host, INT64_MAX);
}

/* A section that a reload replaced goes on until all that it keeps was handed on. */
static bool delay_busy(const void *state)
{
	const struct delay *d = state;

	return d->queued > 0;
}

const struct cc_handler delay_handler = {
	.name = "delay",
	.help = "keeps messages for some seconds, then gives them to another handler",
	.roles = CC_ROLE_LOCAL | CC_ROLE_REMOTE,
	.run = CC_RUN_ROUTER,
	.state_size = sizeof(struct delay),
	.options = options,
	.counters = counters,
	.check = delay_check,
	.init = delay_init,
	.handle = delay_handle,
	.tick = delay_tick,
	.stop = delay_stop,
	.busy = delay_busy,
	.fini = delay_fini,
};
