/* SPDX-License-Identifier: ISC */
/*
 * ccfed node init: makes a host a node. The key is made here and stays; what the registry answers
 * is believed only when it is signed with the certificate that the token names.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/node.h"
#include "cli/text.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/xml/ossl.h"

#define KEY_TEXT_MAX (64u << 10)
#define STATE_MAX 1024
#define DEFAULT_DIR "/etc/ccfed/node"
#define SELF_SECONDS (366 * 86400)
#define BACKDATE 300

const char node_init_details[] =
	"  --token TOKEN     what ccfed node add printed; -: from standard input, so that\n"
	"                    nobody of this host sees it among the processes\n"
	"  --dir DIR         where everything goes (default " DEFAULT_DIR ")\n"
	"  --cc URL          the server, when this host knows it by another name\n"
	"  --hostname NAME   name of this host (default: its own)\n"
	"  --rsa             a key of RSA-2048 instead of P-256\n"
	"  --deadline S      seconds to wait for the answer (default 30)\n"
	"Writes private/node.key (made here, never sent), node.crt, ca.crt, node.gid, roots/, "
	"epoch,\n"
	"and ccserver.ini, a configuration to begin with. Run again with the same token, it goes "
	"on\n"
	"where it was.\n";

enum { OPT_TOKEN = 1, OPT_DIR, OPT_CC, OPT_HOSTNAME, OPT_RSA, OPT_DEADLINE, OPT_HELP };

static const struct option options[] = {
	{"token", required_argument, NULL, OPT_TOKEN},
	{"dir", required_argument, NULL, OPT_DIR},
	{"cc", required_argument, NULL, OPT_CC},
	{"hostname", required_argument, NULL, OPT_HOSTNAME},
	{"rsa", no_argument, NULL, OPT_RSA},
	{"deadline", required_argument, NULL, OPT_DEADLINE},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

struct init {
	struct cli_user user; /* its client and what it says; it has no folder */
	const char *dir, *cc, *token_text;
	char hostname[256];
	bool rsa;
	struct node_token token;
	EVP_PKEY *key;
	/* of the join: kept, so that one whose answer was lost is the same operation */
	char op[CC_ID_HEX + 1], epoch[CC_ID_HEX + 1];
};

static void init_deinit(struct init *n)
{
	cli_user_deinit(&n->user);
	node_token_deinit(&n->token);
	EVP_PKEY_free(n->key);
}

static char *path_of(const struct init *n, const char *name)
{
	return cc_file_join(n->dir, name);
}

static int write_file(const struct init *n, const char *name, const struct cc_buf *text,
		      mode_t mode, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = path_of(n, name);

	return path ? cc_file_write(path, text->data, text->len, mode, true, why)
		    : cc_raise(CC_ENOMEM);
}

/* ---- the folder ---- */

static int make_folder(const char *path, mode_t mode, struct cc_note *why)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	return cc_note_set(why, CC_ESYS, "cannot make %s: %s", path, strerror(errno));
}

static int make_folders(const struct init *n, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *private = path_of(n, "private"), *crt = path_of(n, "node.crt");
	struct stat st;
	int r;

	if (!private || !crt)
		return cc_raise(CC_ENOMEM);
	if (stat(crt, &st) == 0)
		return cc_note_set(why, CC_EEXIST,
				   "%s is there: this host is a node already; to make it another, "
				   "give a new --dir",
				   crt);
	r = make_folder(n->dir, 0755, why);
	return r ? r : make_folder(private, 0700, why);
}

/* ---- the key ---- */

static int new_key(struct init *n, struct cc_note *why)
{
	struct cc_buf pem = CC_BUF_INIT(KEY_TEXT_MAX);
	int r = tr_key_new(n->rsa ? TR_KEY_RSA2048 : TR_KEY_P256, &n->key);

	if (!r)
		r = tr_key_write(n->key, &pem);
	if (!r)
		r = write_file(n, "private/node.key", &pem, 0600, why);
	if (pem.data)
		explicit_bzero(pem.data, pem.cap);
	cc_buf_deinit(&pem);
	return r;
}

/* One of a run before is taken again: the registry may know it already. */
static int get_key(struct init *n, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = path_of(n, "private/node.key"), *text = NULL;
	size_t len;
	int r = path ? cc_file_read(path, KEY_TEXT_MAX, &text, &len, why) : cc_raise(CC_ENOMEM);

	if (r == -CC_ENOTFOUND)
		return new_key(n, why);
	if (r)
		return r;
	r = tr_key_read(text, len, &n->key, why);
	explicit_bzero(text, len);
	return r;
}

/* The bus wants a certificate; the registry looks at its key alone. */
static int write_self(const struct init *n, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_GID_TEXT_MAX);
	cc_cleanup(tr_gids_deinit) struct tr_gids self = {0};
	int64_t now = (int64_t)cc_clock_wall();
	char urn[TR_NAME_MAX + 1];
	struct tr_gid_request rq = {.urn = urn,
				    .key = n->key,
				    .not_before = now - BACKDATE,
				    .not_after = now + SELF_SECONDS};
	int r = tr_hrn_to_urn(n->token.hrn, "node", urn, why);

	if (!r)
		r = tr_gid_make(&rq, NULL, NULL, &self.items[0], why);
	if (r)
		return r < 0 ? r : -CC_EINVAL;
	self.count = 1;
	r = tr_gids_write(&self, &pem);
	return r ? r : write_file(n, "self.crt", &pem, 0644, why);
}

/* ---- the operation ---- */

