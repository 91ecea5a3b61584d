/* SPDX-License-Identifier: ISC */
/*
 * ccfed gid|cred|ticket verify: judges a document by the roots that the user names, and says what
 * it grants, or which rule refuses it and who can do something about it.
 */
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "cli/trust_judge.h"
#include "cli/trust_roots.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

#define REMEMBERED 64 /* certificates and chains of one document, its caller and its tool */

enum {
	OPT_ROOT = 1,
	OPT_CRL,
	OPT_AT,
	OPT_CALLER,
	OPT_ALLOW_LEGACY,
	OPT_NO_SHA1,
	OPT_JSON,
	OPT_HELP,
	OPT_OP,
	OPT_TARGET,
	OPT_SLIVER,
	OPT_COMPONENT,
	OPT_SPEAKS_FOR,
	OPT_TOOL,
	OPT_USER,
	OPT_EPOCH,
};

#define COMMON_OPTIONS                                                                             \
	{"root", required_argument, NULL, OPT_ROOT}, {"crl", required_argument, NULL, OPT_CRL},    \
		{"at", required_argument, NULL, OPT_AT},                                           \
		{"caller", required_argument, NULL, OPT_CALLER},                                   \
		{"allow-legacy", no_argument, NULL, OPT_ALLOW_LEGACY},                             \
		{"no-sha1", no_argument, NULL, OPT_NO_SHA1},                                       \
		{"json", no_argument, NULL, OPT_JSON},                                             \
	{                                                                                          \
		"help", no_argument, NULL, OPT_HELP                                                \
	}
#define COMMON_HELP                                                                                \
	"  --root FILE[=SPACE]  a trusted root (more than one may be given): the first\n"          \
	"                    certificate of FILE, for its own name and what is below, or for\n"    \
	"                    the authority SPACE; FILE= when the file's name holds a \"=\"\n"      \
	"  --crl FILE        revoked certificates (more than one may be given)\n"                  \
	"  --at TIME         judges as at that time, RFC 3339 or seconds since 1970\n"             \
	"  --caller CERT     who uses it: he must hold the owner's key\n"                          \
	"  --allow-legacy    takes the certificates of 2008: X.509 v1, MD5, SHA-1, RSA-1024\n"     \
	"  --no-sha1         takes no XML signature with SHA-1\n"                                  \
	"  --json            as JSON\n"
#define COMMON_END                                                                                 \
	"FILE may be -, standard input.\n"                                                         \
	"Exit 0: valid, and what it grants; 1: refused, by which rule and what to do about\n"      \
	"it; 2: a mistake in the call, or a file that cannot be read.\n"

const char trust_gid_verify_details[] = COMMON_HELP COMMON_END;
const char trust_cred_verify_details[] =
	COMMON_HELP "  --op NAME[,...]   asks whether it covers one of these operations\n"
		    "  --target URN      asks whether it is on this object\n"
		    "  --speaks-for FILE a statement by which a tool uses it for its owner, with\n"
		    "  --tool CERT       the tool's certificates and\n"
		    "  --user URN        the user it says it speaks for\n"
		    "  --sliver URN      it is a sliver credential, on this sliver, with\n"
		    "  --component CERT  the certificate of the sliver's component\n" COMMON_END;
const char trust_ticket_verify_details[] =
	COMMON_HELP "  --component URN   judges as this component would\n"
		    "  --epoch E         of this epoch\n" COMMON_END;

static const struct option gid_options[] = {COMMON_OPTIONS, {0}};
static const struct option cred_options[] = {
	COMMON_OPTIONS,
	{"op", required_argument, NULL, OPT_OP},
	{"target", required_argument, NULL, OPT_TARGET},
	{"sliver", required_argument, NULL, OPT_SLIVER},
	{"component", required_argument, NULL, OPT_COMPONENT},
	{"speaks-for", required_argument, NULL, OPT_SPEAKS_FOR},
	{"tool", required_argument, NULL, OPT_TOOL},
	{"user", required_argument, NULL, OPT_USER},
	{0},
};
static const struct option ticket_options[] = {
	COMMON_OPTIONS,
	{"component", required_argument, NULL, OPT_COMPONENT},
	{"epoch", required_argument, NULL, OPT_EPOCH},
	{0},
};
static const struct option *const options[] = {
	[TRUST_GID] = gid_options,
	[TRUST_CRED] = cred_options,
	[TRUST_TICKET] = ticket_options,
};

/* What the command line says, and what of it was read. */
struct verify {
	struct trust_question q;
	struct trust_roots roots;
	const char *path, *caller, *component, *statement, *tool;
	struct tr_gids caller_gids, component_gids, tool_gids;
	char *text, *statement_text;
	bool json;
};

static void verify_deinit(struct verify *v)
{
	tr_gids_deinit(&v->caller_gids);
	tr_gids_deinit(&v->component_gids);
	tr_gids_deinit(&v->tool_gids);
	free(v->text);
	free(v->statement_text);
}

/* ---- the command line ---- */

