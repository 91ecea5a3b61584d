/* SPDX-License-Identifier: ISC */
/* ccfed node add: an operator lets a node in. */
#include <stdio.h>
#include <string.h>

#include "cli/node.h"
#include "cli/registry.h"
#include "lib/base/util.h"
#include "lib/cc/curve.h"

enum { OPT_ENDPOINT = 3000 };

static const struct option options[] = {
	{"endpoint", required_argument, NULL, OPT_ENDPOINT},
	REG_RECORD_OPTIONS,
	CLI_USER_OPTIONS,
	{0},
};

static const char add_details[] =
	"  --endpoint URL    where the node reaches the server (default: --cc, which must\n"
	"                    then not be a socket of this host)\n" REG_RECORD_HELP CLI_USER_HELP
	"Registers the node unless it is there, and prints one line: a token, good for this node\n"
	"once, which ccfed node init takes on the node.\n";

static int ask(struct reg_args *a, const char *op, json_t *body, struct cli_reply *reply)
{
	struct cli_target targets[CLI_USER_CREDS];
	size_t count = cli_targets(CLI_NEED_REGISTER, "node", a->hrn, a->user.hrn,
				   a->user.authority, targets);

	return cli_user_ask(&a->user, op, body, targets, count, reply);
}

/* One that is there already stays as it is: a token can be had again. @return -1 to go on, else the exit code. */
static int register_node(struct reg_args *a)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct cc_note why = {0};
	json_t *record, *body;
	int r = reg_record_make(a, &record, &why);

	if (r)
		return cli_fail(a->user.cmd, &why, r);
	body = json_pack("{s:o}", "record", record);
	a->user.quiet = "ExistingRecord";
	r = ask(a, "reg.register", body, &reply);
	a->user.quiet = NULL;
	json_decref(body);
	return r >= 0 && cli_reply_is(&reply, "ExistingRecord") ? -1 : r;
}

/* The key itself, where it was named by its file. @return 0, negative error. */
static int curve_text(const struct cli_user *u, char out[CC_CURVE_TEXT + 1], struct cc_note *why)
{
	cc_cleanup(cc_curve_link_wipe) struct cc_curve_link link = {0};
	int r;

	out[0] = '\0';
	if (!u->bus.curve_server)
		return 0;
	r = cc_curve_link_open(&link, u->bus.keystore, u->bus.curve_server, NULL, why);
	if (!r)
		cc_curve_print(link.server, out);
	return r;
}

static int print_token(struct reg_args *a, const char *endpoint, const struct cli_reply *reply)
{
	char curve[CC_CURVE_TEXT + 1];
	struct node_token t = {.token = (char *)json_string_value(cli_reply_value(reply)),
			       .hrn = (char *)a->hrn,
			       .cc = (char *)(endpoint ? endpoint : a->user.bus.url),
			       .realm = (char *)(a->user.bus.realm ? a->user.bus.realm : ""),
			       .curve = curve};
	cc_cleanup(cc_freep) char *line = NULL;
	struct cc_note why = {0};
	int r = curve_text(&a->user, curve, &why);

	memcpy(t.sha256, reply->signer, sizeof(t.sha256));
	if (!r && !t.token)
		return cli_user_refused(&a->user, reply);
	if (!r)
		r = node_token_write(&t, &line, &why);
	if (r)
		return cli_fail(a->user.cmd, &why, r);
	puts(line);
	fprintf(stderr, "to do, on the node: ccfed node init --token -   (and that line on its "
			"standard input)\n");
	return CLI_OK;
}

static int add(struct reg_args *a, const char *endpoint)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	const char *url;
	json_t *body;
	int r = cli_user_begin(&a->user);

	/* before the node is registered: its token has no name at a front door */
	if (r < 0 && a->user.server.url)
		return cli_usage(a->user.cmd,
				 "it goes over the bus alone: give --cc URL, and no --server");
	url = endpoint ? endpoint : a->user.bus.url;
	if (r < 0 && strncmp(url, "tcp://", 6) != 0)
		return cli_usage(a->user.cmd,
				 "--endpoint: a node reaches the server by tcp://, not by %s", url);
	if (r < 0)
		r = register_node(a);
	if (r >= 0)
		return r;
	body = json_pack("{s:s}", "hrn", a->hrn);
	r = ask(a, "reg.node_token", body, &reply);
	json_decref(body);
	return r < 0 ? print_token(a, endpoint, &reply) : r;
}

static int node_add(const struct cli_command *cmd, int argc, char **argv)
{
	struct reg_args a = {.user.cmd = cmd, .type = "node"};
	const char *endpoint = NULL;
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == OPT_ENDPOINT)
			endpoint = optarg;
		else
			r = reg_option(&a, o, optarg);
	}
	if (r < 0 && argc - optind != 1)
		r = cli_usage(cmd, "the HRN of one node is wanted");
	if (r < 0)
		r = reg_name(&a, argv[optind]);
	if (r < 0)
		r = add(&a, endpoint);
	cli_user_deinit(&a.user);
	return r;
}

const struct cli_command cli_node[] = {
	{"node", "add", "[OPTIONS] HRN", "lets a node in, and prints its token", add_details,
	 node_add},
	{"node", "init", "--token TOKEN [--dir DIR] [OPTIONS]", "makes this host a node",
	 node_init_details, node_init},
	{0},
};
