/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A user of the registry: the folder with his key, his GID and his credentials, and requests that
 * are signed with them.
 *
 *   config              [ccfed]: who he is, where the bus or a front door is, who may answer
 *   user.key  user.pub  his key, and its public half for who registers him
 *   user.crt            a certificate that he signed himself: all he has until he is registered
 *   user.gid            his GID and those of the authorities above it
 *   user.cred           his credential on himself; authority-HRN.cred, slice-HRN.cred, node-HRN.cred
 *
 * Credentials and GIDs are fetched again when they are missing, have ended, or are of another key.
 */
#include <jansson.h>

#include "cli/cli.h"
#include "lib/trust/gid.h"

#define CLI_USER_CREDS 16 /* objects that an operation's credential may be on, at most */

struct cli_user_conf {
	char *hrn, *as, *authority;
	char *cc, *servers, *realm, *keystore, *ca, *curve_server, *curve;
	char *server, *server_ca, *pin, *am;
};

/* A front door, instead of the bus; url NULL: the bus. Texts are borrowed. */
struct cli_server {
	const char *url, *ca, *pin;
	bool insecure;
};

struct cli_https;

struct cli_user {
	const struct cli_command *cmd;
	struct cli_bus_options bus;
	struct cli_server server;
	const char *home_option, *hrn, *as,
		*authority; /* options, else of conf; as: "user", "authority" */
	double deadline;    /* seconds */
	bool json, p256;
	char *home, *own_cert, *own_key, *ca, *server_ca;
	struct cli_user_conf conf;
	EVP_PKEY *key;
	struct cc_client *client;
	struct cli_https *https; /* the front door, once it was asked */
	bool with_gid; /* what the client signs with, or shows at the front door; else with user.crt */
	const char *quiet; /* a refusal of this class is not said; NULL: each is */
};

enum {
	CLI_OPT_HOME = 2200,
	CLI_OPT_HRN,
	CLI_OPT_AS,
	CLI_OPT_AUTHORITY,
	CLI_OPT_P256,
	CLI_OPT_SERVER,
	CLI_OPT_SERVER_CA,
	CLI_OPT_PIN,
	CLI_OPT_INSECURE,
	CLI_OPT_USER_DEADLINE,
	CLI_OPT_USER_JSON,
	CLI_OPT_USER_HELP
};
#define CLI_USER_OPTIONS                                                                           \
	{"home", required_argument, NULL, CLI_OPT_HOME},                                           \
		{"hrn", required_argument, NULL, CLI_OPT_HRN},                                     \
		{"as", required_argument, NULL, CLI_OPT_AS},                                       \
		{"authority", required_argument, NULL, CLI_OPT_AUTHORITY},                         \
		{"p256", no_argument, NULL, CLI_OPT_P256},                                         \
		{"server", required_argument, NULL, CLI_OPT_SERVER},                               \
		{"server-ca", required_argument, NULL, CLI_OPT_SERVER_CA},                         \
		{"pin", required_argument, NULL, CLI_OPT_PIN},                                     \
		{"insecure", no_argument, NULL, CLI_OPT_INSECURE},                                 \
		{"deadline", required_argument, NULL, CLI_OPT_USER_DEADLINE},                      \
		{"json", no_argument, NULL, CLI_OPT_USER_JSON},                                    \
		{"help", no_argument, NULL, CLI_OPT_USER_HELP},                                    \
		{"cc", required_argument, NULL, CLI_OPT_CC},                                       \
		{"keystore", required_argument, NULL, CLI_OPT_KEYSTORE},                           \
		{"ca", required_argument, NULL, CLI_OPT_CA},                                       \
		{"curve-server", required_argument, NULL, CLI_OPT_CURVE_SERVER},                   \
		{"curve", required_argument, NULL, CLI_OPT_CURVE},                                 \
		{"servers", required_argument, NULL, CLI_OPT_SERVERS},                             \
	{                                                                                          \
		"realm", required_argument, NULL, CLI_OPT_REALM                                    \
	}
#define CLI_USER_HELP                                                                              \
	"  --json            the answer's value as JSON\n"                                         \
	"  --deadline S      seconds to wait for an answer (default 10)\n"                         \
	"  --home DIR        your key, GID and credentials (CCFED_HOME, else ~/.ccfed)\n"          \
	"  --hrn HRN         who you are; the first run notes it in DIR/config\n"                  \
	"  --as TYPE         what you are: user (default), or authority, with its key as\n"        \
	"                    user.key: how an operator begins\n"                                   \
	"  --authority HRN   whose credential is tried first, and listed by default\n"             \
	"  --p256            the first run makes a key of P-256 instead of RSA-2048\n"             \
	"  --server URL      front door instead of the bus, https://HOST:PORT/registry\n"          \
	"                    (CCFED_SERVER)\n"                                                     \
	"  --server-ca FILE  CAs that its certificate must come from, PEM (default: the "          \
	"system's)\n"                                                                              \
	"  --pin PIN         sha256//BASE64 of its public key; alone, only the key counts\n"       \
	"  --insecure        whoever answers there is believed: for a test\n"                      \
	"  --cc URL          endpoint of the ccserver (CCFED_LOCAL_CC)\n"                          \
	"  --ca FILE.crt     CA that answers must come from, or its name in --keystore\n"          \
	"  --keystore DIR    folder of certificates (CCFED_KEYSTORE)\n"                            \
	"  --servers WHO,... who may answer, as in [servers] (CCFED_SERVERS)\n"                    \
	"  --realm NAME      realm of the servers (CCFED_REALM)\n"                                 \
	"  --curve-server K  CURVE key of the server (CCFED_CURVE_SERVER); --curve NAME: own "     \
	"pair\n"                                                                                   \
	"An option counts before the environment, that before DIR/config.\n"

