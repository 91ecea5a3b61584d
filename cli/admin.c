/* SPDX-License-Identifier: ISC */
/* ccfed bus routes, handlers, queues, signers, reload, quiesce: one admin.* request each. */
#include "cli/admin.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/text.h"
#include "lib/base/util.h"

#define REMOTE_HELP                                                                                \
	"To ask the remote server rather than the local one: --cc \"$CCFED_REMOTE_CC\".\n"

const char cli_admin_details[] = CLI_ASK_HELP REMOTE_HELP;
const char cli_quiesce_details[] =
	"  --off             takes new requests again\n" CLI_ASK_HELP REMOTE_HELP;

static int print_routes(const json_t *answer)
{
	struct cli_table t = {.heads = {"PREFIX", "SECTIONS"}};
	const json_t *value;
	const char *prefix;

	json_object_foreach(json_object_get(answer, "routes"), prefix, value)
	{
		cli_table_add(&t, "%s", prefix);
		cli_table_add(&t, "%s", json_is_string(value) ? json_string_value(value) : "-");
	}
	return cli_table_print(&t);
}

/* "logged=3 non-log=0" */
static char *counters_of(const json_t *handler)
{
	cc_cleanup(cc_freep) char *before = NULL;
	char *all = strdup("");
	const json_t *value;
	const char *name;

	json_object_foreach(json_object_get(handler, "counters"), name, value)
	{
		free(before);
		before = all;
		if (!before || asprintf(&all, "%s%s%s=%lld", before, *before ? " " : "", name,
					(long long)json_integer_value(value)) < 0)
			return NULL;
	}
	return all;
}

static int print_handlers(const json_t *answer)
{
	struct cli_table t = {.heads = {"SECTION", "HANDLER", "AT WORK", "STATE", "COUNTERS"}};
	const json_t *h;
	size_t i;

	json_array_foreach(json_object_get(answer, "handlers"), i, h)
	{
		cc_cleanup(cc_freep) char *counters = counters_of(h);
		char buf[32];

		cli_table_add(&t, "%s", cli_text_of(h, "section", buf));
		cli_table_add(&t, "%s", cli_text_of(h, "handler", buf));
		cli_table_add(&t, "%s", cli_text_of(h, "messages", buf));
		cli_table_add(&t, "%s",
			      json_is_true(json_object_get(h, "ending")) ? "ending" : "serving");
		cli_table_add(&t, "%s", counters ? counters : "");
		t.failed |= !counters;
	}
	return cli_table_print(&t);
}

static int print_queues(const json_t *answer)
{
	struct cli_table t = {.heads = {"THREAD", "WAITING"}};
	char messages[32], bytes[32], most[32], peers[32];
	const json_t *thread;
	size_t i;
	int r;

	json_array_foreach(json_object_get(answer, "threads"), i, thread)
	{
		char buf[32];

		cli_table_add(&t, "%s", cli_text_of(thread, "name", buf));
		cli_table_add(&t, "%s", cli_text_of(thread, "waiting", buf));
	}
	r = cli_table_print(&t);
	printf("for workers: %s messages, %s of %s octets; for peers: %s octets\n",
	       cli_text_of(answer, "messages", messages), cli_text_of(answer, "bytes", bytes),
	       cli_text_of(answer, "max_bytes", most), cli_text_of(answer, "peer_bytes", peers));
	return r;
}

static const char *date(double seconds, char out[32])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!(seconds > 0 && seconds < 1e11) || !localtime_r(&when, &tm))
		return "-";
	strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

static int print_signers(const json_t *answer)
{
	struct cli_table t = {.heads = {"MESSAGES", "LAST", "CLASS", "SIGNER"}};
	const json_t *signer;
	char buf[32], other[32];
	size_t i;
	int r;

	json_array_foreach(json_object_get(answer, "signers"), i, signer)
	{
		cli_table_add(&t, "%s", cli_text_of(signer, "messages", buf));
		cli_table_add(&t, "%s",
			      date(json_number_value(json_object_get(signer, "last")), other));
		cli_table_add(&t, "%s", cli_text_of(signer, "class", buf));
		cli_table_add(&t, "%s", cli_text_of(signer, "name", buf));
	}
	r = cli_table_print(&t);
	printf("%s signers, ", cli_text_of(answer, "known", buf));
	printf("%s messages remembered, ", cli_text_of(answer, "ids", buf));
	printf("%s\n", cli_size_text(json_number_value(json_object_get(answer, "bytes")), other));
	return r;
}

static int print_reload(const json_t *answer)
{
	char buf[32];

	printf("reloaded: snapshot %s is in force\n", cli_text_of(answer, "snapshot", buf));
	return 0;
}

static int print_quiesce(const json_t *answer)
{
	puts(json_is_true(json_object_get(answer, "quiesced"))
		     ? "quiesced: new requests are told busy, until ccfed bus quiesce --off"
		     : "requests are taken again");
	return 0;
}

static const struct order {
	const char *name, *type;
	double deadline; /* seconds; a reload may take the server 30 */
	int (*print)(const json_t *answer);
} orders[] = {
	{"routes", "admin.routes", 5, print_routes},
	{"handlers", "admin.handlers", 5, print_handlers},
	{"queues", "admin.queues", 5, print_queues},
	{"signers", "admin.signers", 5, print_signers},
	{"reload", "admin.reload", 35, print_reload},
	{"quiesce", "admin.quiesce", 5, print_quiesce},
};

static const struct order *find(const char *name)
{
	size_t i = 0;

	while (strcmp(orders[i].name, name) != 0)
		i++;
	return &orders[i];
}

enum { OPT_OFF = 1 };

static int run(struct cli_ask *a, const struct order *o, json_t *body)
{
	json_t *answer = NULL;
	int code = cli_ask(a, o->type, body, &answer), r;

	if (code != CLI_OK)
		return code;
	if (a->json)
		cli_print_json(answer);
	r = a->json ? 0 : o->print(answer);
	json_decref(answer);
	return r ? cli_fail(a->cmd, &(struct cc_note){0}, r) : CLI_OK;
}

int cli_admin(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option plain[] = {CLI_ASK_OPTIONS, {0}},
				   quiesce[] = {{"off", no_argument, NULL, OPT_OFF},
						CLI_ASK_OPTIONS,
						{0}};
	const struct order *order = find(cmd->name);
	bool quiet = order->print == print_quiesce, off = false;
	struct cli_ask a = {.cmd = cmd, .deadline = order->deadline};
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", quiet ? quiesce : plain, NULL)) != -1) {
		if (o == OPT_OFF)
			off = true;
		else
			r = cli_ask_option(&a, o, optarg);
	}
	if (r >= 0)
		return r;
	if (argc != optind)
		return cli_usage(cmd, "\"%s\" is one argument too many", argv[optind]);
	return run(&a, order, quiet ? json_pack("{s:b}", "on", !off) : json_object());
}
