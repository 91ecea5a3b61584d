/* SPDX-License-Identifier: ISC */
#include "ccserver/zap.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "ccserver/zap_int.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define ENDPOINT "inproc://zeromq.zap.01" /* where libzmq looks for it */
#define DOMAIN "ccfed"
#define FRAMES_MAX 7
#define FRAME_MAX 255

struct srv_zap {
	void *sock;
	int stop; /* eventfd */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of rules */
	const struct srv_zap_rules *rules;
	atomic_uint_fast64_t refused;
};

/* A frame of a request; a longer one is cut, and known by its len. */
struct frame {
	size_t len;
	char data[FRAME_MAX + 1]; /* with a NUL behind it */
};

enum { VERSION, REQUEST_ID, REQUEST_DOMAIN, ADDRESS, ROUTING_ID, MECHANISM, CREDENTIALS };

struct request {
	struct frame frames[FRAMES_MAX];
	unsigned count; /* may be more than are kept */
};

/* Takes the whole message off the socket. @return 0, -CC_EBUSY (none there). */
static int receive(void *sock, struct request *q)
{
	struct frame beyond;
	size_t len;
	int more;

	q->count = 0;
	do {
		struct frame *f = q->count < FRAMES_MAX ? &q->frames[q->count] : &beyond;
		int n = zmq_recv(sock, f->data, FRAME_MAX, ZMQ_DONTWAIT);

		if (n < 0)
			return -CC_EBUSY;
		f->len = (size_t)n;
		f->data[n < FRAME_MAX ? n : FRAME_MAX] = '\0';
		q->count++;
		len = sizeof(more);
		if (zmq_getsockopt(sock, ZMQ_RCVMORE, &more, &len) != 0)
			return -CC_EBUSY;
	} while (more);
	return 0;
}

static bool is(const struct frame *f, const char *text)
{
	return f->len == strlen(text) && memcmp(f->data, text, f->len) == 0;
}

/* It comes from inside libzmq, but what it says of a stranger decides: nothing odd may pass. */
static bool well_formed(const struct request *q)
{
	for (unsigned i = 0; i < q->count && i < FRAMES_MAX; i++)
		if (q->frames[i].len > FRAME_MAX)
			return false;
	if (q->count < CREDENTIALS || !is(&q->frames[VERSION], "1.0") ||
	    !is(&q->frames[REQUEST_DOMAIN], DOMAIN) ||
	    q->frames[ADDRESS].len != strlen(q->frames[ADDRESS].data))
		return false;
	if (is(&q->frames[MECHANISM], "NULL"))
		return q->count == CREDENTIALS;
	return is(&q->frames[MECHANISM], "CURVE") && q->count == CREDENTIALS + 1 &&
	       q->frames[CREDENTIALS].len == CC_CURVE_KEY;
}

static const uint8_t *key_of(const struct request *q)
{
	return q->count > CREDENTIALS ? (const uint8_t *)q->frames[CREDENTIALS].data : NULL;
}

static int judge(struct srv_zap *z, const struct request *q)
{
	int verdict = SRV_ZAP_FORM;

	if (!well_formed(q))
		return verdict;
	pthread_mutex_lock(&z->lock);
	verdict = srv_zap_rules_check(z->rules, q->frames[ADDRESS].data, key_of(q));
	pthread_mutex_unlock(&z->lock);
	return verdict;
}

/* An IPv4 peer of a socket for both comes as ::ffff:192.0.2.7. */
static const char *plain(const char *address)
{
	static const char dress[] = "::ffff:";
	size_t len = strlen(dress);

	return strncmp(address, dress, len) == 0 && strchr(address, '.') ? address + len : address;
}

/* The public key stands in the log, so that an operator can find whose it is. */
static void log_refused(const struct request *q, int verdict)
{
	static const char *const causes[] = {
		[SRV_ZAP_FORM] = "zap-form",
		[SRV_ZAP_MECHANISM] = "zap-mechanism",
		[SRV_ZAP_ADDRESS] = "zap-address",
		[SRV_ZAP_KEY] = "zap-key",
	};
	static const char *const texts[] = {
		[SRV_ZAP_FORM] = "libzmq asks in an unknown way",
		[SRV_ZAP_MECHANISM] = "not by CURVE as cc-curve wants",
		[SRV_ZAP_ADDRESS] = "its address is not in cc-allow",
		[SRV_ZAP_KEY] = "not in cc-curve-clients is its key ",
	};
	const char *address = q->count > ADDRESS ? plain(q->frames[ADDRESS].data) : "";
	char key[CC_CURVE_TEXT + 1] = "";
	unsigned held;

	if (!cc_log_allowed(causes[verdict], address, (unsigned)strlen(address), &held))
		return;
	if (verdict == SRV_ZAP_KEY)
		cc_curve_print(key_of(q), key);
	cc_warn("refused (%s) a connection from %s: %s%s; %u more like it held back",
		causes[verdict], address, texts[verdict], key, held);
}

