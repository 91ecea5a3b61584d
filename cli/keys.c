/* SPDX-License-Identifier: ISC */
/* ccfed keys: makes, shows and revokes the keys and certificates of a bus. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/keys_server.h"
#include "lib/base/clock.h"
#include "lib/cc/curve.h"
#include "lib/cc/keys.h"

enum { OPT_DIR = 1, OPT_CA, OPT_URN, OPT_CN, OPT_RSA, OPT_DAYS, OPT_FORCE, OPT_JSON, OPT_HELP };

static const struct option options[] = {
	{"dir", required_argument, NULL, OPT_DIR},
	{"keystore", required_argument, NULL, OPT_DIR},
	{"ca", required_argument, NULL, OPT_CA},
	{"urn", required_argument, NULL, OPT_URN},
	{"cn", required_argument, NULL, OPT_CN},
	{"rsa", no_argument, NULL, OPT_RSA},
	{"days", required_argument, NULL, OPT_DAYS},
	{"force", no_argument, NULL, OPT_FORCE},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static const char make_details[] =
	"  --keystore DIR    key store, also --dir (CCFED_KEYSTORE, else ./keys)\n"
	"  --ca NAME         CA that signs (keys issue; default ca)\n"
	"  --urn URN         publicid URN of the holder, put into the SAN\n"
	"  --cn TEXT         common name (default NAME)\n"
	"  --rsa             RSA-2048 instead of P-256\n"
	"  --days N          validity (default 3650 for a CA, 825 else)\n"
	"  --force           replace what is there\n"
	"Writes DIR/NAME.crt and DIR/private/NAME.key.\n";

static const char crl_details[] =
	"  --keystore DIR    key store, also --dir (CCFED_KEYSTORE, else ./keys)\n"
	"  --ca NAME         CA whose CRL it is (default ca)\n"
	"  --days N          validity of the CRL (default 30)\n"
	"Writes DIR/CA.crl, with what is in it already. Servers that have CA in cms-crl see it\n"
	"when they reload (ccserver -r). Renew it in time: when it ends, nobody of this CA is\n"
	"believed any more.\n";

struct keys {
	struct cc_keys_request rq;
	const char *ca;
	bool json;
};

static int take_option(const struct cli_command *cmd, struct keys *k, int o)
{
	double days;

	switch (o) {
	case OPT_DIR:
		k->rq.dir = optarg;
		return -1;
	case OPT_CA:
		k->ca = optarg;
		return -1;
	case OPT_URN:
		k->rq.urn = optarg;
		return -1;
	case OPT_CN:
		k->rq.cn = optarg;
		return -1;
	case OPT_RSA:
		k->rq.kind = CC_KEY_RSA2048;
		return -1;
	case OPT_DAYS:
		if (!cli_number(optarg, 1, 36500, &days))
			return cli_usage(cmd, "--days wants 1 to 36500");
		k->rq.days = (int)days;
		return -1;
	case OPT_FORCE:
		k->rq.force = true;
		return -1;
	case OPT_JSON:
		k->json = true;
		return -1;
	case OPT_HELP:
		cli_help(cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

/* Options, key store and CA; the names stand from optind. @return -1: go on, else the exit code. */
static int parse_options(const struct cli_command *cmd, struct keys *k, int argc, char **argv)
{
	int o, r = -1;

	k->rq.kind = CC_KEY_P256;
	k->ca = "ca";
	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(cmd, k, o);
	if (!k->rq.dir)
		k->rq.dir = getenv("CCFED_KEYSTORE");
	if (!k->rq.dir)
		k->rq.dir = "keys";
	return r;
}

/* For the commands that want one name. */
static int parse(const struct cli_command *cmd, struct keys *k, int argc, char **argv)
{
	int r = parse_options(cmd, k, argc, argv);

	if (r >= 0)
		return r;
	if (argc - optind != 1)
		return cli_usage(cmd, "one name is wanted");
	k->rq.name = argv[optind];
	return -1;
}

static int cli_init_ca(const struct cli_command *cmd, int argc, char **argv)
{
	struct keys k = {.rq.days = 3650};
	struct cc_note why = {0};
	int r = parse(cmd, &k, argc, argv);

	if (r >= 0)
		return r;
	r = cc_keys_init_ca(&k.rq, &why);
	return r ? cli_fail(cmd, &why, r) : CLI_OK;
}

static int cli_issue(const struct cli_command *cmd, int argc, char **argv)
{
	struct keys k = {.rq.days = 825};
	struct cc_note why = {0};
	int r = parse(cmd, &k, argc, argv);

	if (r >= 0)
		return r;
	r = cc_keys_issue(&k.rq, k.ca, &why);
	return r ? cli_fail(cmd, &why, r) : CLI_OK;
}

