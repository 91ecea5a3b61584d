/* SPDX-License-Identifier: ISC */
#pragma once
/* Requests to a server for a command: options, the request, and what became of it in words. */
#include <jansson.h>

#include "cli/cli.h"

struct cli_ask {
	const struct cli_command *cmd;
	struct cli_bus_options bus;
	double deadline; /* seconds */
	bool json;
};

enum { CLI_OPT_DEADLINE = 2100, CLI_OPT_JSON, CLI_OPT_HELP };
#define CLI_ASK_OPTIONS                                                                            \
	{"deadline", required_argument, NULL, CLI_OPT_DEADLINE},                                   \
		{"json", no_argument, NULL, CLI_OPT_JSON},                                         \
		{"help", no_argument, NULL, CLI_OPT_HELP}, CLI_BUS_OPTIONS
#define CLI_ASK_HELP                                                                               \
	"  --deadline S      seconds to wait for the answer\n"                                     \
	"  --json            the answer as JSON\n" CLI_BUS_HELP                                    \
	"The server's own user needs no key on the same host: its ipc socket (--cc ipc://PATH)\n"  \
	"takes his admin and job messages unsigned. Everybody else signs, and [policy] of that\n"  \
	"server says who may.\n"

/** Takes one of these options. @return -1 to go on, else the exit code. */
int cli_ask_option(struct cli_ask *a, int opt, const char *arg);
/**
 * Sends one request (body is taken; NULL: no memory) and waits. *out: the answer's body without its
 * envelope, the caller's, on CLI_OK only. @return CLI_*; what went wrong has been said.
 */
int cli_ask(struct cli_ask *a, const char *type, json_t *body, json_t **out);
/** Says what became of a request when that is no answer. @return CLI_*. */
int cli_ask_outcome(const struct cli_ask *a, const char *type, const struct cc_answer *answer);
/** A new reference to an answer's body without the keys that every message has; NULL: no memory. */
json_t *cli_ask_payload(const json_t *body);
