/* SPDX-License-Identifier: ISC */
/* ccfed bus: the table of its commands, and send. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/admin.h"
#include "cli/cli.h"
#include "cli/ping.h"
#include "cli/stats.h"
#include "cli/vectors.h"
#include "cli/watch.h"
#include "lib/base/file.h"

enum { OPT_DEADLINE = 1, OPT_BLOB, OPT_PUBLISH, OPT_BODY, OPT_HELP };

struct send {
	struct cli_bus_options bus;
	double deadline;
	const char *blob_path, *body;
	bool publish;
	int outcome; /* CLI_* */
	bool done;
};

static const struct option send_options[] = {
	{"deadline", required_argument, NULL, OPT_DEADLINE},
	{"blob", required_argument, NULL, OPT_BLOB},
	{"publish", no_argument, NULL, OPT_PUBLISH},
	{"body", required_argument, NULL, OPT_BODY},
	{"help", no_argument, NULL, OPT_HELP},
	CLI_BUS_OPTIONS,
	{0},
};

static const char send_details[] =
	"  --body JSON       the body as a JSON object; KEY=VALUE go into it\n"
	"                    (VALUE as JSON where it is JSON, else as a string)\n"
	"  --blob FILE       send the file's octets as blob\n"
	"  --publish         do not wait for an answer\n"
	"  --deadline S      seconds to wait for the answer (default 5)\n" CLI_BUS_HELP
	"Prints the answer's body. Exit 0 for an answer, 1 for an error or none.\n";

static int add_pair(json_t *body, const char *pair, struct cc_note *why)
{
	const char *eq = strchr(pair, '=');
	cc_cleanup(cc_freep) char *key = eq ? strndup(pair, (size_t)(eq - pair)) : NULL;
	json_t *value;

	if (!key || !*key)
		return cc_note_set(why, CC_EINVAL, "\"%s\" is not KEY=VALUE", pair);
	value = json_loads(eq + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (!value)
		value = json_string(eq + 1);
	return json_object_set_new(body, key, value) == 0 ? 0 : cc_raise(CC_ENOMEM);
}

static int make_body(const struct send *s, int n, char **pairs, json_t **out, struct cc_note *why)
{
	json_error_t err;
	json_t *body = s->body ? json_loads(s->body, JSON_REJECT_DUPLICATES, &err) : json_object();

	if (!json_is_object(body)) {
		json_decref(body);
		return cc_note_set(why, CC_EINVAL, "--body wants a JSON object");
	}
	for (int i = 0; i < n; i++) {
		int r = add_pair(body, pairs[i], why);

		if (r) {
			json_decref(body);
			return r;
		}
	}
	*out = body;
	return 0;
}

static void on_send_answer(void *arg, const struct cc_answer *a)
{
	struct send *s = arg;

	s->done = true;
	s->outcome = a->outcome == CC_OUT_ANSWER ? CLI_OK : CLI_FAILED;
	if (a->outcome == CC_OUT_TIMEOUT) {
		fputs("no answer within the deadline; outcome unknown\n", stderr);
		return;
	}
	if (a->outcome == CC_OUT_HOP)
		fprintf(stderr, "%s: a hop could not pass it on; outcome unknown\n", a->code);
	json_dumpf(a->json, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
	putchar('\n');
	fprintf(stderr, "type %.*s, signer %s\n", (int)a->type.len, (const char *)a->type.data,
		a->signer ? a->signer->name : "(unsigned)");
}

static int do_send(struct send *s, const char *type, json_t *body, struct cc_note *why)
{
	cc_cleanup(cc_client_freep) struct cc_client *client = NULL;
	cc_cleanup(cc_freep) char *data = NULL;
	struct cc_bytes blob = {NULL, 0};
	int r = 0;

	if (s->blob_path) {
		r = cc_file_read(s->blob_path, CC_FRAME_MAX, &data, &blob.len, why);
		blob.data = (const uint8_t *)data;
	}
	if (!r)
		r = cli_bus_open(&s->bus, 0, &client, why);
	if (!r && s->publish)
		return cc_client_publish(client, type, body, blob);
	if (!r)
		r = cc_client_request(client, type, body, blob, (int64_t)(s->deadline * 1000),
				      on_send_answer, s);
	while (!r && !s->done)
		r = cc_client_run(client, 1000);
	return r;
}

static int cli_send(const struct cli_command *cmd, int argc, char **argv)
{
	struct send s = {.deadline = 5};
	struct cc_note why = {0};
	json_t *body = NULL;
	int o, r;

	while ((o = getopt_long(argc, argv, "", send_options, NULL)) != -1) {
		if (cli_bus_option(&s.bus, o, optarg))
			continue;
		if (o == OPT_HELP) {
			cli_help(cmd);
			return CLI_OK;
		} else if (o == OPT_BLOB) {
			s.blob_path = optarg;
		} else if (o == OPT_PUBLISH) {
			s.publish = true;
		} else if (o == OPT_BODY) {
			s.body = optarg;
		} else if (o != OPT_DEADLINE || !cli_number(optarg, 0.001, 600, &s.deadline)) {
			return o == '?' ? CLI_USAGE
					: cli_usage(cmd, "--deadline wants 0.001 to 600 seconds");
		}
	}
	if (argc - optind < 1)
		return cli_usage(cmd, "a message type is wanted");
	if (!cc_type_valid(argv[optind], strlen(argv[optind])))
		return cli_usage(cmd, "\"%s\" is no message type", argv[optind]);
	r = make_body(&s, argc - optind - 1, argv + optind + 1, &body, &why);
	if (r)
		return cli_fail(cmd, &why, r);
	r = do_send(&s, argv[optind], body, &why);
	json_decref(body);
	return r ? cli_fail(cmd, &why, r) : s.outcome;
}

const struct cli_command cli_bus[] = {
	{"bus", "ping", "[OPTIONS] [URL]", "sends echo requests and prints latency and signer",
	 cli_ping_details, cli_ping},
	{"bus", "send", "[OPTIONS] TYPE [KEY=VALUE]...", "sends one message, prints the answer",
	 send_details, cli_send},
	{"bus", "watch", "[OPTIONS] PREFIX", "shows the messages that a server sees",
	 cli_watch_details, cli_watch},
	{"bus", "stats", "[OPTIONS] [INFOFILE]", "prints a server's figures", cli_stats_details,
	 cli_stats},
	{"bus", "routes", "[OPTIONS]", "prints which sections get which messages",
	 cli_admin_details, cli_admin},
	{"bus", "handlers", "[OPTIONS]", "prints a server's handlers and their counters",
	 cli_admin_details, cli_admin},
	{"bus", "queues", "[OPTIONS]", "prints what waits in a server", cli_admin_details,
	 cli_admin},
	{"bus", "signers", "[OPTIONS]", "prints whose messages a server has taken",
	 cli_admin_details, cli_admin},
	{"bus", "reload", "[OPTIONS]", "has a server read its configuration again",
	 cli_admin_details, cli_admin},
	{"bus", "quiesce", "[OPTIONS]", "has a server take no new requests", cli_quiesce_details,
	 cli_admin},
	{"bus", "vectors", "[--json] DIR", "runs recorded messages through the gate",
	 cli_vectors_details, cli_vectors},
	{0},
};
