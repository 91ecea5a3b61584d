/* SPDX-License-Identifier: ISC */
/*
 * ccfed policy test: what a configuration's policy says about one signer and type, by the functions
 * that the gate asks, on certificates judged as it judges those of a message.
 */
#include <stdio.h>
#include <string.h>

#include "cli/policy.h"
#include "cli/text.h"
#include "lib/cc/caller.h"
#include "lib/cc/certfile.h"
#include "lib/conf/opt.h"

const char cli_policy_test_details[] =
	"  --signer CERT     PEM file: the certificate that signs, what its chain needs behind it\n"
	"  --type T          message type\n"
	"  --caller CERT     PEM file: whom the signer speaks for; -: somebody without "
	"certificate\n"
	"  --answer          asks [servers]: may the signer answer requests of this type?\n"
	"  --gid             takes the signer for a stranger, as if no CA of the file knew it\n"
	"  --json            as JSON\n"
	"FILE is a configuration of ccserver. A signer whose chain ends in its cms-verify-ca is\n"
	"of class bus, any other of class gid. Realm, time and replays are not looked at.\n"
	"Exit 0: allowed, 1: refused, 2: cannot be said.\n";

/* ---- the configuration ---- */

/* What of [ccserver] the gate asks a policy by. */
struct options {
	char *cms_keystore;
	struct cf_list cms_verify_ca, cms_crl;
	int cms_compat;
};

static const char *const compats[] = {"", "hots-cc", NULL};
static const struct cf_opt option_table[] = {
	{.name = "cms-keystore",
	 .type = CF_FILE,
	 .offset = offsetof(struct options, cms_keystore),
	 .def = ""},
	{.name = "cms-verify-ca",
	 .type = CF_LIST,
	 .offset = offsetof(struct options, cms_verify_ca),
	 .def = ""},
	{.name = "cms-crl",
	 .type = CF_LIST,
	 .offset = offsetof(struct options, cms_crl),
	 .def = ""},
	{.name = "cms-compat",
	 .type = CF_CHOICE,
	 .offset = offsetof(struct options, cms_compat),
	 .def = "",
	 .choices = compats},
	{0},
};
static const struct cf_opt *const option_tables[] = {option_table, NULL};

/* The options that are not asked for here are not unknown. */
static void no_warning(void *arg, const struct cf_entry *entry, const char *text)
{
}

struct configuration {
	struct options options;
	struct cc_policy *policy;
	struct cc_keystore *ks;
};

static void configuration_deinit(struct configuration *c)
{
	cf_unbind(option_tables, &c->options);
	cc_policy_unref(c->policy);
	cc_keystore_unref(c->ks);
}

static int read_configuration(const char *path, struct configuration *c, struct cc_note *why)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_keystore_conf ks;
	int r = cf_ini_read(path, "ccserver", NULL, 0, &ini, why);

	if (!r)
		r = cf_bind(cf_ini_section(ini, "ccserver"), option_tables, NULL, true, &c->options,
			    no_warning, NULL, why);
	if (!r)
		r = cc_policy_new(&c->policy, ini, why);
	if (r)
		return r;
	/* not cms-sign: a policy can be asked by who may not read the server's key */
	ks = (struct cc_keystore_conf){.dir = c->options.cms_keystore,
				       .verify = &c->options.cms_verify_ca,
				       .crl = &c->options.cms_crl};
	return cc_keystore_load(&ks, &c->ks, why);
}

/* ---- the question ---- */

struct question {
	const char *file, *signer, *type, *caller;
	bool gid, answer, json;
};

struct verdict {
	bool allowed;
	const struct cc_signer *signer;	   /* NULL: it is none, for its certificate is not good */
	const struct cc_policy_line *line; /* NULL: none decides */
	char why[512];
};

static struct cc_bytes type_of(const struct question *q)
{
	return (struct cc_bytes){(const uint8_t *)q->type, strlen(q->type)};
}

static const char *section_of(const struct question *q)
{
	return q->answer ? "servers" : "policy";
}

/* WHO as a line names this signer; what a line cannot hold stands as a star. */
static void name_signer(const struct cc_signer *s, char out[CC_SIGNER_NAME_MAX + 8])
{
	snprintf(out, CC_SIGNER_NAME_MAX + 8, "%s%s", s->has_urn ? "" : "cn:", s->name);
	if (s->cls == CC_CLASS_GID)
		snprintf(out, CC_SIGNER_NAME_MAX + 8, "gid");
	for (char *c = out; *c; c++)
		if (*c == ',' || *c == '%' || *c == ';')
			*c = '*';
}

