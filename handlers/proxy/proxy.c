/* SPDX-License-Identifier: ISC */
/*
 * proxy: forwards messages unread to another ccserver and its answers back (spec cc-bus C;
 * architecture section 3, Proxy).
 *
 * Several remotes are one service: the first in the list that is up takes the messages. What a down
 * remote still had to be sent goes to another; who waits for its answer is told `unreachable`.
 * Sends never block: what the socket does not take waits in the remote's bounded queue, and beyond
 * that the caller is told `busy`.
 */
#include "handlers/proxy/curve.h"
#include "handlers/proxy/queue.h"
#include "handlers/proxy/requests.h"
#include "handlers/proxy/routes.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/handler/handler.h"
#include "lib/handler/monitor.h"

extern const struct cc_handler proxy_handler;

enum {
	FORWARDED,
	ANSWERS,
	UNREACHABLE,
	BUSY,
	LATE,
	STRAY,
	LOOPED,
	LOST,
	UNDELIVERED,
	UNSIGNED,
	PINGS,
	PONGS,
};
static const char *const counters[] = {
	[FORWARDED] = "forwarded",     /* handed to a remote's socket */
	[ANSWERS] = "answers",	       /* written back to a client */
	[UNREACHABLE] = "unreachable", /* requests told so */
	[BUSY] = "busy",	       /* refused: queue or table full */
	[LATE] = "late",	       /* answers to requests that were told unreachable */
	[STRAY] = "stray",	       /* from the remote, to nobody who asked through us */
	[LOOPED] = "looped",	       /* too many hops, or a query id twice */
	[LOST] = "lost",	       /* no request, and no room to keep it */
	[UNDELIVERED] = "undelivered", /* answers whose client is gone or does not read */
	[UNSIGNED] = "unsigned",       /* admin and job messages that nobody signed */
	[PINGS] = "pings",
	[PONGS] = "pongs",
	NULL,
};

struct px_peer {
	struct cc_monitor monitor;
	struct cc_dealer *dealer;
	struct px_queue queue;
	struct cc_list waiting; /* requests sent or queued, not answered */
};

struct proxy {
	struct cf_list remote_cc;
	struct cc_sock_conf sock;
	struct px_curve curve;
	bool ping;
	int64_t ping_period, ping_timeout, route_lifetime;
	int64_t max_routes, max_requests, queue_messages;
	uint64_t queue_bytes;
	struct cc_host *host;
	struct px_peer *peers;
	struct px_routes routes;
	struct px_requests requests;
};

#define FLUSH_RETRY_MS 5 /* until a full socket is tried again, when nothing else happens */

#define BUDGET_DEFAULT_MS 60000 /* of requests that name none, or too long a one */

#define AT(member) offsetof(struct proxy, member)
static const struct cf_opt options[] = {
	{.name = "remote-cc",
	 .type = CF_LIST,
	 .offset = AT(remote_cc),
	 .def = NULL,
	 .help = "endpoints of the remote servers; the first that is up is used"},
	{.name = "ping",
	 .type = CF_BOOL,
	 .offset = AT(ping),
	 .def = "no",
	 .help = "ping the remotes, so that a silent one is found"},
	{.name = "ping-period",
	 .type = CF_MSEC,
	 .offset = AT(ping_period),
	 .def = "1",
	 .min = 100,
	 .max = 3600000,
	 .help = "seconds between pings"},
	{.name = "ping-timeout",
	 .type = CF_MSEC,
	 .offset = AT(ping_timeout),
	 .def = "3",
	 .min = 200,
	 .max = 3600000,
	 .help = "seconds of silence until a remote is down"},
	{.name = "route-lifetime",
	 .type = CF_MSEC,
	 .offset = AT(route_lifetime),
	 .def = "3600",
	 .min = 1000,
	 .max = 604800000,
	 .help = "seconds an idle client may still be sent to by the remote"},
	{.name = "max-routes",
	 .type = CF_INT,
	 .offset = AT(max_routes),
	 .def = "10000",
	 .min = 1,
	 .max = 1000000,
	 .help = "clients remembered"},
	{.name = "max-requests",
	 .type = CF_INT,
	 .offset = AT(max_requests),
	 .def = "10000",
	 .min = 1,
	 .max = 1000000,
	 .help = "requests waiting for an answer"},
	{.name = "queue-messages",
	 .type = CF_INT,
	 .offset = AT(queue_messages),
	 .def = "10000",
	 .min = 1,
	 .max = 1000000,
	 .help = "messages waiting for one remote"},
	{.name = "queue-bytes",
	 .type = CF_SIZE,
	 .offset = AT(queue_bytes),
	 .def = "16M",
	 .min = 4096,
	 .max = 1ll << 40,
	 .help = "octets waiting for one remote, overhead included"},
	PX_CURVE_OPTS(struct proxy, curve),
	CC_SOCK_OPTS(struct proxy, sock, "100"),
	{0},
};

