/* SPDX-License-Identifier: ISC */
/*
 * ccfed bus ping: echo requests, one outcome each; with a window or a rate it is the load of tests
 * and benchmarks too.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/ping.h"
#include "lib/base/clock.h"

#define MAX_CODES 8

struct ping {
	/* what is asked for */
	struct cli_bus_options bus;
	double count, window, rate, deadline, grace, retry, pad;
	const char *log_path;
	bool json, quiet;
	/* the run */
	struct cc_client *client;
	FILE *log;
	int64_t start_ns, end_ns;
	uint64_t sent, ended, answered, errors, timeouts, retried, not_sent;
	struct {
		char code[32];
		uint64_t n;
	} hops[MAX_CODES];
	uint32_t *latencies; /* us, of answers */
	int64_t worst_overdue_us;
	char signer[CC_SIGNER_NAME_MAX + 1];
};

struct one {
	struct ping *p;
	uint64_t seq;
	int64_t first_ns;
	unsigned retries;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = sig;
}

static int send_one(struct ping *p, struct one *o);

static void count_hop(struct ping *p, const char *code)
{
	for (unsigned i = 0; i < MAX_CODES; i++) {
		if (!p->hops[i].n)
			snprintf(p->hops[i].code, sizeof(p->hops[i].code), "%s", code);
		if (strcmp(p->hops[i].code, code) == 0) {
			p->hops[i].n++;
			return;
		}
	}
}

static const char *outcome_text(const struct cc_answer *a)
{
	switch (a->outcome) {
	case CC_OUT_ANSWER:
		return "answer";
	case CC_OUT_TIMEOUT:
		return "timeout";
	default:
		return a->code;
	}
}

static void print_one(struct ping *p, struct one *o, const struct cc_answer *a)
{
	if (p->log)
		fprintf(p->log, "%llu %.3f %s %lld\n", (unsigned long long)o->seq,
			(double)(o->first_ns - p->start_ns) / 1e6, outcome_text(a),
			(long long)a->latency_us);
	if (p->quiet || p->json)
		return;
	if (a->outcome == CC_OUT_ANSWER)
		printf("%s: seq=%llu time=%.3f ms signer=%s\n", p->bus.url,
		       (unsigned long long)o->seq, (double)a->latency_us / 1000,
		       a->signer ? a->signer->name : "(unsigned)");
	else
		printf("%s: seq=%llu %s after %.3f ms%s\n", p->bus.url, (unsigned long long)o->seq,
		       outcome_text(a), (double)a->latency_us / 1000,
		       a->outcome == CC_OUT_HOP ? " (a hop's word: outcome unknown)" : "");
	fflush(stdout);
}

static void account(struct ping *p, const struct cc_answer *a)
{
	int64_t overdue = a->latency_us - (int64_t)(p->deadline * 1e6);

	if (overdue > p->worst_overdue_us)
		p->worst_overdue_us = overdue;
	switch (a->outcome) {
	case CC_OUT_ANSWER:
		p->latencies[p->answered++] = (uint32_t)a->latency_us;
		if (a->signer)
			snprintf(p->signer, sizeof(p->signer), "%s", a->signer->name);
		break;
	case CC_OUT_ERROR:
		p->errors++;
		break;
	case CC_OUT_HOP:
		count_hop(p, a->code);
		break;
	case CC_OUT_TIMEOUT:
		p->timeouts++;
		break;
	}
}

static void on_answer(void *arg, const struct cc_answer *a)
{
	struct one *o = arg;
	struct ping *p = o->p;

	if ((a->outcome == CC_OUT_HOP || a->outcome == CC_OUT_TIMEOUT) && !interrupted &&
	    o->retries < (unsigned)p->retry) {
		o->retries++;
		p->retried++;
		if (send_one(p, o) == 0)
			return;
	}
	print_one(p, o, a);
	account(p, a);
	p->ended++;
	free(o);
}

static int send_one(struct ping *p, struct one *o)
{
	json_t *body = json_pack("{s:s}", "target", p->bus.url);
	cc_cleanup(cc_freep) char *pad = calloc(1, (size_t)p->pad + 1);
	int r;

	if (!body || !pad)
		return cc_raise(CC_ENOMEM);
	if (p->pad > 0) {
		memset(pad, 'x', (size_t)p->pad);
		json_object_set_new(body, "pad", json_string(pad));
	}
	r = cc_client_request(p->client, "echo.request", body, (struct cc_bytes){NULL, 0},
			      (int64_t)(p->deadline * 1000), on_answer, o);
	json_decref(body);
	return r;
}

