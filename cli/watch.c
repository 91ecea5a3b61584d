/* SPDX-License-Identifier: ISC */
/*
 * ccfed bus watch: copies of the messages that a server sees (admin.watch). The server gives a lease
 * of a minute; asking again in time renews it. Each time is a request of its own, whose answers go on
 * until the next one takes over.
 */
#include "cli/watch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/gaps.h"
#include "cli/text.h"
#include "lib/base/clock.h"

#define TYPE "admin.watch"
#define LEASE_MS 60000
#define RENEW_MS 20000 /* two may fail before the lease ends */
#define RETRY_MS 2000  /* after one that a hop could not pass on */
#define LOOK_MS 1000   /* from one look at what was lost to the next */
#define WAIT_MS 200    /* longest sleep: a signal may come just before it */
#define HWM 10000      /* copies that wait here while the terminal is slow */

const char cli_watch_details[] =
	"  --count N         ends after N messages\n"
	"  --seconds S       ends after S seconds\n" CLI_ASK_HELP
	"PREFIX: whole components of a message type, or * for all. A line per message: time, "
	"type,\n"
	"signer, verdict, octets, and the body, or why it was refused; with --json an object per\n"
	"line. Messages are shown as the server that is asked sees them; copies that are dropped\n"
	"on the way to you are told on stderr. Ends with Ctrl-C.\n";

struct watch {
	struct cli_ask ask;
	const char *prefix;
	double count, seconds; /* 0: no end */
	struct cc_client *client;
	struct cli_gaps gaps;
	uint64_t shown, lost, held; /* messages; copies lost on the way, held back over the rate */
	unsigned asked;		    /* how often */
	int64_t start, renew, look; /* ms; the latter two: when next */
	int64_t heard;		    /* when the server last said that it watches; 0: never */
	int outcome;		    /* CLI_*; -1: it goes on */
};