static void schedule(struct proxy *p)
{
	int64_t now = cc_clock_ms(), next = cc_wheel_next(&p->requests.wheel, now);

	for (size_t i = 0; i < p->remote_cc.count; i++) {
		int64_t at = cc_monitor_next(&p->peers[i].monitor);

		if (px_queue_first(&p->peers[i].queue) && !p->peers[i].monitor.down_since)
			at = now + FLUSH_RETRY_MS;
		next = at < next ? at : next;
	}
	cc_host_wake_at(p->host, next);
}

static int proxy_check(const void *state, struct cc_host *host, struct cc_note *why)
{
	const struct proxy *p = state;

	return px_curve_check(&p->curve, host, why);
}

static int proxy_init(void *state, struct cc_host *host, struct cc_note *why)
{
	struct proxy *p = state;
	int64_t now = cc_clock_ms();
	int r;

	p->host = host;
	px_routes_init(&p->routes, (size_t)p->max_routes, p->route_lifetime);
	px_requests_init(&p->requests, (size_t)p->max_requests, now);
	if (!p->remote_cc.count)
		return cc_note_set(why, CC_EINVAL, "Config value not set: remote-cc");
	r = px_curve_open(&p->curve, host, &p->sock.curve, why);
	if (r)
		return r;
	p->peers = calloc(p->remote_cc.count, sizeof(*p->peers));
	if (!p->peers)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < p->remote_cc.count; i++) {
		struct px_peer *peer = &p->peers[i];
		const char *url = p->remote_cc.items[i];

		cc_monitor_init(&peer->monitor, url, p->ping ? p->ping_period : 0, p->ping_timeout,
				now);
		px_queue_init(&peer->queue, (size_t)p->queue_messages, p->queue_bytes);
		cc_list_init(&peer->waiting);
		r = cc_host_dealer_open(host, url, &p->sock, peer, &peer->dealer, why);
		if (r)
			return r;
	}
	schedule(p);
	return 0;
}

static void proxy_fini(void *state)
{
	struct proxy *p = state;

	px_requests_deinit(&p->requests);
	px_routes_deinit(&p->routes);
	for (size_t i = 0; p->peers && i < p->remote_cc.count; i++)
		px_queue_deinit(&p->peers[i].queue);
	free(p->peers);
	cc_curve_link_wipe(&p->curve.link);
}

/* The first remote that is up, or NULL. */
static struct px_peer *usable_peer(struct proxy *p)
{
	for (size_t i = 0; i < p->remote_cc.count; i++)
		if (!p->peers[i].monitor.down_since)
			return &p->peers[i];
	return NULL;
}

/* Ends a request with `unreachable`. Its message, when not yet sent, is dropped with it. */
static void tell_unreachable(struct proxy *p, struct px_request *r)
{
	struct cc_msg *m = px_request_msg(r);

	cc_host_count(p->host, UNREACHABLE, 1);
	if (m)
		cc_host_hop_error(p->host, m, "unreachable");
	cc_msg_free(m);
	if (r->queued) {
		px_queue_drop(&r->peer->queue, r->queued);
		px_requests_remove(&p->requests, r);
	} else {
		px_requests_tell(&p->requests, r, cc_clock_ms());
	}
}

static int hand_over(struct proxy *p, struct px_peer *peer, struct cc_msg *m)
{
	int r = cc_host_dealer_send(p->host, peer->dealer, m);

	if (r == 0)
		cc_host_count(p->host, FORWARDED, 1);
	return r;
}

/*
 * Sends what waits until the socket is full. A down remote gets publications only when it is back.
 */
static void flush_queue(struct proxy *p, struct px_peer *peer)
{
	struct px_queued *item;

	while ((item = px_queue_first(&peer->queue))) {
		if (hand_over(p, peer, item->msg) != 0)
			return;
		if (item->request)
			item->request->queued = NULL;
		px_queue_drop(&peer->queue, item);
	}
}

/* Sends or queues; the frames are taken on success. */
static int send_to(struct proxy *p, struct px_peer *peer, struct cc_msg *m, struct px_request *rq)
{
	struct px_queued *item = NULL;
	int r = -CC_EBUSY;

	if (px_queue_first(&peer->queue) && !peer->monitor.down_since)
		flush_queue(p, peer);
	if (!px_queue_first(&peer->queue) && !peer->monitor.down_since)
		r = hand_over(p, peer, m);
	if (r) {
		r = px_queue_add(&peer->queue, m, rq, &item);
		if (rq)
			rq->queued = item;
	}
	return r;
}