static void send_next(struct ping *p)
{
	struct one *o = calloc(1, sizeof(*o));

	if (!o)
		return;
	o->p = p;
	o->seq = p->sent++;
	o->first_ns = cc_clock_ns();
	if (send_one(p, o) == 0)
		return;
	p->not_sent++;
	p->ended++;
	free(o);
}

/* How many may be sent now: by the rate what is due, else what the window leaves. */
static uint64_t due(const struct ping *p)
{
	uint64_t total = (uint64_t)p->count, n;

	if (interrupted || p->sent >= total)
		return 0;
	if (p->rate > 0) {
		n = (uint64_t)((double)(cc_clock_ns() - p->start_ns) / 1e9 * p->rate) + 1;
		return n > total ? total - p->sent : n > p->sent ? n - p->sent : 0;
	}
	n = (uint64_t)p->window - (p->sent - p->ended);
	return n > total - p->sent ? total - p->sent : n;
}

static int run_loop(struct ping *p)
{
	p->start_ns = cc_clock_ns();
	while (p->ended < (uint64_t)p->count && !(interrupted && p->ended == p->sent)) {
		bool paced = p->rate > 0 && p->sent < (uint64_t)p->count;
		int r;

		for (uint64_t n = due(p); n > 0; n--)
			send_next(p);
		r = cc_client_run(p->client, paced ? 1 : 100);
		if (r)
			return r;
	}
	p->end_ns = cc_clock_ns();
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile(const struct ping *p, double q)
{
	size_t i = (size_t)(q * (double)p->answered);

	if (!p->answered)
		return 0;
	return p->latencies[i < p->answered ? i : p->answered - 1] / 1000.0;
}

static json_t *summary(struct ping *p)
{
	double seconds = (double)(p->end_ns - p->start_ns) / 1e9;
	struct cc_client_stats st;
	json_t *hops = json_object();

	cc_client_get_stats(p->client, &st);
	for (unsigned i = 0; i < MAX_CODES && p->hops[i].n; i++)
		json_object_set_new(hops, p->hops[i].code, json_integer((json_int_t)p->hops[i].n));
	qsort(p->latencies, p->answered, sizeof(*p->latencies), by_value);
	return json_pack("{s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, "
			 "s:f, s:f, s:s}",
			 "url", p->bus.url, "sent", (json_int_t)p->sent, "answered",
			 (json_int_t)p->answered, "errors", (json_int_t)p->errors, "hop", hops,
			 "timeouts", (json_int_t)p->timeouts, "not_sent", (json_int_t)p->not_sent,
			 "late", (json_int_t)st.late, "refused", (json_int_t)st.refused, "retried",
			 (json_int_t)p->retried, "seconds", seconds, "rate",
			 seconds > 0 ? (double)p->ended / seconds : 0, "p50_ms", percentile(p, 0.5),
			 "p99_ms", percentile(p, 0.99), "max_ms", percentile(p, 1), "overdue_ms",
			 (double)p->worst_overdue_us / 1000, "signer", p->signer);
}

static void print_summary(struct ping *p)
{
	json_t *s = summary(p);

	if (p->json) {
		json_dumpf(s, stdout, JSON_PRESERVE_ORDER);
		putchar('\n');
	} else {
		printf("--- %llu sent, %llu answered in %.3f s; p50 %.3f ms, p99 %.3f ms, max %.3f "
		       "ms",
		       (unsigned long long)p->sent, (unsigned long long)p->answered,
		       (double)(p->end_ns - p->start_ns) / 1e9, percentile(p, 0.5),
		       percentile(p, 0.99), percentile(p, 1));
		for (unsigned i = 0; i < MAX_CODES && p->hops[i].n; i++)
			printf("; %llu %s", (unsigned long long)p->hops[i].n, p->hops[i].code);
		printf("; %llu errors, %llu timeouts\n", (unsigned long long)p->errors,
		       (unsigned long long)p->timeouts);
	}
	json_decref(s);
}

enum {
	OPT_COUNT = 1,
	OPT_WINDOW,
	OPT_RATE,
	OPT_DEADLINE,
	OPT_GRACE,
	OPT_RETRY,
	OPT_PAD,
	OPT_LOG,
	OPT_JSON,
	OPT_QUIET,
	OPT_HELP
};

static const struct option options[] = {
	{"count", required_argument, NULL, OPT_COUNT},
	{"window", required_argument, NULL, OPT_WINDOW},
	{"rate", required_argument, NULL, OPT_RATE},
	{"deadline", required_argument, NULL, OPT_DEADLINE},
	{"grace", required_argument, NULL, OPT_GRACE},
	{"retry", required_argument, NULL, OPT_RETRY},
	{"pad", required_argument, NULL, OPT_PAD},
	{"log", required_argument, NULL, OPT_LOG},
	{"json", no_argument, NULL, OPT_JSON},
	{"quiet", no_argument, NULL, OPT_QUIET},
	{"help", no_argument, NULL, OPT_HELP},
	CLI_BUS_OPTIONS,
	{0},
};

const char cli_ping_details[] =
	"  --count N         requests to send (default 4)\n"
	"  --window N        requests open at once (default 1)\n"
	"  --rate R          requests per second instead of a window\n"
	"  --deadline S      seconds each may take (default 5)\n"
	"  --grace S         seconds to wait beyond it for a hop's own word (default 0.1)\n"
	"  --retry N         send again after a hop error or timeout (default 0)\n"
	"  --pad N           octets added to each body (default 0)\n"
	"  --log FILE        a line per request: number, ms of its start, outcome, us\n"
	"  --json            the summary as JSON\n"
	"  --quiet           the summary only\n" CLI_BUS_HELP
	"Exit 0 only if every request was answered.\n";

static bool take_number(struct ping *p, int o, const char *arg)
{
	switch (o) {
	case OPT_COUNT:
		return cli_number(arg, 1, 1e8, &p->count);
	case OPT_WINDOW:
		return cli_number(arg, 1, 1e5, &p->window);
	case OPT_RATE:
		return cli_number(arg, 0.001, 1e6, &p->rate);
	case OPT_DEADLINE:
		return cli_number(arg, 0.001, 600, &p->deadline);
	case OPT_GRACE:
		return cli_number(arg, 0.001, 60, &p->grace);
	case OPT_RETRY:
		return cli_number(arg, 0, 100, &p->retry);
	case OPT_PAD:
		return cli_number(arg, 0, 8 << 20, &p->pad);
	default:
		return false;
	}
}

/* @return -1 to go on, else the exit code. */
static int parse(const struct cli_command *cmd, struct ping *p, int argc, char **argv)
{
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_bus_option(&p->bus, o, optarg))
			continue;
		if (o == OPT_HELP) {
			cli_help(cmd);
			return CLI_OK;
		} else if (o == OPT_JSON) {
			p->json = true;
		} else if (o == OPT_QUIET) {
			p->quiet = true;
		} else if (o == OPT_LOG) {
			p->log_path = optarg;
		} else if (o == '?') {
			return CLI_USAGE;
		} else if (!take_number(p, o, optarg)) {
			return cli_usage(cmd, "\"%s\" is out of range", optarg);
		}
	}
	if (argc - optind > 1)
		return cli_usage(cmd, "one URL at most");
	if (argc > optind)
		p->bus.url = argv[optind];
	return -1;
}

