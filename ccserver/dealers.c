/* SPDX-License-Identifier: ISC */
/*
 * DEALER sockets that handlers open, each with a monitor that tells when its connection comes and
 * goes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define BATCH 100
#define AGAIN_MS 2000 /* as ZMQ_RECONNECT_IVL_MAX */

static int get_fd(void *sock, int *fd)
{
	size_t len = sizeof(*fd);

	return zmq_getsockopt(sock, ZMQ_FD, fd, &len) == 0 ? 0 : cc_raise(CC_ESYS);
}

/* After these libzmq never tries again. */
#define HANDSHAKE_REFUSED (ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

static int open_monitor(struct server *s, struct cc_dealer *d)
{
	char name[64];

	snprintf(name, sizeof(name), "inproc://dealer-monitor-%p", (void *)d);
	if (zmq_socket_monitor(d->sock, name,
			       ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
				       HANDSHAKE_REFUSED) != 0)
		return cc_raise(CC_ESYS);
	d->monitor = zmq_socket(s->zctx, ZMQ_PAIR);
	if (!d->monitor || zmq_connect(d->monitor, name) != 0)
		return cc_raise(CC_ESYS);
	return get_fd(d->monitor, &d->monitor_fd);
}

int srv_dealer_open(struct server *s, struct srv_instance *owner, const char *url,
		    const struct cc_sock_conf *conf, void *peer, struct cc_dealer **out,
		    struct cc_note *why)
{
	struct cc_dealer *d;
	int r;

	if (s->n_dealers == SRV_DEALERS_MAX)
		return cc_note_set(why, CC_ELIMIT, "more than %d connections to other servers",
				   SRV_DEALERS_MAX);
	d = calloc(1, sizeof(*d));
	if (!d)
		return cc_raise(CC_ENOMEM);
	d->owner = owner;
	d->peer = peer;
	d->again = INT64_MAX;
	d->url = strdup(url);
	d->next = s->dealers;
	s->n_dealers++;
	s->dealers = d; /* closed with the others, also after a failure */
	if (!d->url)
		return cc_raise(CC_ENOMEM);
	d->sock = zmq_socket(s->zctx, ZMQ_DEALER);
	if (!d->sock)
		return cc_raise(CC_ESYS);
	r = cc_sock_apply(d->sock, conf);
	if (!r)
		r = get_fd(d->sock, &d->fd);
	if (!r)
		r = open_monitor(s, d);
	if (!r && zmq_connect(d->sock, url) != 0)
		r = cc_note_set(why, CC_EINVAL, "cannot connect to \"%s\": %s", url,
				zmq_strerror(errno));
	if (!r)
		*out = d;
	return r;
}

static void dealer_close(struct cc_dealer *d)
{
	if (d->monitor) {
		zmq_socket_monitor(d->sock, NULL, 0);
		zmq_close(d->monitor);
	}
	if (d->sock)
		zmq_close(d->sock);
	free(d->url);
	free(d);
}

void srv_dealers_close_of(struct server *s, const struct srv_instance *owner)
{
	struct cc_dealer **at = &s->dealers;

	while (*at) {
		struct cc_dealer *d = *at;

		if (owner && d->owner != owner) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		s->n_dealers--;
		dealer_close(d);
	}
}

/*
 * The other end, or this one, may be set right later: a node that gave up for ever would have to be
 * restarted by hand.
 */
static void connect_again(struct cc_dealer *d)
{
	if (d->again == INT64_MAX || d->again > cc_clock_ms())
		return;
	zmq_disconnect(d->sock, d->url);
	d->again = zmq_connect(d->sock, d->url) == 0 ? INT64_MAX : cc_clock_ms() + AGAIN_MS;
}

static void take_refusal(struct cc_dealer *d)
{
	unsigned held;

	d->again = cc_clock_ms() + AGAIN_MS;
	if (cc_log_allowed("handshake", d->url, (unsigned)strlen(d->url), &held))
		cc_warn("%s: the handshake failed: is CURVE set the same at both ends? %u more "
			"like it held back",
			d->url, held);
}

int64_t srv_dealers_next(const struct server *s)
{
	int64_t next = INT64_MAX;

	for (const struct cc_dealer *d = s->dealers; d; d = d->next)
		if (d->again < next)
			next = d->again;
	return next;
}

/* A monitor's message: frame 1 is a 16-bit event and a 32-bit value, frame 2 the endpoint. */
static void receive_events(struct cc_dealer *d)
{
	const struct cc_handler *h = d->owner->handler;

	for (;;) {
		uint8_t frame[6], endpoint[256];
		uint16_t event;

		if (zmq_recv(d->monitor, frame, sizeof(frame), ZMQ_DONTWAIT) < 0)
			return;
		memcpy(&event, frame, sizeof(event));
		if (zmq_recv(d->monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT) < 0)
			return;
		if (event & HANDSHAKE_REFUSED)
			take_refusal(d);
		else if (h->dealer_up)
			h->dealer_up(d->owner->state, &d->owner->host.base, d->peer,
				     event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	}
}

/* @return whether more may be there. */
static bool receive_messages(struct server *s, struct cc_dealer *d)
{
	const struct cc_handler *h = d->owner->handler;

	for (unsigned i = 0; i < BATCH; i++) {
		int r = cc_msg_recv(s->spare, d->sock);

		if (r < 0)
			return false;
		if (r > 0)
			s->stats.gate[cc_gate_counter_index(CC_GATE_SHAPE, r)]++;
		else if (h->dealer_in)
			h->dealer_in(d->owner->state, &d->owner->host.base, d->peer, s->spare);
		cc_msg_reset(s->spare);
	}
	return true;
}

bool srv_dealers_receive(struct server *s)
{
	bool more = false;

	for (struct cc_dealer *d = s->dealers; d; d = d->next) {
		cc_log_prefix(d->owner->section);
		receive_events(d);
		connect_again(d);
		more |= receive_messages(s, d);
	}
	cc_log_prefix(NULL);
	return more;
}

void srv_dealer_send(struct server *s, struct cc_dealer *d, struct cc_msg *m)
{
	s->activity++;
	if (cc_msg_send(m, d->sock) != 0)
		cc_debug("a ping to a full pipe is dropped");
	cc_msg_free(m);
}