/*
 * 300 is "not now": the peer is cut without a word and tries again later, and is in once a reload
 * lets it. At 400 libzmq tells the peer, and a peer of libzmq then never connects again.
 */
static void answer(void *sock, const struct request *q, bool pass)
{
	const struct frame *id = &q->frames[REQUEST_ID];
	const struct {
		const char *data;
		size_t len;
	} frames[] = {
		{"1.0", 3},
		{id->data, q->count <= REQUEST_ID ? 0
			   : id->len < FRAME_MAX  ? id->len
						  : FRAME_MAX},
		{pass ? "200" : "300", 3},
		{pass ? "OK" : "refused", pass ? 2 : 7},
		{"", 0}, /* user id */
		{"", 0}, /* metadata */
	};
	const size_t n = sizeof(frames) / sizeof(frames[0]);

	for (size_t i = 0; i < n; i++)
		if (zmq_send(sock, frames[i].data, frames[i].len,
			     ZMQ_DONTWAIT | (i + 1 < n ? ZMQ_SNDMORE : 0)) < 0)
			return; /* whoever asked is gone */
}

static void serve(struct srv_zap *z)
{
	struct request q;
	int verdict;

	if (receive(z->sock, &q) != 0)
		return;
	verdict = judge(z, &q);
	answer(z->sock, &q, verdict == 0);
	if (verdict == 0)
		return;
	atomic_fetch_add_explicit(&z->refused, 1, memory_order_relaxed);
	log_refused(&q, verdict);
}

static void *zap_main(void *arg)
{
	struct srv_zap *z = arg;

	for (;;) {
		zmq_pollitem_t items[] = {{.socket = z->sock, .events = ZMQ_POLLIN},
					  {.fd = z->stop, .events = ZMQ_POLLIN}};

		if (zmq_poll(items, 2, -1) < 0 && errno != EINTR)
			return NULL; /* the context ends */
		if (items[1].revents)
			return NULL;
		if (items[0].revents)
			serve(z);
	}
}

static int open_socket(struct srv_zap *z, void *zctx, struct cc_note *why)
{
	int linger = 0;

	z->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	z->sock = zmq_socket(zctx, ZMQ_REP);
	if (z->stop < 0 || !z->sock ||
	    zmq_setsockopt(z->sock, ZMQ_LINGER, &linger, sizeof(linger)) != 0)
		return cc_raise(CC_ESYS);
	if (zmq_bind(z->sock, ENDPOINT) != 0)
		return cc_note_set(why, CC_ESYS, "cannot listen on " ENDPOINT ": %s",
				   zmq_strerror(errno));
	return 0;
}

int srv_zap_start(struct srv_zap **out, void *zctx, const struct srv_zap_rules *rules,
		  struct cc_note *why)
{
	struct srv_zap *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&z->lock, NULL);
	z->rules = rules;
	z->stop = -1;
	r = open_socket(z, zctx, why);
	if (!r) {
		z->started = pthread_create(&z->thread, NULL, zap_main, z) == 0;
		if (!z->started)
			r = cc_note_set(why, CC_ESYS, "cannot start a thread");
	}
	if (r) {
		srv_zap_stop(z);
		return r;
	}
	pthread_setname_np(z->thread, "zap");
	*out = z;
	return 0;
}

int srv_zap_guard(struct srv_zap *z, void *socket)
{
	int yes = 1;

	/* without a domain libzmq asks nobody about a peer without CURVE */
	if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, DOMAIN, strlen(DOMAIN)) != 0)
		return cc_raise(CC_ESYS);
	if (!z->rules->curve)
		return 0;
	if (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) != 0 ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, z->rules->own.secret, CC_CURVE_KEY) != 0)
		return cc_raise(CC_ESYS);
	return 0;
}

void srv_zap_replace(struct srv_zap *z, const struct srv_zap_rules *rules)
{
	if (!z)
		return;
	pthread_mutex_lock(&z->lock);
	z->rules = rules;
	pthread_mutex_unlock(&z->lock);
}

uint64_t srv_zap_refused(const struct srv_zap *z)
{
	return z ? atomic_load_explicit(&z->refused, memory_order_relaxed) : 0;
}

void srv_zap_stop(struct srv_zap *z)
{
	const uint64_t one = 1;

	if (!z)
		return;
	if (z->started) {
		if (write(z->stop, &one, sizeof(one)) != sizeof(one))
			return; /* cannot be; then rather a leak than a thread without ground */
		pthread_join(z->thread, NULL);
	}
	if (z->sock)
		zmq_close(z->sock);
	cc_closep(&z->stop);
	pthread_mutex_destroy(&z->lock);
	free(z);
}