/* A line for the type's first component; a key is in lower case. */
static void suggest(const struct question *q, struct verdict *v)
{
	size_t len = strcspn(q->type, ".");
	char who[CC_SIGNER_NAME_MAX + 8];

	name_signer(v->signer, who);
	for (size_t i = 0; i < len; i++)
		if (q->type[i] >= 'A' && q->type[i] <= 'Z')
			len = 0;
	if (q->answer && v->signer->cls == CC_CLASS_GID)
		snprintf(v->why, sizeof(v->why),
			 "no line for type %s, and a signer of class gid can answer nothing",
			 q->type);
	else
		snprintf(v->why, sizeof(v->why), "no line for type %s; add to [%s]: %.*s = %s",
			 q->type, section_of(q), len ? (int)len : 1, len ? q->type : "*", who);
}

static void ask_line(const struct configuration *c, const struct question *q, struct verdict *v)
{
	const struct cc_gate_conf gate = {.policy = c->policy, .compat = c->options.cms_compat};

	v->allowed = cc_gate_allows(&gate, q->answer, type_of(q), v->signer, &v->line);
	if (v->allowed && !v->line)
		snprintf(v->why, sizeof(v->why),
			 "cms-compat = hots-cc, and there is no [%s]: every signer of the CA may",
			 section_of(q));
	else if (!v->allowed && v->line)
		snprintf(v->why, sizeof(v->why), "does not name the signer");
	else if (!v->allowed)
		suggest(q, v);
}

static const char *caller_text(enum cc_caller_verdict verdict)
{
	switch (verdict) {
	case CC_CALLER_FORBIDDEN:
		return "no line of [assert-caller] lets this signer state a caller for this type";
	case CC_CALLER_MISSING:
		return "this signer must state a caller for this type; ask with --caller";
	case CC_CALLER_NAMESPACE:
		return "the caller is outside its namespaces";
	case CC_CALLER_OPERATION:
		return "denies this type";
	default:
		return "";
	}
}

/* After [policy] allowed it. @return 0, -CC_...: cannot be said. */
static int ask_caller(const struct configuration *c, const struct question *q, struct verdict *v,
		      struct cc_note *why)
{
	const struct cc_policy_line *line;
	char urn[CC_SIGNER_NAME_MAX + 1] = "";
	enum cc_caller_verdict verdict;
	int r = 0;

	if (q->caller && strcmp(q->caller, "-") != 0)
		r = cc_certfile_caller(q->caller, urn, why);
	if (r < 0)
		return r;
	verdict = cc_policy_caller(c->policy, type_of(q), v->signer, q->caller != NULL,
				   *urn ? urn : NULL, &line);
	if (verdict == CC_CALLER_OK && !r) {
		v->line = q->caller ? line : v->line;
		return 0;
	}
	v->allowed = false;
	v->line = line;
	snprintf(v->why, sizeof(v->why), "%s",
		 verdict == CC_CALLER_OK ? "the caller's certificate names nobody, or two"
					 : caller_text(verdict));
	return 0;
}

/* A certificate that no receiver takes a signature of. */
static const char *fault_text(int fault)
{
	switch (fault) {
	case CC_CMS_EXPIRED:
		return "a certificate of its chain is not valid now";
	case CC_CMS_REVOKED:
		return "a certificate of its chain is revoked";
	case CC_CMS_CRL:
		return "a CRL for its chain is missing or has ended";
	case CC_CMS_PURPOSE:
		return "it is not for signing (extended key usage)";
	case CC_CMS_KEY:
		return "a key of its chain is too weak, or of a kind that is not read";
	case CC_CMS_NAME:
		return "it names no signer, or two";
	case CC_CMS_FORM:
		return "its chain is larger than a message may carry";
	default:
		return "its chain does not hold";
	}
}

static int judge(const struct configuration *c, const struct question *q, struct verdict *v,
		 struct cc_note *why)
{
	int r = cc_certfile_signer(q->gid ? NULL : c->ks, q->signer, &v->signer, why);

	if (r < 0)
		return r;
	if (r > 0) {
		snprintf(v->why, sizeof(v->why), "the certificate is not good (cms.%s): %s",
			 cc_cms_fault_name(r), fault_text(r));
		return 0;
	}
	ask_line(c, q, v);
	return v->allowed && !q->answer ? ask_caller(c, q, v, why) : 0;
}