/* Options that are only remembered; their files are read later. NULL: it is none of them. */
static const char **text_option(struct verify *v, int o)
{
	switch (o) {
	case OPT_CALLER:
		return &v->caller;
	case OPT_OP:
		return &v->q.op;
	case OPT_TARGET:
		return &v->q.target;
	case OPT_SLIVER:
		return &v->q.sliver;
	case OPT_COMPONENT:
		return v->q.kind == TRUST_TICKET ? &v->q.component : &v->component;
	case OPT_SPEAKS_FOR:
		return &v->statement;
	case OPT_TOOL:
		return &v->tool;
	case OPT_USER:
		return &v->q.user;
	case OPT_EPOCH:
		return &v->q.epoch;
	default:
		return NULL;
	}
}

/* @return -1: go on, else the exit code. */
static int take_option(const struct cli_command *cmd, struct verify *v, int o)
{
	const char **text = text_option(v, o);
	struct cc_note why = {0};
	int r = 0;

	if (text)
		*text = optarg;
	else if (o == OPT_ROOT)
		r = trust_roots_take(&v->roots, optarg, &why);
	else if (o == OPT_CRL)
		r = trust_roots_take_crl(&v->roots, optarg, &why);
	else if (o == OPT_AT && !cli_time_read(optarg, &v->q.now))
		return cli_usage(cmd, "--at wants a time as 2026-11-22T12:00:00Z, or seconds");
	else if (o == OPT_ALLOW_LEGACY)
		v->roots.legacy = true;
	else if (o == OPT_NO_SHA1)
		v->roots.no_sha1 = true;
	else if (o == OPT_JSON)
		v->json = true;
	return r ? trust_unusable(cmd, &why, r) : -1;
}

/* What belongs together. @return -1: good, else the exit code. */
static int check_options(const struct cli_command *cmd, const struct verify *v)
{
	if (!v->roots.count)
		return cli_usage(cmd, "at least one --root is wanted");
	if (v->q.kind == TRUST_CRED && !v->q.sliver != !v->component)
		return cli_usage(cmd, "--sliver and --component go together");
	if (!v->statement != !v->tool || !v->statement != !v->q.user)
		return cli_usage(cmd, "--speaks-for, --tool and --user go together");
	if (v->caller && v->statement)
		return cli_usage(cmd, "with --speaks-for the caller is --tool, not --caller");
	return -1;
}

static int parse(const struct cli_command *cmd, struct verify *v, int argc, char **argv)
{
	int o, r = -1;

	opterr = 0; /* getopt would print a stranger's file name as it is */
	while (r < 0 && (o = getopt_long(argc, argv, "", options[v->q.kind], NULL)) != -1) {
		if (o == OPT_HELP) {
			cli_help(cmd);
			return CLI_OK;
		}
		r = o == '?' ? trust_bad_option(cmd, argv[optind - 1]) : take_option(cmd, v, o);
	}
	if (r >= 0)
		return r;
	if (argc - optind != 1)
		return cli_usage(cmd, "one file is wanted");
	v->path = argv[optind];
	return check_options(cmd, v);
}

/* ---- files ---- */

static int read_gids(const char *path, struct tr_gids *gids, const struct tr_gids **out,
		     struct cc_note *why)
{
	if (!path)
		return 0;
	*out = gids;
	return trust_doc_gids(path, gids, why);
}

static int read_files(struct verify *v, struct cc_note *why)
{
	struct trust_question *q = &v->q;
	int r = trust_doc_read(v->path, &v->text, &q->len, why);

	if (!r && v->statement)
		r = trust_doc_read(v->statement, &v->statement_text, &q->statement_len, why);
	q->text = v->text;
	q->statement = v->statement_text;
	if (!r)
		r = read_gids(v->caller, &v->caller_gids, &q->caller, why);
	if (!r)
		r = read_gids(v->component, &v->component_gids, &q->signer, why);
	if (!r)
		r = read_gids(v->tool, &v->tool_gids, &q->tool, why);
	return r;
}

/* ---- judging ---- */

static int judge(const struct cli_command *cmd, struct verify *v, struct tr_verifier *verifier)
{
	cc_cleanup(trust_verdict_deinit) struct trust_verdict verdict = {0};
	struct cc_note why = {0};
	int r = trust_judge(verifier, &v->q, &verdict, &why);

	if (r)
		return trust_answer_refused(cmd, &v->q, v->json, r, &why);
	return trust_answer_valid(cmd, &v->q, v->json, &verdict);
}

int trust_verify(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(tr_verifier_freep) struct tr_verifier *verifier = NULL;
	cc_cleanup(tr_roots_unrefp) struct tr_roots *roots = NULL;
	cc_cleanup(verify_deinit) struct verify v = {
		.q = {.kind = trust_kind_of(cmd), .now = (int64_t)cc_clock_wall()}};
	struct cc_note why = {0};
	int r = parse(cmd, &v, argc, argv);

	if (r >= 0)
		return r;
	r = read_files(&v, &why);
	if (!r)
		r = trust_roots_seal(&v.roots, &roots, &why);
	if (!r)
		r = tr_verifier_new(&verifier, REMEMBERED);
	if (r)
		return trust_unusable(cmd, &why, r);
	tr_verifier_use(verifier, roots);
	return judge(cmd, &v, verifier);
}
