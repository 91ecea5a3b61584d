/* SPDX-License-Identifier: ISC */
#pragma once
/* The commands of one word: what their options say, the records they write, the layouts they print. */
#include <jansson.h>

#include "cli/user.h"

#define REG_LIST_MAX 256 /* times that one option may be given */

struct reg_list {
	const char *items[REG_LIST_MAX];
	size_t count;
};

/* What the options of any of them say; texts are borrowed from the command line. */
struct reg_args {
	struct cli_user user;
	const char *type, *hrn; /* of the arguments */
	char hrn_text[TR_NAME_MAX + 1];
	const char *outfile, *rspec, *uuid, *of_type;
	const char *email, *hostname, *expires;
	struct reg_list keys, researchers, pis, operators, attributes, fields;
	bool recursive;
};

enum reg_option {
	REG_OPT_OUTFILE = 1,
	REG_OPT_RSPEC,
	REG_OPT_UUID,
	REG_OPT_TYPE,
	REG_OPT_EMAIL,
	REG_OPT_HOSTNAME,
	REG_OPT_EXPIRES,
	REG_OPT_KEY,
	REG_OPT_RESEARCHER,
	REG_OPT_PI,
	REG_OPT_OPERATOR,
	REG_OPT_ATTRIBUTE,
	REG_OPT_FIELD,
	REG_OPT_RECURSIVE,
};
#define REG_RECORD_OPTIONS                                                                         \
	{"email", required_argument, NULL, REG_OPT_EMAIL},                                         \
		{"hostname", required_argument, NULL, REG_OPT_HOSTNAME},                           \
		{"expires", required_argument, NULL, REG_OPT_EXPIRES},                             \
		{"key", required_argument, NULL, REG_OPT_KEY},                                     \
		{"researcher", required_argument, NULL, REG_OPT_RESEARCHER},                       \
		{"pi", required_argument, NULL, REG_OPT_PI},                                       \
		{"operator", required_argument, NULL, REG_OPT_OPERATOR},                           \
		{"attribute", required_argument, NULL, REG_OPT_ATTRIBUTE},                         \
	{                                                                                          \
		"field", required_argument, NULL, REG_OPT_FIELD                                    \
	}
#define REG_RECORD_HELP                                                                            \
	"  --email ADDRESS   of a user, node or authority\n"                                       \
	"  --key FILE        public key: ssh (a user may have several), PEM, or a CSR\n"           \
	"  --researcher HRN  of a slice, any number of times\n"                                    \
	"  --pi HRN          of an authority, any number of times\n"                               \
	"  --operator HRN    of an authority or node, any number of times\n"                       \
	"  --attribute N=V   of a slice, any number of times: what tickets are made of\n"          \
	"  --hostname NAME   of a node\n"                                                          \
	"  --expires TIME    of a slice, as 2026-11-22T12:00:00Z\n"                                \
	"  --field NAME=V    any other key of a record (V as JSON where it is JSON)\n"

/** Takes one of these options. @return -1 to go on, else the exit code. */
int reg_option(struct reg_args *a, int opt, const char *arg);

/* ---- records (registry_record.c) ---- */

/** Takes a name, an HRN or a URN. @return -1 to go on, else the exit code. */
int reg_name(struct reg_args *a, const char *text);

/** The types that records have. "sa" and "ma" are "authority". @return the type, static; NULL: none. */
const char *reg_type(const char *word);
/**
 * The record that register and update send, as the options say; what they do not say is not in it.
 * A list that is given replaces the one that was there. Caller frees. @return 0, -CC_EINVAL,
 * -CC_EFORMAT, -CC_ENOTFOUND, -CC_ENOMEM.
 */
int reg_record_make(const struct reg_args *a, json_t **out, struct cc_note *why);
/** The public key of a file as PEM: ssh lines are turned into it, others stay. As above. */
int reg_key_pem(const char *path, json_t **out, struct cc_note *why);

/* ---- layouts (registry_show.c); all print "RESULT:" or "NO RESULT" first ---- */

/** Records; an authority is two, sa and ma. */
void reg_show_records(const json_t *records);
/** The first certificate of a chain. */
int reg_show_gid(const char *pem, struct cc_note *why);
int reg_show_credential(const char *text, struct cc_note *why);
int reg_show_ticket(const char *text, struct cc_note *why);
/** Anything else: in one line. */
void reg_show_value(const json_t *value);