static void print_verdict(const struct question *q, const struct verdict *v)
{
	const struct cc_policy_line *line = v->line;
	cc_cleanup(cc_freep) char *value = line ? cli_policy_value(line) : NULL;

	if (v->signer) {
		fputs("signer: ", stdout);
		cli_put(stdout, v->signer->name);
		printf(" (class %s%s)\n", v->signer->cls == CC_CLASS_GID ? "gid" : "bus",
		       v->signer->cls == CC_CLASS_BUS ? ""
		       : q->gid			      ? ", by --gid"
				: ": its chain does not end in a CA of cms-verify-ca");
	}
	printf("%s: ", v->allowed ? "allowed" : "refused");
	if (line) {
		cli_put(stdout, line->file);
		printf(":%d: [%s] ", line->line, line->section);
		cli_put(stdout, line->key);
		fputs(" = ", stdout);
		cli_put(stdout, value ? value : line->value);
	}
	if (v->why[0])
		fputs(line ? ": " : "", stdout);
	cli_put(stdout, v->why);
	putchar('\n');
}

static void print_verdict_json(const struct question *q, const struct verdict *v)
{
	json_t *out = json_pack("{s:s, s:s, s:s?, s:s?, s:o?, s:s?}", "outcome",
				v->allowed ? "allowed" : "refused", "type", q->type, "signer",
				v->signer ? v->signer->name : NULL, "class",
				!v->signer			 ? NULL
				: v->signer->cls == CC_CLASS_GID ? "gid"
								 : "bus",
				"line", v->line ? cli_policy_line(v->line) : NULL, "why",
				v->why[0] ? v->why : NULL);

	cli_print_json(out);
	json_decref(out);
}

/* Nothing is verified: the gate asks no policy, and admin messages come by the ipc socket only. */
static void open_to_all(const struct question *q, struct verdict *v)
{
	v->allowed = q->answer || !cc_type_under(type_of(q), "admin");
	snprintf(v->why, sizeof(v->why), "%s",
		 v->allowed ? "cms-verify-ca is empty: no signature is looked at, anybody may"
			    : "cms-verify-ca is empty: only the server's own user may, by its ipc "
			      "socket; set cms-verify-ca");
}

static int run_test(const struct cli_command *cmd, const struct question *q)
{
	cc_cleanup(configuration_deinit) struct configuration c = {0};
	struct verdict v = {0};
	struct cc_note why = {0};
	int r = read_configuration(q->file, &c, &why);

	if (!r && !cc_keystore_verifies(c.ks))
		open_to_all(q, &v);
	else if (!r)
		r = judge(&c, q, &v, &why);
	if (r)
		cli_policy_undecided(cmd, &why, r);
	else if (q->json)
		print_verdict_json(q, &v);
	else
		print_verdict(q, &v);
	cc_signer_unref(v.signer);
	return r ? CLI_USAGE : v.allowed ? CLI_OK : CLI_FAILED;
}

enum { OPT_SIGNER = 1, OPT_TYPE, OPT_CALLER, OPT_ANSWER, OPT_GID, OPT_JSON, OPT_HELP };

static const struct option test_options[] = {
	{"signer", required_argument, NULL, OPT_SIGNER},
	{"type", required_argument, NULL, OPT_TYPE},
	{"caller", required_argument, NULL, OPT_CALLER},
	{"answer", no_argument, NULL, OPT_ANSWER},
	{"gid", no_argument, NULL, OPT_GID},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

/* @return -1 to go on, else the exit code. */
static int take_option(const struct cli_command *cmd, struct question *q, int o, const char *arg)
{
	switch (o) {
	case OPT_SIGNER:
		q->signer = arg;
		return -1;
	case OPT_TYPE:
		q->type = arg;
		return -1;
	case OPT_CALLER:
		q->caller = arg;
		return -1;
	case OPT_ANSWER:
		q->answer = true;
		return -1;
	case OPT_GID:
		q->gid = true;
		return -1;
	case OPT_JSON:
		q->json = true;
		return -1;
	case OPT_HELP:
		cli_help(cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

int cli_policy_test(const struct cli_command *cmd, int argc, char **argv)
{
	struct question q = {0};
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", test_options, NULL)) != -1)
		r = take_option(cmd, &q, o, optarg);
	if (r >= 0)
		return r;
	if (argc - optind != 1)
		return cli_usage(cmd, "one configuration file is wanted");
	q.file = argv[optind];
	if (!q.signer || !q.type)
		return cli_usage(cmd, "--signer and --type are wanted");
	if (!cc_type_valid(q.type, strlen(q.type)))
		return cli_usage(cmd, "\"%s\" is no message type", q.type);
	if (q.answer && q.caller)
		return cli_usage(cmd, "--caller is for requests, --answer for answers to them");
	return run_test(cmd, &q);
}