/* One request of it. */
struct lease {
	struct watch *w;
	unsigned number; /* 1 is the first */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/* ---- what comes ---- */

static void tell(struct watch *w, const char *text, uint64_t n)
{
	fprintf(stderr, "ccfed bus watch: %s", text);
	if (n)
		fprintf(stderr, ": %llu", (unsigned long long)n);
	fputc('\n', stderr);
}

static void print_time(double seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm = {0};
	char text[16];

	localtime_r(&when, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%03d ", text, (int)((seconds - (double)when) * 1000));
}

static void print_line(const json_t *copy, double sent)
{
	const json_t *body = json_object_get(copy, "body");
	const char *why = json_string_value(json_object_get(copy, "why"));
	char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER)
			  : NULL;
	char buf[32];

	print_time(sent);
	cli_put(stdout, cli_text_of(copy, "type", buf));
	putchar(' ');
	cli_put(stdout,
		json_object_get(copy, "signer") ? cli_text_of(copy, "signer", buf) : "(unsigned)");
	putchar(' ');
	cli_put(stdout, cli_text_of(copy, "verdict", buf));
	printf(" %s ", cli_text_of(copy, "bytes", buf));
	cli_put(stdout, text ? text : why ? why : "(not shown)");
	putchar('\n');
	free(text);
}

static void show(struct watch *w, const json_t *answer)
{
	double sent = json_number_value(json_object_get(answer, "time"));
	json_t *copy = cli_ask_payload(answer);

	if (!copy)
		return;
	if (!(sent > 0 && sent < 1e11))
		sent = cc_clock_wall();
	if (w->ask.json) {
		json_object_set_new(copy, "time", json_real(sent));
		json_dumpf(copy, stdout, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else {
		print_line(copy, sent);
	}
	json_decref(copy);
	w->shown++;
	if (w->count > 0 && w->shown >= (uint64_t)w->count)
		w->outcome = CLI_OK;
}

static void take_copy(struct watch *w, const json_t *answer)
{
	json_int_t n = json_integer_value(json_object_get(answer, "n"));
	json_int_t held = json_integer_value(json_object_get(answer, "dropped"));

	if (n > 0 && !cli_gaps_take(&w->gaps, (uint64_t)n)) {
		w->lost = w->held = 0;
		tell(w, "the server watches anew; what it saw meanwhile is not shown", 0);
	}
	if (held > 0 && (uint64_t)held > w->held) {
		w->held = (uint64_t)held;
		tell(w, "copies held back, more than the server shows in a second", w->held);
	}
	show(w, answer);
}

static void tell_lost(struct watch *w)
{
	uint64_t lost = cli_gaps_look(&w->gaps);

	if (lost > w->lost)
		tell(w, "copies lost on the way, this program was too slow", lost);
	w->lost = lost;
}

/* ---- leases ---- */

/* A renewal that a hop could not pass on is tried again while the lease lasts. */
static void end_lease(struct watch *w, unsigned number, const struct cc_answer *a)
{
	if (number < w->asked || w->outcome >= 0)
		return; /* another one took over */
	if (a->outcome == CC_OUT_HOP && w->heard)
		w->renew = cc_clock_ms() + RETRY_MS;
	else
		w->outcome = cli_ask_outcome(&w->ask, TYPE, a);
}

static void on_answer(void *arg, const struct cc_answer *a)
{
	struct lease *lease = arg;
	struct watch *w = lease->w;

	if (a->outcome != CC_OUT_ANSWER) {
		end_lease(w, lease->number, a);
		free(lease);
	} else if (w->outcome < 0) {
		if (json_object_get(a->json, "watching"))
			w->heard = cc_clock_ms();
		else if (json_object_get(a->json, "n"))
			take_copy(w, a->json);
	}
}

static int ask_for_lease(struct watch *w)
{
	struct lease *lease = calloc(1, sizeof(*lease));
	json_t *body = json_pack("{s:s}", "prefix", w->prefix);
	int r = lease && body ? 0 : cc_raise(CC_ENOMEM);

	if (!r) {
		*lease = (struct lease){w, ++w->asked};
		r = cc_client_subscribe(w->client, TYPE, body, LEASE_MS, on_answer, lease);
	}
	if (r)
		free(lease);
	json_decref(body);
	w->renew = cc_clock_ms() + (r ? RETRY_MS : RENEW_MS);
	return r == -CC_EBUSY ? 0 : r; /* not sent: tried again */
}

/* The server said nothing for too long: at the start --deadline, later as long as a lease is. */
static bool is_silent(const struct watch *w, int64_t now)
{
	return w->heard ? now - w->heard > LEASE_MS
			: now - w->start > (int64_t)(w->ask.deadline * 1000);
}

static void give_up(struct watch *w)
{
	const struct cc_answer silence = {.outcome = CC_OUT_TIMEOUT};

	if (!w->heard) {
		w->outcome = cli_ask_outcome(&w->ask, TYPE, &silence);
		return;
	}
	tell(w, "the server has not renewed the watch for a minute; it is gone", 0);
	w->outcome = CLI_FAILED;
}

static int step(struct watch *w)
{
	int64_t now = cc_clock_ms();
	int r = 0;

	if (now >= w->renew)
		r = ask_for_lease(w);
	if (now >= w->look) {
		w->look = now + LOOK_MS;
		tell_lost(w);
	}
	if (is_silent(w, now))
		give_up(w);
	if (w->seconds > 0 && now - w->start >= (int64_t)(w->seconds * 1000))
		w->outcome = CLI_OK;
	return r;
}

static int run(struct watch *w)
{
	int r = 0;

	w->start = w->renew = cc_clock_ms();
	w->look = w->start + LOOK_MS;
	while (!r && w->outcome < 0 && !interrupted) {
		r = step(w);
		if (!r && w->outcome < 0)
			r = cc_client_run(w->client, WAIT_MS);
		fflush(stdout);
	}
	/* twice: what came last may still be out of order */
	tell_lost(w);
	tell_lost(w);
	if (w->outcome < 0)
		w->outcome = r ? CLI_FAILED : CLI_OK;
	return r;
}

/* ---- command line ---- */

enum { OPT_COUNT = 1, OPT_SECONDS };

static int take_option(struct watch *w, int o, const char *arg)
{
	if (o == OPT_COUNT)
		return cli_number(arg, 1, 1e15, &w->count)
			       ? -1
			       : cli_usage(w->ask.cmd, "--count wants a number of messages");
	if (o == OPT_SECONDS)
		return cli_number(arg, 0.001, 1e9, &w->seconds)
			       ? -1
			       : cli_usage(w->ask.cmd, "--seconds wants seconds");
	return cli_ask_option(&w->ask, o, arg);
}

static int parse(struct watch *w, int argc, char **argv)
{
	static const struct option options[] = {{"count", required_argument, NULL, OPT_COUNT},
						{"seconds", required_argument, NULL, OPT_SECONDS},
						CLI_ASK_OPTIONS,
						{0}};
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(w, o, optarg);
	if (r >= 0)
		return r;
	if (argc - optind != 1)
		return cli_usage(w->ask.cmd, "a prefix of message types is wanted, or *");
	w->prefix = argv[optind];
	if (strcmp(w->prefix, "*") != 0 && !cc_type_valid(w->prefix, strlen(w->prefix)))
		return cli_usage(w->ask.cmd,
				 "\"%s\" is no prefix of message types: whole "
				 "components, as in reg or pub.infofile, or *",
				 w->prefix);
	return -1;
}

int cli_watch(const struct cli_command *cmd, int argc, char **argv)
{
	struct watch w = {.ask = {.cmd = cmd, .deadline = 5}, .outcome = -1};
	struct sigaction sa = {.sa_handler = on_signal};
	struct cc_note why = {0};
	int r = parse(&w, argc, argv);

	if (r >= 0)
		return r;
	r = cli_bus_open(&w.ask.bus, HWM, &w.client, &why);
	if (r)
		return cli_fail(cmd, &why, r);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	r = run(&w);
	if (r)
		cli_fail(cmd, &why, r);
	cc_client_free(w.client);
	return w.outcome;
}