static int refuse(struct proxy *p, struct cc_msg *m, unsigned counter, const char *code)
{
	cc_host_count(p->host, counter, 1);
	cc_host_hop_error(p->host, m, code);
	return CC_DROPPED;
}

/*
 * How long a caller's answer is waited for. A little less than he waits himself, for the word that none
 * came has a way to go, too.
 */
static int64_t budget_of(const struct cc_qid *qid)
{
	uint64_t ms = qid->budget_ms;
	uint64_t margin = ms / 20 < 50 ? ms / 20 : 50;

	return ms < 1 || ms > CC_DEADLINE_MAX_MS ? BUDGET_DEFAULT_MS : (int64_t)(ms - margin);
}

static int forward_request(struct proxy *p, struct cc_msg *m, const struct cc_qid *qid)
{
	struct px_peer *peer = usable_peer(p);
	int64_t budget = budget_of(qid);
	struct px_request *rq;
	int r;

	if (!peer)
		return refuse(p, m, UNREACHABLE, "unreachable");
	r = px_requests_add(&p->requests, m, m->received + budget, peer, &peer->waiting, &rq);
	if (r == -CC_EEXIST) {
		cc_host_count(p->host, LOOPED, 1);
		return CC_DROPPED;
	}
	if (r)
		return refuse(p, m, BUSY, "busy");
	if (send_to(p, peer, m, rq) != 0) {
		px_requests_remove(&p->requests, rq);
		return refuse(p, m, BUSY, "busy");
	}
	if (rq->queued)
		schedule(p);
	else
		cc_host_wake_at(p->host, rq->timer.at + CC_WHEEL_SLOT_MS);
	return 0;
}

/*
 * Unsigned, such a message is good for the sender's own connection only: a server takes it from its
 * own user through an ipc socket. Passed on it would come from us, and we are that user as well.
 */
static bool is_unsigned_order(const struct cc_msg *m)
{
	struct cc_bytes type = cc_msg_type(m);

	return cc_msg_sig(m).len == 0 &&
	       (cc_type_under(type, "admin") || cc_type_under(type, "job"));
}

static int proxy_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	struct proxy *p = state;
	struct cc_msg *m = in->msg;
	struct px_peer *peer;
	struct cc_qid qid;
	int r;

	if (m->delim >= CC_ROUTE_MAX) /* the next hop would see one route frame more */
		return refuse(p, m, LOOPED, "unreachable");
	if (is_unsigned_order(m))
		return refuse(p, m, UNSIGNED, "noroute");
	r = px_routes_touch(&p->routes, cc_msg_frame(m, 0), m->received);
	if (r)
		return r;
	if (cc_msg_qid(m, &qid))
		return forward_request(p, m, &qid);
	peer = usable_peer(p);
	if (send_to(p, peer ? peer : &p->peers[0], m, NULL) != 0) {
		cc_host_count(host, LOST, 1);
		return CC_DROPPED;
	}
	if (peer && px_queue_first(&peer->queue))
		schedule(p);
	return 0;
}

/* An answer's first frames name our client; whoever never asked through us is not to be reached. */
static void pass_answer(struct proxy *p, struct cc_msg *m, int64_t now)
{
	struct px_request *rq;
	int r;

	if (!px_routes_use(&p->routes, cc_msg_frame(m, 0), now)) {
		cc_host_count(p->host, STRAY, 1);
		return;
	}
	rq = px_requests_find(&p->requests, m);
	if (rq && rq->queued) { /* nobody can have answered what was not sent */
		cc_host_count(p->host, STRAY, 1);
		return;
	}
	if (rq && rq->told) {
		cc_host_count(p->host, LATE, 1);
		return;
	}
	if (rq)
		px_requests_remove(&p->requests, rq);
	r = cc_host_send(p->host, m);
	if (r == -CC_ENOTFOUND)
		px_routes_forget(&p->routes, cc_msg_frame(m, 0));
	cc_host_count(p->host, r ? UNDELIVERED : ANSWERS, 1);
}

/* Hands what waits for one remote to another, as far as there is room. */
static void move_queue(struct px_peer *from, struct px_peer *to)
{
	struct px_queued *item, *moved;

	while ((item = px_queue_first(&from->queue))) {
		struct px_request *rq = item->request;

		if (px_queue_add(&to->queue, item->msg, rq, &moved) != 0)
			return;
		if (rq) {
			rq->queued = moved;
			rq->peer = to;
			cc_list_remove(&rq->link);
			cc_list_add_tail(&to->waiting, &rq->link);
		}
		px_queue_drop(&from->queue, item);
	}
}

