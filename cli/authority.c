/* SPDX-License-Identifier: ISC */
/* ccfed authority: the authorities whose keys are on this machine. */
#include <stdio.h>
#include <string.h>

#include "cli/facts.h"
#include "cli/text.h"
#include "cli/trust_make.h"
#include "lib/base/clock.h"

const char trust_create_details[] = TRUST_DIR_HELP
	"  --email ADDRESS   put into the certificate\n"
	"  --p256            a key of P-256 instead of RSA-2048\n"
	"  --days N          validity (default 1825), cut to that of the authority above\n"
	"Writes DIR/plc/site/site.gid and site.pkey for plc.site. An authority of one label signs\n"
	"itself; the others are signed by the one above, which must be in DIR with its key.\n";

const char trust_list_details[] = TRUST_DIR_HELP "  --json            as JSON\n";

const char trust_renew_details[] = TRUST_DIR_HELP
	"  --days N          validity (default 1825), cut to that of the authority above\n"
	"Key, name and UUID stay. What the authority issued stays good until its own end.\n";

static const struct option create_options[] = {
	{"dir", required_argument, NULL, TRUST_OPT_DIR},
	{"email", required_argument, NULL, TRUST_OPT_EMAIL},
	{"p256", no_argument, NULL, TRUST_OPT_P256},
	{"days", required_argument, NULL, TRUST_OPT_DAYS},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

static const struct option list_options[] = {
	{"dir", required_argument, NULL, TRUST_OPT_DIR},
	{"json", no_argument, NULL, TRUST_OPT_JSON},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

static const struct option renew_options[] = {
	{"dir", required_argument, NULL, TRUST_OPT_DIR},
	{"days", required_argument, NULL, TRUST_OPT_DAYS},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

static int parse_hrn(const struct cli_command *cmd, struct trust_make *m,
		     const struct option *options, int argc, char **argv)
{
	int r = trust_make_parse(cmd, m, options, argc, argv);

	if (r >= 0)
		return r;
	if (argc - optind != 1)
		return cli_usage(cmd, "the HRN of one authority is wanted");
	m->authority = argv[optind];
	m->days = m->days ? m->days : TRUST_AUTHORITY_DAYS;
	return -1;
}

int trust_authority_create(const struct cli_command *cmd, int argc, char **argv)
{
	struct trust_make m = {0};
	struct tr_authority_request rq;
	struct cc_note why = {0};
	int r = parse_hrn(cmd, &m, create_options, argc, argv);

	if (r >= 0)
		return r;
	rq = (struct tr_authority_request){.hrn = m.authority,
					   .email = m.email,
					   .kind = m.p256 ? TR_KEY_P256 : TR_KEY_RSA2048,
					   .days = m.days};
	r = tr_hierarchy_create(m.dir, &rq, m.now, &why);
	return r ? trust_make_refused(cmd, &why, r) : CLI_OK;
}

int trust_authority_renew(const struct cli_command *cmd, int argc, char **argv)
{
	struct trust_make m = {0};
	struct cc_note why = {0};
	int r = parse_hrn(cmd, &m, renew_options, argc, argv);

	if (r >= 0)
		return r;
	r = tr_hierarchy_renew(m.dir, m.authority, m.days, m.now, &why);
	return r ? trust_make_refused(cmd, &why, r) : CLI_OK;
}

/* ---- list ---- */

static int add_row(void *arg, const struct tr_authority *a)
{
	struct cli_table *t = arg;
	char end[32];

	cli_table_add(t, "%s", a->hrn);
	cli_table_add(t, "%s", cc_clock_text(a->not_after, end));
	cli_table_add(t, "%s", a->has_key ? "here" : "not here");
	cli_table_add(t, "%s", a->has_dbinfo ? "own" : "-");
	cli_table_add(t, "%s", a->urn);
	return t->failed ? -CC_ENOMEM : 0;
}

static int add_json(void *arg, const struct tr_authority *a)
{
	char end[32];
	json_t *one = json_pack("{s:s, s:s, s:s, s:b, s:b}", "hrn", a->hrn, "urn", a->urn,
				"not_after", cc_clock_text(a->not_after, end), "key", a->has_key,
				"dbinfo", a->has_dbinfo);

	return one && json_array_append_new(arg, one) == 0 ? 0 : -CC_ENOMEM;
}

static int list_json(const struct trust_make *m, struct cc_note *why)
{
	json_t *list = json_array();
	int r = list ? tr_hierarchy_list(m->dir, add_json, list, why) : -CC_ENOMEM;

	if (!r)
		cli_print_json(list);
	json_decref(list);
	return r;
}

static int list_table(const struct trust_make *m, struct cc_note *why)
{
	struct cli_table t = {.heads = {"AUTHORITY", "UNTIL", "KEY", "STORE", "URN"}};
	int r = tr_hierarchy_list(m->dir, add_row, &t, why), printed;

	t.failed |= r != 0; /* frees it, and prints nothing of half a list */
	printed = cli_table_print(&t);
	return r ? r : printed;
}

int trust_authority_list(const struct cli_command *cmd, int argc, char **argv)
{
	struct trust_make m = {0};
	struct cc_note why = {0};
	int r = trust_make_parse_only(cmd, &m, list_options, argc, argv);

	if (r >= 0)
		return r;
	r = m.json ? list_json(&m, &why) : list_table(&m, &why);
	return r ? trust_make_refused(cmd, &why, r) : CLI_OK;
}
