/* SPDX-License-Identifier: ISC */
/* ccfed job: the daemons that a server's jobmgr looks after (job.*). */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/text.h"
#include "lib/base/util.h"

static const char details[] = CLI_ASK_HELP;
static const char log_details[] =
	"  --lines N         at most the last N lines (default: all that are kept)\n" CLI_ASK_HELP;
static const char change_details[] =
	CLI_ASK_HELP "Waits until it is done. Exit 0 only if the daemon runs then (stop: is "
		     "stopped).\n";

/* ---- answers ---- */

static double number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static int print_list(const json_t *answer)
{
	struct cli_table t = {.heads = {"NAME", "STATE", "SINCE", "PID", "STARTS", "DEATHS",
					"MEMORY", "NEXT START", "LAST EXIT"}};
	const json_t *job;
	char buf[32];
	size_t i;

	json_array_foreach(json_object_get(answer, "jobs"), i, job)
	{
		double wait = number_of(job, "next_start"), memory = number_of(job, "memory");

		cli_table_add(&t, "%s", cli_text_of(job, "name", buf));
		cli_table_add(&t, "%s", cli_text_of(job, "state", buf));
		cli_table_add(&t, "%s", cli_seconds_text(number_of(job, "since"), buf));
		cli_table_add(&t, "%s",
			      number_of(job, "pid") > 0 ? cli_text_of(job, "pid", buf) : "-");
		cli_table_add(&t, "%s", cli_text_of(job, "starts", buf));
		cli_table_add(&t, "%s", cli_text_of(job, "deaths", buf));
		cli_table_add(&t, "%s", memory > 0 ? cli_size_text(memory, buf) : "-");
		cli_table_add(&t, "%s", wait > 0 ? cli_seconds_text(wait, buf) : "-");
		cli_table_add(&t, "%s", cli_text_of(job, "last_exit", buf));
	}
	return cli_table_print(&t) ? CLI_FAILED : CLI_OK;
}

static int print_config(const json_t *answer)
{
	json_t *config = json_object_get(answer, "config");
	const json_t *value;
	const char *key;

	json_object_foreach(config, key, value)
	{
		char buf[32];

		cli_put(stdout, key);
		fputs(" = ", stdout);
		cli_put(stdout, cli_text_of(config, key, buf));
		putchar('\n');
	}
	return CLI_OK;
}

static int print_log(const json_t *answer)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(answer, "lines"), i, line)
	{
		cli_put(stdout, json_is_string(line) ? json_string_value(line) : "");
		putchar('\n');
	}
	return CLI_OK;
}

static int print_state(const json_t *answer)
{
	const char *last = json_string_value(json_object_get(answer, "last_exit"));
	char buf[32];

	cli_put(stdout, cli_text_of(answer, "job_name", buf));
	fputs(": ", stdout);
	cli_put(stdout, cli_text_of(answer, "state", buf));
	if (number_of(answer, "pid") > 0)
		printf(", pid %s", cli_text_of(answer, "pid", buf));
	if (last && *last) {
		fputs("; last exit: ", stdout);
		cli_put(stdout, last);
	}
	putchar('\n');
	return CLI_OK;
}

/* ---- commands ---- */

static const struct order {
	const char *name, *type;
	bool named;	   /* wants the name of a daemon */
	const char *state; /* that a daemon must be in then; NULL: any */
	double deadline;   /* seconds; a daemon may take its time to stop */
	int (*print)(const json_t *answer);
} orders[] = {
	{"list", "job.list", false, NULL, 5, print_list},
	{"config", "job.config", true, NULL, 5, print_config},
	{"log", "job.log", true, NULL, 5, print_log},
	{"start", "job.start", true, "running", 35, print_state},
	{"stop", "job.stop", true, "stopped", 35, print_state},
	{"restart", "job.restart", true, "running", 35, print_state},
};

static const struct order *find(const char *name)
{
	size_t i = 0;

	while (strcmp(orders[i].name, name) != 0)
		i++;
	return &orders[i];
}

static int run(struct cli_ask *a, const struct order *o, json_t *body)
{
	const char *state;
	json_t *answer = NULL;
	int code = cli_ask(a, o->type, body, &answer);

	if (code != CLI_OK)
		return code;
	if (a->json)
		cli_print_json(answer);
	else
		code = o->print(answer);
	state = json_string_value(json_object_get(answer, "state"));
	if (o->state && (!state || strcmp(state, o->state) != 0))
		code = CLI_FAILED;
	json_decref(answer);
	return code;
}

enum { OPT_LINES = 1 };

static const struct option plain[] = {CLI_ASK_OPTIONS, {0}};
static const struct option of_log[] = {
	{"lines", required_argument, NULL, OPT_LINES}, CLI_ASK_OPTIONS, {0}};

/* Puts what the options say into a request's body. @return -1 to go on, else the exit code. */
static int parse(struct cli_ask *a, const struct order *order, json_t *body, int argc, char **argv)
{
	const struct option *options = order->print == print_log ? of_log : plain;
	double lines;
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != OPT_LINES)
			r = cli_ask_option(a, o, optarg);
		else if (!cli_number(optarg, 0, 1e6, &lines))
			r = cli_usage(a->cmd, "--lines wants a number of lines");
		else
			json_object_set_new(body, "lines", json_integer((json_int_t)lines));
	}
	if (r >= 0)
		return r;
	if (argc - optind != order->named)
		return cli_usage(a->cmd, order->named ? "the name of one daemon is wanted"
						      : "no name is wanted");
	if (order->named)
		json_object_set_new(body, "job_name", json_string(argv[optind]));
	return -1;
}

static int cli_order(const struct cli_command *cmd, int argc, char **argv)
{
	const struct order *order = find(cmd->name);
	struct cli_ask a = {.cmd = cmd, .deadline = order->deadline};
	json_t *body = json_object();
	int r = parse(&a, order, body, argc, argv);

	if (r >= 0) {
		json_decref(body);
		return r;
	}
	return run(&a, order, body);
}

const struct cli_command cli_job[] = {
	{"job", "list", "[OPTIONS]", "prints the daemons of a server and their states", details,
	 cli_order},
	{"job", "config", "[OPTIONS] NAME", "prints the configuration that a daemon gets", details,
	 cli_order},
	{"job", "log", "[OPTIONS] NAME", "prints the last lines that a daemon wrote", log_details,
	 cli_order},
	{"job", "start", "[OPTIONS] NAME", "starts a daemon", change_details, cli_order},
	{"job", "stop", "[OPTIONS] NAME", "stops a daemon, until it is started again",
	 change_details, cli_order},
	{"job", "restart", "[OPTIONS] NAME", "stops a daemon and starts it", change_details,
	 cli_order},
	{0},
};