/* A remote went down: what it was not yet sent goes to another, the others' callers are told. */
static void leave_peer(struct proxy *p, struct px_peer *peer)
{
	struct px_peer *other = usable_peer(p);

	if (other)
		move_queue(peer, other);
	while (!cc_list_empty(&peer->waiting))
		tell_unreachable(p, cc_container_of(peer->waiting.next, struct px_request, link));
	if (other)
		flush_queue(p, other);
}

/* A remote is back: it gets what was kept for it, and for those that are still down. */
static void return_to_peer(struct proxy *p, struct px_peer *peer)
{
	for (size_t i = 0; i < p->remote_cc.count; i++)
		if (p->peers[i].monitor.down_since)
			move_queue(&p->peers[i], peer);
	flush_queue(p, peer);
}

static void proxy_dealer_in(void *state, struct cc_host *host, void *peer_arg, struct cc_msg *m)
{
	struct px_peer *peer = peer_arg;
	struct proxy *p = state;
	int64_t now = cc_clock_ms();

	if (cc_monitor_heard(&peer->monitor, now))
		return_to_peer(p, peer);
	if (cc_msg_check(m) != 0) {
		cc_host_count(host, STRAY, 1);
	} else if (m->delim == 0) {
		cc_host_count(host, PONGS, 1);
		cc_debug("pong from %s after %lld ms", peer->monitor.url,
			 (long long)(now - peer->monitor.pinged));
	} else {
		pass_answer(p, m, now);
	}
}

static void proxy_dealer_up(void *state, struct cc_host *host, void *peer_arg, bool up)
{
	struct px_peer *peer = peer_arg;
	struct proxy *p = state;

	if (cc_monitor_connection(&peer->monitor, up, cc_clock_ms()) && !up)
		leave_peer(p, peer);
	else if (up)
		return_to_peer(p, peer);
	schedule(p);
}

static void expire_requests(struct proxy *p, int64_t now)
{
	struct cc_timer *t;

	while ((t = cc_wheel_expired(&p->requests.wheel, now))) {
		struct px_request *rq = (struct px_request *)t;

		cc_wheel_add(&p->requests.wheel, t, now); /* removing or telling expects it set */
		if (rq->told)
			px_requests_remove(&p->requests, rq);
		else
			tell_unreachable(p, rq);
	}
}

static void proxy_tick(void *state, struct cc_host *host, int64_t now)
{
	struct proxy *p = state;

	for (size_t i = 0; i < p->remote_cc.count; i++) {
		struct px_peer *peer = &p->peers[i];

		if (cc_monitor_check(&peer->monitor, now))
			leave_peer(p, peer);
		if (cc_monitor_ping_due(&peer->monitor, now) &&
		    cc_host_dealer_ping(host, peer->dealer, peer->monitor.url) == 0) {
			cc_monitor_asked(&peer->monitor, now);
			cc_host_count(host, PINGS, 1);
		}
		if (!peer->monitor.down_since)
			flush_queue(p, peer);
	}
	expire_requests(p, now);
	schedule(p);
}

static bool proxy_busy(const void *state)
{
	const struct proxy *p = state;

	for (size_t i = 0; i < p->remote_cc.count; i++)
		if (!cc_list_empty(&p->peers[i].waiting))
			return true;
	return false;
}

/*
 * At a stop: who still waits is told; the sockets get what they take, and linger on their own. What
 * they do not take ends here.
 */
static void proxy_drain(void *state, struct cc_host *host)
{
	struct proxy *p = state;
	struct px_queued *item;

	for (size_t i = 0; i < p->remote_cc.count; i++) {
		struct px_peer *peer = &p->peers[i];

		while (!cc_list_empty(&peer->waiting))
			tell_unreachable(
				p, cc_container_of(peer->waiting.next, struct px_request, link));
		if (!peer->monitor.down_since)
			flush_queue(p, peer);
		while ((item = px_queue_first(&peer->queue))) {
			px_queue_drop(&peer->queue, item);
			cc_host_count(host, LOST, 1);
		}
	}
}

const struct cc_handler proxy_handler = {
	.name = "proxy",
	.help = "forwards messages to another ccserver and its answers back",
	.roles = CC_ROLE_LOCAL | CC_ROLE_REMOTE,
	.run = CC_RUN_ROUTER,
	.state_size = sizeof(struct proxy),
	.options = options,
	.counters = counters,
	.check = proxy_check,
	.init = proxy_init,
	.handle = proxy_handle,
	.tick = proxy_tick,
	.dealer_in = proxy_dealer_in,
	.dealer_up = proxy_dealer_up,
	.busy = proxy_busy,
	.drain = proxy_drain,
	.fini = proxy_fini,
};