static int write_crl(const struct cli_command *cmd, const struct keys *k, char **names, int count)
{
	struct cc_keys_crl_request rq = {.dir = k->rq.dir, .ca = k->ca, .days = k->rq.days};
	struct cc_note why = {0};
	int r = cc_keys_revoke(&rq, (const char *const *)names, (size_t)count, &why);

	return r ? cli_fail(cmd, &why, r) : CLI_OK;
}

static int cli_revoke(const struct cli_command *cmd, int argc, char **argv)
{
	struct keys k = {.rq.days = 30};
	int r = parse_options(cmd, &k, argc, argv);

	if (r >= 0)
		return r;
	if (argc == optind)
		return cli_usage(cmd, "the name of a certificate is wanted");
	return write_crl(cmd, &k, argv + optind, argc - optind);
}

static int cli_crl(const struct cli_command *cmd, int argc, char **argv)
{
	struct keys k = {.rq.days = 30};
	int r = parse_options(cmd, &k, argc, argv);

	if (r >= 0)
		return r;
	if (argc != optind)
		return cli_usage(cmd, "no name is wanted: the CA is given with --ca");
	return write_crl(cmd, &k, NULL, 0);
}

static void print_info(const struct keys *k, const struct cc_keys_info *i)
{
	char from[32], until[32];

	cc_clock_text(i->not_before, from);
	cc_clock_text(i->not_after, until);
	if (k->json) {
		json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}",
				      "name", i->name, "urn", i->urn, "subject", i->subject,
				      "issuer", i->issuer, "key", i->key, "serial", i->serial,
				      "sha256", i->sha256, "not_before", from, "not_after", until,
				      "ca", i->ca, "private", i->has_private);

		json_dumpf(j, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
		putchar('\n');
		json_decref(j);
		return;
	}
	printf("name:        %s\nurn:         %s\nsubject:     %s\nissuer:      %s\n"
	       "key:         %s\nserial:      %s\nsha256:      %s\nvalid:       %s to %s\n"
	       "CA:          %s\nprivate key: %s\n",
	       i->name, *i->urn ? i->urn : "-", i->subject, i->issuer, i->key, i->serial, i->sha256,
	       from, until, i->ca ? "yes" : "no", i->has_private ? "here" : "not here");
}

static int cli_show(const struct cli_command *cmd, int argc, char **argv)
{
	struct keys k = {0};
	struct cc_keys_info info;
	struct cc_note why = {0};
	int r = parse(cmd, &k, argc, argv);

	if (r >= 0)
		return r;
	r = cc_keys_show(k.rq.dir, k.rq.name, &info, &why);
	if (r)
		return cli_fail(cmd, &why, r);
	print_info(&k, &info);
	return CLI_OK;
}

static int cli_curve(const struct cli_command *cmd, int argc, char **argv)
{
	struct keys k = {0};
	uint8_t public[CC_CURVE_KEY];
	char text[CC_CURVE_TEXT + 1];
	struct cc_note why = {0};
	int r = parse(cmd, &k, argc, argv);

	if (r >= 0)
		return r;
	r = cc_curve_write_new(k.rq.dir, k.rq.name, k.rq.force, public, &why);
	if (r)
		return cli_fail(cmd, &why, r);
	cc_curve_print(public, text);
	puts(text);
	return CLI_OK;
}

const struct cli_command cli_keys[] = {
	{"keys", "init-ca", "[OPTIONS] NAME", "makes a certificate authority", make_details,
	 cli_init_ca},
	{"keys", "issue", "[OPTIONS] NAME", "makes a key and a certificate that the CA signs",
	 make_details, cli_issue},
	{"keys", "server-cert", "--host NAME [OPTIONS] [NAME]",
	 "makes a key and a certificate for TLS", keys_server_details, keys_server},
	{"keys", "revoke", "[OPTIONS] NAME...", "puts certificates on the CRL of their CA",
	 crl_details, cli_revoke},
	{"keys", "crl", "[OPTIONS]", "makes or renews the CRL of a CA", crl_details, cli_crl},
	{"keys", "show", "[--keystore DIR] [--json] NAME", "shows a certificate",
	 "  --keystore DIR    key store, also --dir (CCFED_KEYSTORE, else ./keys)\n"
	 "  --json            as JSON\n",
	 cli_show},
	{"keys", "curve", "[OPTIONS] NAME", "makes a CURVE key pair for the transport",
	 "  --keystore DIR    key store, also --dir (CCFED_KEYSTORE, else ./keys)\n"
	 "  --force           replace what is there\n"
	 "Writes DIR/NAME.curve and DIR/private/NAME.curve, and prints the public key.\n",
	 cli_curve},
	{0},
};
