/* SPDX-License-Identifier: ISC */
/*
 * The one client of all rows, the same for our server and for the raw library.
 *
 *   bench-load [OPTIONS] URL
 *   --seconds S     how long (1)
 *   --pid PID       the server, whose CPU time is read at both ends
 *   --window N      requests in flight; 0: messages to the disposer, then one request that shows that all were taken (0)
 *   --keystore DIR  signed requests by key `client`; every 100th answer is verified, after the measurement
 *   --count N       signed requests made before it (10000); it ends early when they are used up
 *   --requests FILE with --keystore: what they say, one a line, over and over: {"signer", "type", "body"}. Signer is whose
 *                   GID and key, NAME.gid and NAME.key beside FILE, sign it.
 *   --skip N        so many lines of FILE are left out at its beginning
 *
 * Prints {"messages", "seconds", "rate", "p50_us", "p99_us", "cpu_us": the server's a message, "client_us": ours}.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "bench/bench.h"
#include "lib/base/clock.h"
#include "lib/cc/envelope.h"
#include "lib/cc/sock.h"

#define LOST_MS 10000 /* silence after which answers are lost */
#define SAMPLE 100    /* one answer in so many is verified */
#define BURST 64      /* one-way messages between two looks at the clock */
#define BUDGET_MS 60000

struct signed_request {
	struct cc_msg *msg;
	struct cc_msg *answer; /* of every SAMPLE-th */
	char id[CC_ID_HEX + 1];
};

struct load {
	double seconds;
	pid_t pid;
	unsigned window;
	const char *keystore, *requests;
	size_t count, skip;
	json_t *gates; /* of the signers of requests: name -> address */
	void *sock;
	struct cc_gate *gate;
	struct cc_msg *request, *event; /* unsigned, without a route: copied for each */
	struct signed_request *prepared;
	uint64_t sent, answered;
	uint32_t *latencies; /* us; the first is the warm-up's */
	size_t cap;
	int64_t start, end, cpu, client_cpu;
};

/* ---- messages ---- */

static struct cc_msg *make(struct load *l, const char *type, const char *id)
{
	struct cc_msg *m = cc_msg_new();

	if (!m)
		bench_die("no memory");
	bench_request(l->gate, m, type, id);
	return m;
}

/* A signer's own gate, which is opened once. */
static struct cc_gate *gate_of(struct load *l, const char *signer)
{
	const char *slash = strrchr(l->requests, '/');
	int dir = slash ? (int)(slash - l->requests + 1) : 0;
	const json_t *known = json_object_get(l->gates, signer);
	char cert[1024], key[1024];
	struct cc_gate *gate;

	if (known)
		return (struct cc_gate *)(uintptr_t)json_integer_value(known);
	snprintf(cert, sizeof(cert), "%.*s%s.gid", dir, l->requests, signer);
	snprintf(key, sizeof(key), "%.*s%s.key", dir, l->requests, signer);
	gate = bench_gate_own(l->keystore, cert, key);
	json_object_set_new(l->gates, signer, json_integer((json_int_t)(uintptr_t)gate));
	return gate;
}

static void prepare_line(struct load *l, struct signed_request *p, const char *line)
{
	json_t *o = json_loads(line, 0, NULL), *body = json_object_get(o, "body");
	const char *signer = json_string_value(json_object_get(o, "signer"));
	const char *type = json_string_value(json_object_get(o, "type"));

	if (!body || !signer || !type)
		bench_die("%s: no request: %.100s", l->requests, line);
	p->msg = cc_msg_new();
	bench_must(p->msg ? cc_request_id(p->id) : -CC_ENOMEM, "a message");
	json_object_set_new(body, "id", json_string(p->id));
	bench_must(cc_gate_seal(gate_of(l, signer), p->msg, type, body, (struct cc_bytes){NULL, 0}),
		   "sealing");
	json_decref(o);
}

static void prepare_lines(struct load *l)
{
	FILE *file = fopen(l->requests, "re");
	char *line = NULL;
	size_t room = 0;

	l->gates = json_object();
	for (size_t i = 0; file && i < l->skip && getline(&line, &room, file) > 0; i++)
		;
	for (size_t i = 0; file && i < l->count; i++) {
		if (getline(&line, &room, file) < 0) {
			rewind(file);
			if (getline(&line, &room, file) < 0)
				bench_die("%s is empty", l->requests);
		}
		prepare_line(l, &l->prepared[i], line);
	}
	if (!file)
		bench_die("%s: %s", l->requests, strerror(errno));
	free(line);
	fclose(file);
}