int cli_ping(const struct cli_command *cmd, int argc, char **argv)
{
	struct ping p = {.count = 4, .window = 1, .deadline = 5};
	struct sigaction sa = {.sa_handler = on_interrupt};
	struct cc_note why = {0};
	int code = parse(cmd, &p, argc, argv), r;

	if (code >= 0)
		return code;
	p.bus.grace_ms = (int)(p.grace * 1000);
	r = cli_bus_open(&p.bus, (int)(p.rate > 0 ? 100000 : p.window + 1000), &p.client, &why);
	if (r)
		return cli_fail(cmd, &why, r);
	sigaction(SIGINT, &sa, NULL);
	p.latencies = calloc((size_t)p.count, sizeof(*p.latencies));
	p.log = p.log_path ? fopen(p.log_path, "we") : NULL;
	if (!p.latencies || (p.log_path && !p.log))
		r = cc_note_set(&why, CC_ESYS, "cannot write %s", p.log_path ? p.log_path : "");
	if (!r)
		r = run_loop(&p);
	if (r)
		cli_fail(cmd, &why, r);
	else
		print_summary(&p);
	code = r || p.answered < (uint64_t)p.count ? CLI_FAILED : CLI_OK;
	cc_client_free(p.client);
	if (p.log && fclose(p.log) != 0)
		code = CLI_FAILED;
	free(p.latencies);
	return code;
}
