/* SPDX-License-Identifier: ISC */
/* ccfed keys server-cert: what a front door shows to its clients. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/keys_server.h"
#include "lib/base/util.h"
#include "lib/cc/keys.h"

enum { OPT_DIR = 1, OPT_HOST, OPT_IP, OPT_CA, OPT_DAYS, OPT_LOCAL, OPT_FORCE, OPT_HELP };

static const struct option options[] = {
	{"dir", required_argument, NULL, OPT_DIR},
	{"keystore", required_argument, NULL, OPT_DIR},
	{"host", required_argument, NULL, OPT_HOST},
	{"ip", required_argument, NULL, OPT_IP},
	{"ca", required_argument, NULL, OPT_CA},
	{"days", required_argument, NULL, OPT_DAYS},
	{"allow-localhost", no_argument, NULL, OPT_LOCAL},
	{"force", no_argument, NULL, OPT_FORCE},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

const char keys_server_details[] =
	"  --host NAME       DNS name of the server: common name and SAN\n"
	"  --ip ADDRESS      an address for the SAN beside it; may be given again\n"
	"  --ca NAME         CA of the key store that signs (default: self-signed). Not that of\n"
	"                    the bus: whom it signs the bus believes\n"
	"  --keystore DIR    key store, also --dir (CCFED_KEYSTORE, else ./keys)\n"
	"  --days N          validity (default 825)\n"
	"  --allow-localhost NAME may be localhost\n"
	"  --force           replace what is there\n"
	"Makes a P-256 key, and writes DIR/NAME.crt with the whole chain, and\n"
	"DIR/private/NAME.key; NAME is the host where none is given.\n";

struct server {
	struct cc_keys_server_request rq;
	const char *ips[CC_KEYS_IPS_MAX];
};

static int take_ip(const struct cli_command *cmd, struct server *s)
{
	if (s->rq.n_ips == CC_KEYS_IPS_MAX)
		return cli_usage(cmd, "--ip at most %d times", CC_KEYS_IPS_MAX);
	s->ips[s->rq.n_ips++] = optarg;
	return -1;
}

/* @return -1: go on, else the exit code. */
static int take_option(const struct cli_command *cmd, struct server *s, int o)
{
	double days;

	switch (o) {
	case OPT_DIR:
		s->rq.dir = optarg;
		return -1;
	case OPT_HOST:
		s->rq.host = optarg;
		return -1;
	case OPT_IP:
		return take_ip(cmd, s);
	case OPT_CA:
		s->rq.ca = optarg;
		return -1;
	case OPT_DAYS:
		if (!cli_number(optarg, 1, 36500, &days))
			return cli_usage(cmd, "--days wants 1 to 36500");
		s->rq.days = (int)days;
		return -1;
	case OPT_LOCAL:
		s->rq.allow_local_host = true;
		return -1;
	case OPT_FORCE:
		s->rq.force = true;
		return -1;
	case OPT_HELP:
		cli_help(cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

int keys_server(const struct cli_command *cmd, int argc, char **argv)
{
	struct server s = {.rq = {.days = 825, .dir = getenv("CCFED_KEYSTORE")}};
	struct cc_note why = {0};
	int o, r = -1;

	s.rq.ips = s.ips;
	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(cmd, &s, o);
	if (r >= 0)
		return r;
	if (!s.rq.host)
		return cli_usage(cmd, "--host NAME is wanted");
	if (argc - optind > 1)
		return cli_usage(cmd, "at most one name is wanted");
	s.rq.name = argv[optind]; /* NULL where there is none */
	if (!s.rq.dir)
		s.rq.dir = "keys";
	r = cc_keys_server_cert(&s.rq, &why);
	return r ? cli_fail(cmd, &why, r) : CLI_OK;
}