static void prepare(struct load *l)
{
	l->gate = bench_gate(l->keystore, "client");
	l->request = make(l, "echo.request", NULL);
	l->event = make(l, "dispose.bench", NULL);
	if (!l->keystore)
		return;
	l->prepared = calloc(l->count, sizeof(*l->prepared));
	if (!l->prepared)
		bench_die("no memory");
	if (l->requests) {
		prepare_lines(l);
		return;
	}
	for (size_t i = 0; i < l->count; i++) {
		bench_must(cc_request_id(l->prepared[i].id), "an id");
		l->prepared[i].msg = make(l, "echo.request", l->prepared[i].id);
	}
}

/* The query id of a request holds when it left and its number, so that an answer says all. */
static void send_qid(struct load *l)
{
	struct cc_qid q = {.budget_ms = BUDGET_MS};
	uint8_t frame[CC_QID_LEN];
	int64_t now = cc_clock_ns();

	memcpy(q.random, &now, 8);
	memcpy(q.random + 8, &l->sent, 8);
	cc_qid_write(&q, frame);
	if (zmq_send(l->sock, frame, sizeof(frame), ZMQ_SNDMORE) < 0)
		bench_die("zmq_send: %s", zmq_strerror(errno));
}

/* Large frames are shared, not copied. */
static void send_copy(struct load *l, struct cc_msg *m)
{
	for (uint32_t i = 0; i < m->count; i++) {
		zmq_msg_t f;

		zmq_msg_init(&f);
		zmq_msg_copy(&f, &m->frames[i]);
		if (zmq_msg_send(&f, l->sock, i + 1 < m->count ? ZMQ_SNDMORE : 0) < 0)
			bench_die("zmq_msg_send: %s", zmq_strerror(errno));
	}
}

static void send_request(struct load *l)
{
	send_qid(l);
	send_copy(l, l->prepared ? l->prepared[l->sent].msg : l->request);
	l->sent++;
}

/* ---- answers ---- */

static void note_latency(struct load *l, int64_t ns)
{
	if (l->answered == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 65536;
		l->latencies = reallocarray(l->latencies, l->cap, sizeof(*l->latencies));
		if (!l->latencies)
			bench_die("no memory");
	}
	l->latencies[l->answered++] = (uint32_t)(ns / 1000);
}

static void take_answer(struct load *l, struct cc_msg *m)
{
	struct cc_qid q;
	uint64_t number;
	int64_t sent;

	if (cc_msg_check(m) != 0 || !cc_msg_qid(m, &q) || cc_msg_type_is(m, "error"))
		bench_die("the answer is none: %.*s", (int)cc_msg_body(m).len,
			  (const char *)cc_msg_body(m).data);
	memcpy(&sent, q.random, 8);
	memcpy(&number, q.random + 8, 8);
	note_latency(l, cc_clock_ns() - sent);
	if (!l->prepared || number % SAMPLE != 0 || number >= l->count)
		return;
	l->prepared[number].answer = cc_msg_dup(m);
}

/* Waits, then takes all answers that are there. */
static void receive(struct load *l)
{
	zmq_pollitem_t item = {.socket = l->sock, .events = ZMQ_POLLIN};
	static struct cc_msg *m;

	if (zmq_poll(&item, 1, LOST_MS) <= 0)
		bench_die("%llu answers are missing", (unsigned long long)(l->sent - l->answered));
	if (!m)
		m = cc_msg_new();
	if (!m)
		bench_die("no memory");
	while (cc_msg_recv(m, l->sock) == 0) {
		take_answer(l, m);
		cc_msg_reset(m);
	}
}

static void verify_samples(struct load *l)
{
	for (size_t i = 0; l->prepared && i < l->sent; i += SAMPLE) {
		struct signed_request *p = &l->prepared[i];
		struct cc_gate_call call = {.re = p->id};
		struct cc_gate_result got = {0};

		if (!p->answer)
			bench_die("answer %zu is missing", i);
		if (cc_gate_check(l->gate, p->answer, &call, cc_clock_wall(), cc_clock_ms(), &got))
			bench_die("answer %zu: %s", i, got.why);
		cc_gate_result_deinit(&got);
	}
}

