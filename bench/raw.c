/* SPDX-License-Identifier: ISC */
/*
 * What libzmq does without us: one server, one thread, until it is killed.
 *
 *   bench-raw drain URL           receives and closes; answers only a message with a query id, by sending it back
 *   bench-raw echo URL            sends each message back
 *   bench-raw json URL            answers echo.request by parsing its JSON and dumping the answer's
 *   bench-raw proxy FRONT BACK    zmq_proxy between a ROUTER and a DEALER
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <zmq.h>

#include "bench/bench.h"
#include "lib/base/clock.h"

#define BATCH 100
#define FRAMES 16
#define ONE_WAY_FRAMES 5 /* identity, delimiter, type, body, signature */

struct frames {
	zmq_msg_t f[FRAMES];
	int n;
};

typedef void take_fn(void *sock, struct frames *m);

static void drop(struct frames *m)
{
	while (m->n)
		zmq_msg_close(&m->f[--m->n]);
}

/* @return whether there was a message. */
static bool receive(void *sock, struct frames *m)
{
	do {
		if (m->n == FRAMES)
			bench_die("a message of more than %d frames", FRAMES);
		zmq_msg_init(&m->f[m->n]);
		if (zmq_msg_recv(&m->f[m->n], sock, ZMQ_DONTWAIT) < 0)
			return false;
	} while (zmq_msg_more(&m->f[m->n++]));
	return true;
}

static void send_back(void *sock, struct frames *m)
{
	for (int i = 0; i < m->n; i++)
		zmq_msg_send(&m->f[i], sock, i + 1 < m->n ? ZMQ_SNDMORE : 0);
	m->n = 0;
}

static void take_drain(void *sock, struct frames *m)
{
	if (m->n == ONE_WAY_FRAMES)
		drop(m);
	else
		send_back(sock, m);
}

static void set_frame(zmq_msg_t *f, const char *data, size_t len)
{
	zmq_msg_close(f);
	zmq_msg_init_size(f, len);
	memcpy(zmq_msg_data(f), data, len);
}

/* The answer's text to a request's, as Python's json.dumps writes it; malloc'ed. */
static char *answer(const char *text, size_t len)
{
	const char *hostname, *target;
	json_t *rq = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *rp;
	double time;
	char *out;

	if (!rq || json_unpack(rq, "{s:s, s:s, s:F}", "hostname", &hostname, "target", &target,
			       "time", &time) != 0)
		bench_die("not an echo.request");
	rp = json_pack("{s:s, s:s, s:f, s:s, s:f, s:s, s:s}", "orig_hostname", hostname,
		       "orig_target", target, "orig_time", time, "req", "echo.response", "time",
		       cc_clock_wall(), "hostname", hostname, "blob_hash", "");
	out = rp ? json_dumps(rp, JSON_ENSURE_ASCII) : NULL;
	if (!out)
		bench_die("no memory");
	json_decref(rp);
	json_decref(rq);
	return out;
}

static void take_json(void *sock, struct frames *m)
{
	zmq_msg_t *body = &m->f[m->n - 2]; /* the last is the signature */
	char *text = answer(zmq_msg_data(body), zmq_msg_size(body));

	set_frame(body, text, strlen(text));
	set_frame(&m->f[m->n - 3], "echo.response", 13);
	free(text);
	send_back(sock, m);
}

static void serve(void *sock, take_fn *take)
{
	zmq_pollitem_t item = {.socket = sock, .events = ZMQ_POLLIN};
	struct frames m = {.n = 0};

	while (zmq_poll(&item, 1, -1) >= 0 || errno == EINTR)
		for (int i = 0; i < BATCH && receive(sock, &m); i++)
			take(sock, &m);
}

static void *open_socket(void *ctx, int type, const char *url)
{
	void *sock = zmq_socket(ctx, type);

	if (!sock || (type == ZMQ_ROUTER ? zmq_bind : zmq_connect)(sock, url) != 0)
		bench_die("%s: %s", url, zmq_strerror(errno));
	return sock;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		take_fn *take;
	} servers[] = {{"drain", take_drain}, {"echo", send_back}, {"json", take_json}};
	void *ctx = zmq_ctx_new(), *front;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (argc == 4 && strcmp(argv[1], "proxy") == 0) {
		front = open_socket(ctx, ZMQ_ROUTER, argv[2]);
		return zmq_proxy(front, open_socket(ctx, ZMQ_DEALER, argv[3]), NULL) ? 1 : 0;
	}
	for (size_t i = 0; argc == 3 && i < CC_ARRAY_SIZE(servers); i++)
		if (strcmp(argv[1], servers[i].name) == 0)
			serve(open_socket(ctx, ZMQ_ROUTER, argv[2]), servers[i].take);
	fprintf(stderr, "usage: bench-raw drain|echo|json URL | proxy FRONT BACK\n");
	return 2;
}
