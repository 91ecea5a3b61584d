/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * ccfed am: a user's requests to an aggregate (GENI AM API 3, spec geni-am.md), over the bus or at its
 * front door.
 *
 *	am.c, am_list.c	the commands		am_args.c	what their options and arguments say
 *	am_call.c	one request, and what was refused	am_wait.c	until slivers are ready
 *	am_show.c	tables and documents	am_login.c	how to get in, out of a manifest
 *	am_inflate.c	compressed documents	am_operator.c	what operators do
 */
#include <jansson.h>

#include "cli/user.h"
#include "lib/base/buf.h"

#define AM_RSPEC_MAX (8u << 20)	    /* octets of a request */
#define AM_DOCUMENT_MAX (64u << 20) /* of an advertisement or manifest, once inflated */
#define AM_KEYS_MAX 64
#define AM_WAIT_SECONDS 600

struct cli_https;

struct am_args {
	struct cli_user user;
	/* texts are borrowed from the command line */
	const char *am_url, *rspec, *end_time, *credential, *outfile;
	const char *time, *action; /* arguments of renew and poa */
	const char *keys[AM_KEYS_MAX];
	size_t n_keys;
	bool best_effort, alap, available, compressed;
	double wait;					 /* seconds; 0: not at all */
	char hrn[TR_NAME_MAX + 1], urn[TR_NAME_MAX + 1]; /* the slice */
	char **slivers; /* URNs behind it on the command line; none: all of the slice */
	int n_slivers;
	/* settled by am_begin */
	bool begun;
	char *am; /* URL of the front door; NULL: the bus */
	struct cli_https *https;
};
void am_deinit(struct am_args *a);

/* ---- options and arguments (am_args.c) ---- */

enum am_option {
	AM_OPT_AM = 1,
	AM_OPT_RSPEC,
	AM_OPT_KEYS,
	AM_OPT_END_TIME,
	AM_OPT_CREDENTIAL,
	AM_OPT_OUTFILE,
	AM_OPT_BEST_EFFORT,
	AM_OPT_ALAP,
	AM_OPT_AVAILABLE,
	AM_OPT_COMPRESSED,
	AM_OPT_WAIT,
};

/* Rows of their tables. */
#define AM_URL                                                                                     \
	{                                                                                          \
		"am", required_argument, NULL, AM_OPT_AM                                           \
	}
#define AM_CREDENTIAL                                                                              \
	{                                                                                          \
		"credential", required_argument, NULL, AM_OPT_CREDENTIAL                           \
	}
#define AM_BEST_EFFORT                                                                             \
	{                                                                                          \
		"best-effort", no_argument, NULL, AM_OPT_BEST_EFFORT                               \
	}
#define AM_WAIT                                                                                    \
	{                                                                                          \
		"wait", optional_argument, NULL, AM_OPT_WAIT                                       \
	}
#define AM_KEYS                                                                                    \
	{                                                                                          \
		"user-keys", required_argument, NULL, AM_OPT_KEYS                                  \
	}
#define AM_OUTFILE                                                                                 \
	{                                                                                          \
		"outfile", required_argument, NULL, AM_OPT_OUTFILE                                 \
	}
#define AM_COMPRESSED                                                                              \
	{                                                                                          \
		"compressed", no_argument, NULL, AM_OPT_COMPRESSED                                 \
	}
#define AM_END_TIME                                                                                \
	{                                                                                          \
		"end-time", required_argument, NULL, AM_OPT_END_TIME                               \
	}

/** Takes the options. @return -1 to go on, else the exit code. */
int am_parse(struct am_args *a, const struct option *options, int argc, char **argv);
/** Takes the name of a slice, HRN or URN. @return as above. */
int am_slice(const struct cli_command *cmd, const char *text, char hrn[TR_NAME_MAX + 1],
	     char urn[TR_NAME_MAX + 1]);
/** Key, GID and where the aggregate is; once. @return as above. */
int am_begin(struct am_args *a);
/** The URL of an aggregate at the front door whose registry is url. Caller frees. NULL: none, no memory. */
char *am_url_beside(const char *url);
/** The slice, or the slivers that were named. NULL: no memory. */
json_t *am_urns(const struct am_args *a);
/** {urn, keys} of the user, for geni_users. *out: a new reference. @return 0, negative error. */
int am_users(const struct am_args *a, json_t **out, struct cc_note *why);

/* ---- requests (am_call.c) ---- */

/* On what the credential must be. */
enum am_need { AM_NEED_NONE = 1, AM_NEED_SELF, AM_NEED_SLICE };

/** The options of GENI that the command line says. NULL: no memory. */
json_t *am_options(const struct am_args *a, bool rspec_version);
/**
 * Asks; body (taken; NULL: no memory) gets the credentials. *value: of the answer, a new reference.
 * @return -1 to go on, else the exit code: it has been said.
 */
int am_ask(struct am_args *a, const char *op, enum am_need need, json_t *body, json_t **value);
/** "SEARCHFAILED"; NULL: a code that is none. */
const char *am_code_name(json_int_t code);

/* ---- waiting (am_wait.c) ---- */

enum am_state { AM_FINAL = 1, AM_WAITING, AM_FAILED };
/** What all slivers of a list are: failed where one is, waiting where one is. */
enum am_state am_state_of(const json_t *slivers);
/**
 * Asks for the status until no sliver changes by itself any more; progress on a terminal. *slivers: the
 * last, a new reference. @return -1 to go on, else the exit code.
 */
int am_wait(struct am_args *a, json_t **slivers);

/* ---- output (am_show.c) ---- */

/** The list in a value, which is one or has geni_slivers. Borrowed. */
const json_t *am_slivers_of(const json_t *value);
/** A table. @return CLI_*. */
int am_show_slivers(const json_t *slivers);
/** A document as it is, but for what a terminal would obey. */
void am_put_document(FILE *to, const char *text, size_t len);
/** The value as JSON. @return CLI_OK. */
int am_show_json(const json_t *value);
/** Writes text to a->outfile, where one is named. @return -1 to go on, else the exit code. */
int am_save(const struct am_args *a, const char *text);

/* ---- manifests ---- */

/** "ssh -p PORT USER@HOST   # NODE" of each login of a manifest. @return how many, negative error. */
int am_put_logins(FILE *to, const char *manifest, size_t len, struct cc_note *why);
/** base64 of RFC 1950. Appended to out. @return 0, -CC_EFORMAT, -CC_ELIMIT, -CC_ENOMEM. */
int am_inflate(const char *text, size_t len, struct cc_buf *out);
/** Replaces a compressed document in a value: itself, or its geni_rspec. @return as am_inflate. */
int am_inflate_value(json_t **value);

/** The same, where it was asked for. @return -1 to go on, else the exit code. */
int am_take_plain(const struct am_args *a, json_t **value);

/* ---- commands of other files ---- */

int cli_am_getversion(const struct cli_command *cmd, int argc, char **argv);
int cli_am_listresources(const struct cli_command *cmd, int argc, char **argv);
int cli_am_release(const struct cli_command *cmd, int argc, char **argv);
extern const char cli_am_release_details[];