/* ---- the measurement ---- */

static void run_one_way(struct load *l, int64_t end)
{
	uint64_t events = 0;

	while (cc_clock_ns() < end)
		for (unsigned i = 0; i < BURST; i++, events++)
			send_copy(l, l->event);
	send_request(l); /* behind them all */
	receive(l);
	l->answered += events;
}

static void run_window(struct load *l, int64_t end)
{
	bool more = true;

	while (more || l->answered < l->sent) {
		more = more && cc_clock_ns() < end;
		while (more && l->sent - l->answered < l->window) {
			if (l->prepared && l->sent == l->count)
				more = false;
			else
				send_request(l);
		}
		if (l->answered < l->sent)
			receive(l);
	}
}

/* One request first: connected, and the first signer known. */
static void warm_up(struct load *l)
{
	send_request(l);
	receive(l);
}

static void measure(struct load *l)
{
	warm_up(l);
	l->client_cpu = cc_clock_cpu_ns();
	l->cpu = bench_cpu_ns(l->pid);
	l->start = cc_clock_ns();
	if (l->window)
		run_window(l, l->start + (int64_t)(l->seconds * 1e9));
	else
		run_one_way(l, l->start + (int64_t)(l->seconds * 1e9));
	l->end = cc_clock_ns();
	l->cpu = bench_cpu_ns(l->pid) - l->cpu;
	l->client_cpu = cc_clock_cpu_ns() - l->client_cpu;
	l->answered--; /* the warm-up's, first */
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile(const struct load *l, double q)
{
	return l->window ? l->latencies[1 + (size_t)(q * (double)(l->answered - 1))] : 0;
}

static void print(const struct load *l)
{
	double seconds = (double)(l->end - l->start) / 1e9, n = (double)l->answered;

	if (l->window)
		qsort(l->latencies + 1, l->answered, sizeof(*l->latencies), by_value);
	printf("{\"messages\": %.0f, \"seconds\": %.6f, \"rate\": %.1f, \"p50_us\": %.0f, "
	       "\"p99_us\": %.0f, \"cpu_us\": %.3f, \"client_us\": %.3f}\n",
	       n, seconds, n / seconds, percentile(l, 0.5), percentile(l, 0.99),
	       (double)l->cpu / 1000 / n, (double)l->client_cpu / 1000 / n);
}

static void open_socket(struct load *l, const char *url)
{
	int lost = LOST_MS;

	l->sock = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
	if (!l->sock || zmq_setsockopt(l->sock, ZMQ_SNDTIMEO, &lost, sizeof(lost)) != 0 ||
	    zmq_connect(l->sock, url) != 0)
		bench_die("%s: %s", url, zmq_strerror(errno));
}

static void set_option(struct load *l, int opt, const char *arg)
{
	switch (opt) {
	case 's':
		l->seconds = bench_number("--seconds", arg, 0.01);
		break;
	case 'p':
		l->pid = (pid_t)bench_number("--pid", arg, 1);
		break;
	case 'w':
		l->window = (unsigned)bench_number("--window", arg, 0);
		break;
	case 'k':
		l->keystore = arg;
		break;
	case 'r':
		l->requests = arg;
		break;
	case 'S':
		l->skip = (size_t)bench_number("--skip", arg, 0);
		break;
	case 'c':
		l->count = (size_t)bench_number("--count", arg, 2);
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seconds", required_argument, NULL, 's'},
		{"pid", required_argument, NULL, 'p'},
		{"window", required_argument, NULL, 'w'},
		{"keystore", required_argument, NULL, 'k'},
		{"skip", required_argument, NULL, 'S'},
		{"requests", required_argument, NULL, 'r'},
		{"count", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	struct load l = {.seconds = 1, .count = 10000};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(&l, opt, optarg);
	if (optind + 1 != argc || (l.keystore && !l.window) || (l.requests && !l.keystore)) {
		fprintf(stderr, "usage: bench-load [--seconds S] [--pid PID] [--window N] "
				"[--keystore DIR [--count N] [--requests FILE [--skip N]]] URL\n");
		return 2;
	}
	prepare(&l);
	open_socket(&l, argv[optind]);
	measure(&l);
	verify_samples(&l);
	print(&l);
	return 0;
}
