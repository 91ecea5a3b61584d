/* SPDX-License-Identifier: ISC */
#include "lib/daemon/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define SETTLE_MORE_MS 200 /* beyond the server's own bound: clocks have grains */
#define SETTLE_MAX_MS 10000

struct dm_link {
	struct cc_client *client;
	struct cc_keystore *ks;
	struct cc_policy *policy;
	char *realm;   /* the gate borrows it */
	void *monitor; /* PAIR: tells when the connection comes and goes */
	char url[DM_URL_MAX];
	int64_t settle_ms;
	int64_t up_at; /* monotonic ms; INT64_MAX: there is no connection */
	bool up;
};

static int load(struct dm_link *l, const struct dm_bound *b, struct cc_note *why)
{
	struct cc_keystore_conf ks;
	int r;

	dm_conf_keystore(&b->conf, &ks);
	r = cc_keystore_load(&ks, &l->ks, why);
	if (!r)
		r = cc_policy_new(&l->policy, b->ini, why);
	l->realm = strdup(b->conf.realm);
	return r || l->realm ? r : cc_raise(CC_ENOMEM);
}

/* Before the client, whose events must find it there. */
static int open_monitor(struct dm_link *l, void *zctx, char name[64])
{
	snprintf(name, 64, "inproc://link-%p", (void *)l);
	l->monitor = zmq_socket(zctx, ZMQ_PAIR);
	if (!l->monitor || zmq_connect(l->monitor, name) != 0)
		return cc_raise(CC_ESYS);
	return 0;
}

static int connect_client(struct dm_link *l, void *zctx, const struct dm_bound *b,
			  struct cc_note *why)
{
	char monitor[64];
	struct cc_client_conf conf = {
		.url = l->url,
		.ks = l->ks,
		.hwm = (int)b->conf.zmq_hwm,
		.linger_ms = (int)b->conf.zmq_linger,
		.zctx = zctx,
		.monitor = monitor,
	};
	int r = open_monitor(l, zctx, monitor);

	if (r)
		return r;
	dm_conf_gate(&b->conf, &conf.gate);
	/* a file of hots-cc has no [servers]: any signer of the CA may answer, as there */
	if (cc_keystore_verifies(l->ks) && (cc_policy_has_servers(l->policy) || !conf.gate.compat))
		conf.gate.policy = l->policy;
	conf.gate.realm = l->realm;
	l->settle_ms = conf.gate.window_ahead_ms + SETTLE_MORE_MS;
	if (l->settle_ms > SETTLE_MAX_MS)
		l->settle_ms = SETTLE_MAX_MS;
	if (!cc_keystore_signs(l->ks))
		l->settle_ms = 0; /* what is not signed is not remembered */
	return cc_client_new(&l->client, &conf, why);
}

/* zctx NULL: everything but connecting. */
static int open_link(struct dm_link **out, void *zctx, const struct dm_bound *b,
		     struct cc_note *why)
{
	cc_cleanup(dm_link_freep) struct dm_link *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return cc_raise(CC_ENOMEM);
	l->up_at = INT64_MAX;
	r = load(l, b, why);
	if (!r)
		r = dm_conf_url(&b->conf, l->url, why);
	if (!r && zctx)
		r = connect_client(l, zctx, b, why);
	if (!r && out)
		*out = cc_steal(&l);
	return r;
}

int dm_link_open(struct dm_link **out, void *zctx, const struct dm_bound *b, struct cc_note *why)
{
	return open_link(out, zctx, b, why);
}

int dm_link_check(const struct dm_bound *b, struct cc_note *why)
{
	return open_link(NULL, NULL, b, why);
}

void dm_link_free(struct dm_link *l)
{
	if (!l)
		return;
	cc_client_free(l->client);
	if (l->monitor)
		zmq_close(l->monitor);
	cc_keystore_unref(l->ks);
	cc_policy_unref(l->policy);
	free(l->realm);
	free(l);
}

void dm_link_freep(struct dm_link **l)
{
	dm_link_free(*l);
	*l = NULL;
}

int dm_link_publish(struct dm_link *l, const char *type, json_t *body, struct cc_bytes blob)
{
	return l->up ? cc_client_publish(l->client, type, body, blob) : -CC_EBUSY;
}

int dm_link_request(struct dm_link *l, const char *type, json_t *body, int64_t deadline_ms,
		    cc_answer_fn *fn, void *arg)
{
	return cc_client_request(l->client, type, body, (struct cc_bytes){NULL, 0}, deadline_ms, fn,
				 arg);
}

void dm_link_fds(const struct dm_link *l, int fds[DM_LINK_FDS])
{
	size_t len = sizeof(fds[1]);

	fds[0] = cc_client_fd(l->client);
	if (zmq_getsockopt(l->monitor, ZMQ_FD, &fds[1], &len) != 0)
		fds[1] = -1;
}

int64_t dm_link_wait(const struct dm_link *l)
{
	int64_t wait = cc_client_wait(l->client);
	int64_t settle = l->up || l->up_at == INT64_MAX ? INT64_MAX : l->up_at - cc_clock_ms();

	if (settle < wait)
		wait = settle;
	return wait > 0 ? wait : 0;
}

bool dm_link_is_up(const struct dm_link *l)
{
	return l->up;
}

bool dm_link_is_connected(const struct dm_link *l)
{
	return l->up_at != INT64_MAX;
}

size_t dm_link_open_requests(const struct dm_link *l)
{
	return cc_client_open(l->client);
}

/* A server that comes and goes all the time shall not fill the log. */
static void note_connection(const struct dm_link *l, bool up)
{
	unsigned held;

	if (!cc_log_allowed(up ? "link up" : "link down", l->url, (unsigned)strlen(l->url), &held))
		return;
	if (up)
		cc_info("connected to %s", l->url);
	else
		cc_warn("the server at %s is gone; messages wait", l->url);
}

/* A monitor's message: a 16-bit event and a 32-bit value, then the endpoint. */
static void receive_events(struct dm_link *l)
{
	for (;;) {
		uint8_t frame[6], endpoint[DM_URL_MAX];
		uint16_t event;

		if (zmq_recv(l->monitor, frame, sizeof(frame), ZMQ_DONTWAIT) < 0)
			return;
		memcpy(&event, frame, sizeof(event));
		if (zmq_recv(l->monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT) < 0)
			return;
		note_connection(l, event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
		l->up = false;
		l->up_at = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? cc_clock_ms() + l->settle_ms
								  : INT64_MAX;
	}
}

int dm_link_turn(struct dm_link *l)
{
	int r;

	receive_events(l);
	r = cc_client_run(l->client, 0);
	if (r || l->up || cc_clock_ms() < l->up_at)
		return r;
	l->up = true;
	return 1;
}

void dm_link_get_stats(const struct dm_link *l, struct cc_client_stats *out)
{
	cc_client_get_stats(l->client, out);
}
