/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * ccfed: commands in one word (resolve, those of the design document) or two (bus ping, keys issue);
 * each a row of a table, each with its own options.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/cc/client.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli_command {
	const char *group; /* "": the name is all of it */
	const char *name;
	const char *args; /* synopsis behind the name */
	const char *help;
	const char *details; /* options, one per line, for --help; may be NULL */
	/** argv[0] is the command's name. @return CLI_*. */
	int (*run)(const struct cli_command *cmd, int argc, char **argv);
};

/* A command's words in a format. */
#define CLI_WORDS "ccfed %s%s%s"
#define CLI_WORDS_OF(cmd) (cmd)->group, *(cmd)->group ? " " : "", (cmd)->name

/* NULL-ended tables of the groups; cli_registry's have none. */
extern const struct cli_command cli_registry[], cli_records[], cli_node[], cli_audit[], cli_bus[],
	cli_job[], cli_policy[], cli_keys[], cli_config[], cli_gid[], cli_cred[], cli_ticket[],
	cli_authority[], cli_store[], cli_jfed[], cli_am[], cli_terms[];

/** Prints "ccfed GROUP NAME: text" and a hint; returns CLI_USAGE. */
int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** Prints the note, or the error's text; returns CLI_FAILED. */
int cli_fail(const struct cli_command *cmd, const struct cc_note *why, int r);
/** Prints the help of one command. */
void cli_help(const struct cli_command *cmd);
/** A number within low..high from text. @return whether it is one. */
bool cli_number(const char *text, double low, double high, double *out);

/* Options that say how to reach a bus: --cc --keystore --sign --ca --compat. */
struct cli_bus_options {
	const char *url, *keystore, *sign, *ca, *servers, *realm;
	const char *curve_server, *curve;
	const char *own_cert, *own_key; /* files to sign with, instead of sign; NULL: none */
	const uint8_t *
		pin; /* SHA-256 of the only certificate that may answer, instead of ca; NULL: none */
	int grace_ms; /* as cc_client_conf */
	bool compat;
};
enum {
	CLI_OPT_CC = 2000,
	CLI_OPT_KEYSTORE,
	CLI_OPT_SIGN,
	CLI_OPT_CA,
	CLI_OPT_CURVE_SERVER,
	CLI_OPT_CURVE,
	CLI_OPT_SERVERS,
	CLI_OPT_REALM,
	CLI_OPT_COMPAT
};
#define CLI_BUS_OPTIONS                                                                            \
	{"cc", required_argument, NULL, CLI_OPT_CC},                                               \
		{"keystore", required_argument, NULL, CLI_OPT_KEYSTORE},                           \
		{"sign", required_argument, NULL, CLI_OPT_SIGN},                                   \
		{"ca", required_argument, NULL, CLI_OPT_CA},                                       \
		{"curve-server", required_argument, NULL, CLI_OPT_CURVE_SERVER},                   \
		{"curve", required_argument, NULL, CLI_OPT_CURVE},                                 \
		{"servers", required_argument, NULL, CLI_OPT_SERVERS},                             \
		{"realm", required_argument, NULL, CLI_OPT_REALM},                                 \
	{                                                                                          \
		"compat", no_argument, NULL, CLI_OPT_COMPAT                                        \
	}
#define CLI_BUS_HELP                                                                               \
	"  --cc URL          endpoint of the ccserver (CCFED_LOCAL_CC)\n"                          \
	"  --keystore DIR    folder of keys and certificates (CCFED_KEYSTORE)\n"                   \
	"  --sign NAME       key to sign with (from CCFED_CLIENT_CERT)\n"                          \
	"  --ca NAME         CA that answers must come from (default ca), or FILE.crt\n"           \
	"  --curve-server K  CURVE key of the server: its name in the key store, or the key\n"     \
	"                    itself (CCFED_CURVE_SERVER)\n"                                        \
	"  --curve NAME      own CURVE key pair (default: made for this once)\n"                   \
	"  --servers WHO,... who may answer, as in [servers] (CCFED_SERVERS; default\n"            \
	"                    urn:publicid:IDN+*+service+*)\n"                                      \
	"  --realm NAME      realm of the servers (CCFED_REALM)\n"                                 \
	"  --compat          talk to servers of hots-cc\n"

/** Takes one of the options above. @return whether it was one. */
bool cli_bus_option(struct cli_bus_options *o, int opt, const char *arg);
/**
 * Opens a client; without a keystore it neither signs nor verifies. @return 0 or a negative error
 * with why.
 */
int cli_bus_open(struct cli_bus_options *o, int hwm, struct cc_client **out, struct cc_note *why);