/** Takes one of these options. @return -1 to go on, else the exit code. */
int cli_user_option(struct cli_user *u, int opt, const char *arg);
void cli_user_deinit(struct cli_user *u);

/* ---- the folder (user_home.c) ---- */

/**
 * Finds the folder, reads its config, and settles what stands where. Makes nothing. @return 0,
 * -CC_EINVAL, -CC_EFORMAT, -CC_ESYS, -CC_ENOMEM.
 */
int cli_user_settle(struct cli_user *u, struct cc_note *why);
/** A file of the folder; caller frees. NULL: no memory. */
char *cli_user_path(const struct cli_user *u, const char *name);
/** Writes one whole. @return as cc_file_write. */
int cli_user_write(const struct cli_user *u, const char *name, const void *data, size_t len,
		   mode_t mode, struct cc_note *why);
/** Makes the folder, 0700, and a config that says what the options say, where they are missing. */
int cli_user_make_home(const struct cli_user *u, struct cc_note *why);

/* ---- the key (user_key.c) ---- */

enum { CLI_USER_FIRST = 1 };
/**
 * Reads the key; the first time it is made, and its certificate. @return 0, CLI_USER_FIRST, negative
 * error.
 */
int cli_user_load_key(struct cli_user *u, struct cc_note *why);
/** Says what was made and what is to do now; returns CLI_FAILED: nothing was asked. */
int cli_user_greet(const struct cli_user *u);
/** Whether user.gid is there, of this key and name, and in force for a while. */
bool cli_user_has_gid(const struct cli_user *u, int64_t now);

/* ---- requests (user_ask.c) ---- */

/** What became of a request; json is a reference of the holder's. */
struct cli_reply {
	enum cc_outcome outcome;
	char code[32];
	json_t *json;
	json_t *blob;				 /* a text that came beside it; NULL: none */
	uint8_t signer[32];			 /* SHA-256 of the certificate that signed it */
	char signer_who[CC_SIGNER_NAME_MAX + 4]; /* as [servers] names him; "": nobody signed */
};
void cli_reply_deinit(struct cli_reply *r);
/** The answer's value, borrowed; NULL: it is none. */
json_t *cli_reply_value(const struct cli_reply *r);
/** Whether it is a refusal of this class. */
bool cli_reply_is(const struct cli_reply *r, const char *fault);

/** Where requests go: the URL of the front door or of the bus. */
const char *cli_user_where(const struct cli_user *u);
/** Ends what is open: the next request reads certificate and key again. */
void cli_user_disconnect(struct cli_user *u);
/** Opens the bus, signing with the GID or with the self-signed certificate; a front door is opened when it is asked. */
int cli_user_connect(struct cli_user *u, bool with_gid, struct cc_note *why);
/** Asks, and again where that may help (same op). body is borrowed. @return 0, negative error. */
int cli_user_call(struct cli_user *u, const char *type, json_t *body, struct cli_reply *out,
		  struct cc_note *why);
/** Says why there is no answer; returns CLI_FAILED. */
int cli_user_refused(const struct cli_user *u, const struct cli_reply *reply);
/** Says by which rule of trust it was refused, where one is named, and what to do. */
void cli_user_advise(const struct cli_reply *reply);

/* ---- credentials (user_cred.c, user_target.c) ---- */

/** What an operation's credential must be on (docs/handlers/registry.md, right and target). */
enum cli_need {
	CLI_NEED_SELF = 1,
	CLI_NEED_REGISTER,
	CLI_NEED_UPDATE,
	CLI_NEED_REMOVE,
	CLI_NEED_OBJECT
};
struct cli_target {
	const char *type; /* static */
	char hrn[TR_NAME_MAX + 1];
};
/**
 * The objects in the order in which they are to be tried: the object itself where that may do, the
 * authorities from the nearest upwards, `first` (NULL: none) in front where it is one of them. own: the user's
 * HRN. @return how many.
 */
size_t cli_targets(enum cli_need need, const char *type, const char *hrn, const char *own,
		   const char *first, struct cli_target out[CLI_USER_CREDS]);

/**
 * Everything that a request needs: the folder, the key, the GID and the credential on oneself.
 * @return -1 to go on, else the exit code: it has been said.
 */
int cli_user_begin(struct cli_user *u);
/** A credential on an object, new from the registry and remembered. Caller frees. @return as below. */
int cli_user_fetch(struct cli_user *u, const char *type, const char *hrn, char **out);
/**
 * One that is remembered and good, else a new one. Caller frees. *fresh: it is new. @return as below.
 */
int cli_user_credential(struct cli_user *u, const char *type, const char *hrn, char **out,
			bool *fresh);
/**
 * Asks with the credential that the operation needs: body gets `credentials`, and one that is
 * remembered but refused is fetched again. @return -1 (*out is an answer), else the exit code: it has been said.
 */
int cli_user_ask(struct cli_user *u, const char *op, json_t *body, const struct cli_target *targets,
		 size_t count, struct cli_reply *out);