static bool take_state(struct init *n, const char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *token = json_string_value(json_object_get(json, "token"));
	const char *op = json_string_value(json_object_get(json, "op"));
	const char *epoch = json_string_value(json_object_get(json, "epoch"));
	bool same = token && op && epoch && strcmp(token, n->token.token) == 0 &&
		    cc_request_id_valid(op) && cc_request_id_valid(epoch);

	if (same) {
		snprintf(n->op, sizeof(n->op), "%s", op);
		snprintf(n->epoch, sizeof(n->epoch), "%s", epoch);
	}
	json_decref(json);
	return same;
}

static int new_state(struct init *n, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(NODE_TOKEN_MAX + STATE_MAX);
	cc_cleanup(cc_freep) char *dump = NULL;
	json_t *json;
	int r = cc_request_id(n->op);

	if (!r)
		r = cc_request_id(n->epoch);
	if (r)
		return r;
	json = json_pack("{s:s, s:s, s:s}", "token", n->token.token, "op", n->op, "epoch",
			 n->epoch);
	dump = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!dump || cc_buf_puts(&text, dump))
		return cc_raise(CC_ENOMEM);
	return write_file(n, "private/join.json", &text, 0600, why);
}

static int get_state(struct init *n, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = path_of(n, "private/join.json"), *text = NULL;
	size_t len;

	if (!path)
		return cc_raise(CC_ENOMEM);
	if (cc_file_read(path, NODE_TOKEN_MAX + STATE_MAX, &text, &len, NULL) == 0 &&
	    take_state(n, text))
		return 0;
	return new_state(n, why);
}

static json_t *make_body(struct init *n)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf csr = CC_BUF_INIT(KEY_TEXT_MAX);

	if (tr_key_write_request(n->key, n->token.hrn, &csr))
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "token", n->token.token, "epoch", n->epoch,
			 "csr", (const char *)csr.data, "hostname", n->hostname, "op", n->op);
}

/* ---- joining ---- */

static int open_bus(struct init *n, struct cc_note *why)
{
	struct cli_user *u = &n->user;

	u->own_cert = path_of(n, "self.crt");
	u->own_key = path_of(n, "private/node.key");
	if (!u->own_cert || !u->own_key)
		return cc_raise(CC_ENOMEM);
	u->bus = (struct cli_bus_options){.url = n->cc ? n->cc : n->token.cc,
					  .servers = "any",
					  .realm = n->token.realm,
					  .curve_server = *n->token.curve ? n->token.curve : NULL,
					  .own_cert = u->own_cert,
					  .own_key = u->own_key,
					  .pin = n->token.sha256};
	return cli_bus_open(&u->bus, 0, &u->client, why);
}

/* What only the join needed. */
static void clean(const struct init *n)
{
	static const char *const names[] = {"private/join.json", "self.crt"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(names); i++) {
		cc_cleanup(cc_freep) char *path = path_of(n, names[i]);

		if (path)
			unlink(path);
	}
}

static int join(struct init *n)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct node_answer answer;
	struct cc_note why = {0};
	json_t *body = make_body(n);
	int r = open_bus(n, &why);

	if (!r)
		r = cli_user_call(&n->user, "reg.join", body, &reply, &why);
	json_decref(body);
	if (!r && reply.outcome != CC_OUT_ANSWER)
		return cli_user_refused(&n->user, &reply);
	if (!r)
		r = node_answer_read(cli_reply_value(&reply), n->key, n->token.hrn, &answer, &why);
	if (r)
		return cli_fail(n->user.cmd, &why, r);
	answer.server = reply.signer_who;
	r = node_answer_write(&answer, n->dir, &n->token, n->user.bus.url, n->epoch, &why);
	if (r)
		return cli_fail(n->user.cmd, &why, r);
	clean(n);
	printf("%s is the node %s\nto do: ccserver %s/ccserver.ini\n", n->hostname, n->token.hrn,
	       n->dir);
	return CLI_OK;
}

static int prepare(struct init *n, struct cc_note *why)
{
	int r = node_token_read(n->token_text, &n->token, why);

	if (!r)
		r = make_folders(n, why);
	if (!r)
		r = get_key(n, why);
	if (!r)
		r = write_self(n, why);
	return r ? r : get_state(n, why);
}

/* ---- the command ---- */

static int take_option(struct init *n, int o)
{
	switch (o) {
	case OPT_TOKEN:
		n->token_text = optarg;
		return -1;
	case OPT_DIR:
		n->dir = optarg;
		return -1;
	case OPT_CC:
		n->cc = optarg;
		return -1;
	case OPT_HOSTNAME:
		snprintf(n->hostname, sizeof(n->hostname), "%s", optarg);
		return -1;
	case OPT_RSA:
		n->rsa = true;
		return -1;
	case OPT_DEADLINE:
		return cli_number(optarg, 0.001, 600, &n->user.deadline)
			       ? -1
			       : cli_usage(n->user.cmd, "--deadline wants 0.001 to 600 seconds");
	case OPT_HELP:
		cli_help(n->user.cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

/* The first line of standard input. */
static bool read_line(char line[NODE_TOKEN_MAX + 2])
{
	if (!fgets(line, NODE_TOKEN_MAX + 2, stdin))
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

int node_init(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(init_deinit) struct init n = {.user = {.cmd = cmd, .deadline = 30},
						 .dir = DEFAULT_DIR};
	char line[NODE_TOKEN_MAX + 2];
	struct cc_note why = {0};
	int o, r = -1;

	gethostname(n.hostname, sizeof(n.hostname) - 1);
	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(&n, o);
	if (r >= 0)
		return r;
	if (!n.token_text || argc != optind)
		return cli_usage(cmd, "--token TOKEN is wanted, and no argument");
	if (strcmp(n.token_text, "-") == 0) {
		if (!read_line(line))
			return cli_usage(cmd, "no token came on standard input");
		n.token_text = line;
	}
	r = prepare(&n, &why);
	return r ? cli_fail(cmd, &why, r) : join(&n);
}
