/* SPDX-License-Identifier: ISC */
/*
 * The commands of one word: a user's requests to the registry (docs/handlers/registry.md), signed
 * with his own key, answers in the layouts of the design document.
 */
#include <stdio.h>
#include <string.h>

#include "cli/registry.h"
#include "cli/text.h"
#include "lib/base/file.h"
#include "lib/base/util.h"

#define PAGE 1000	/* records of one answer of list */
#define PAGES_MAX 10000 /* a registry that never ends is refused */
#define RSPEC_MAX (512u << 10)

static int fail(const struct reg_args *a, const struct cc_note *why, int r)
{
	return cli_fail(a->user.cmd, why, r);
}

/* Asks with a credential on one of the objects. @return -1: *out is an answer, else the exit code. */
static int ask(struct reg_args *a, enum cli_need need, const char *op, json_t *body,
	       struct cli_reply *out)
{
	struct cli_target targets[CLI_USER_CREDS];
	size_t count = cli_targets(need, a->type ? a->type : "user", a->hrn ? a->hrn : "",
				   a->user.hrn, a->user.authority, targets);

	return cli_user_ask(&a->user, op, body, targets, count, out);
}

/* An answer that is a text; said where it is none. */
static const char *text_of(const struct reg_args *a, const struct cli_reply *reply)
{
	const char *text = json_string_value(cli_reply_value(reply));

	if (!text)
		cli_user_refused(&a->user, reply);
	return text;
}

static int save(const struct reg_args *a, const char *text, mode_t mode)
{
	struct cc_note why = {0};
	int r = a->outfile ? cc_file_write(a->outfile, text, strlen(text), mode, false, &why) : 0;

	return r ? fail(a, &why, r) : -1;
}

/* Shows a text, after it was written to --outfile. */
static int show_text(const struct reg_args *a, const struct cli_reply *reply, mode_t mode,
		     int (*show)(const char *text, struct cc_note *why))
{
	const char *text = text_of(a, reply);
	struct cc_note why = {0};
	int r;

	if (!text)
		return CLI_FAILED;
	r = save(a, text, mode);
	if (r >= 0)
		return r;
	if (a->user.json) {
		json_t *value = cli_reply_value(reply);

		json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		putchar('\n');
		return CLI_OK;
	}
	r = show(text, &why);
	return r ? fail(a, &why, r) : CLI_OK;
}

static int show_value(const struct reg_args *a, const struct cli_reply *reply)
{
	const json_t *value = cli_reply_value(reply);

	if (!a->user.json) {
		reg_show_value(value);
		return CLI_OK;
	}
	json_dumpf(value ? value : json_null(), stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	putchar('\n');
	return CLI_OK;
}

static int show_records(const struct reg_args *a, const json_t *records)
{
	if (a->user.json && !records)
		puts("[]");
	else if (a->user.json)
		cli_print_json(records);
	else
		reg_show_records(records);
	return CLI_OK;
}

/* ---- arguments ---- */

/* Options and arguments; @return -1 to go on, else the exit code. */
static int parse(struct reg_args *a, const struct option *options, int argc, char **argv)
{
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = reg_option(a, o, optarg);
	return r;
}

/* TYPE HRN */
static int parse_object(struct reg_args *a, const struct option *options, int argc, char **argv)
{
	int r = parse(a, options, argc, argv);

	if (r >= 0)
		return r;
	if (argc - optind != 2)
		return cli_usage(a->user.cmd, "TYPE HRN is wanted");
	a->type = reg_type(argv[optind]);
	if (!a->type)
		return cli_usage(a->user.cmd,
				 "\"%s\" is no type: user, slice, authority (sa, ma), node",
				 argv[optind]);
	return reg_name(a, argv[optind + 1]);
}

/* HRN, of the type that --type says. */
static int parse_name(struct reg_args *a, const struct option *options, int argc, char **argv)
{
	int r = parse(a, options, argc, argv);

	if (r >= 0)
		return r;
	if (argc - optind != 1)
		return cli_usage(a->user.cmd, "one HRN is wanted");
	a->type = reg_type(a->of_type ? a->of_type : "user");
	if (!a->type)
		return cli_usage(a->user.cmd, "--type: user, slice, authority, node");
	return reg_name(a, argv[optind]);
}

/* ---- resolve and list ---- */

static int resolve(struct reg_args *a, char **hrns, int count)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	json_t *names = json_array(),
	       *body = json_pack("{s:o, s:{s:b}}", "hrns", names, "options", "details", 1);
	int r = -1;

	for (int i = 0; i < count; i++)
		if (json_array_append_new(names, json_string(hrns[i])) < 0)
			r = cli_usage(a->user.cmd, "names in UTF-8 are wanted");
	if (r < 0 && a->of_type)
		json_object_set_new(body, "type", json_string(a->of_type));
	if (r < 0)
		r = cli_user_begin(&a->user);
	if (r < 0)
		r = ask(a, CLI_NEED_SELF, "reg.resolve", body, &reply);
	json_decref(body);
	return r < 0 ? show_records(a, cli_reply_value(&reply)) : r;
}

static int cli_resolve(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"type", required_argument, NULL, REG_OPT_TYPE}, CLI_USER_OPTIONS, {0}};
	struct reg_args a = {.user.cmd = cmd};
	int r = parse(&a, options, argc, argv);

	if (r < 0 && argc == optind)
		r = cli_usage(cmd, "a name is wanted");
	if (r < 0)
		r = resolve(&a, argv + optind, argc - optind);
	cli_user_deinit(&a.user);
	return r;
}

/* Adds a page. @return 0: it was the last, 1: *after says where the next begins, negative error. */
static int take_page(const struct cli_reply *reply, json_t *records, json_t **after)
{
	json_t *value = cli_reply_value(reply), *next = json_object_get(reply->json, "next");

	if (json_is_object(value)) {
		next = json_object_get(value, "next");
		value = json_object_get(value, "records");
	}
	if (json_array_extend(records, value) < 0)
		return -CC_EFORMAT;
	if (!json_is_string(next) || json_array_size(value) == 0)
		return 0;
	json_decref(*after);
	*after = json_incref(next);
	return 1;
}

static int list_pages(struct reg_args *a, json_t *records)
{
	json_t *after = NULL;
	struct cc_note why = {0};
	int r, more = 1;

	for (int page = 0; more > 0 && page < PAGES_MAX; page++) {
		cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
		json_t *body = json_pack("{s:s, s:{s:b, s:i, s:O*}}", "hrn", a->hrn, "options",
					 "recursive", a->recursive, "limit", PAGE, "after", after);

		r = ask(a, CLI_NEED_SELF, "reg.list", body, &reply);
		json_decref(body);
		if (r >= 0) {
			json_decref(after);
			return r;
		}
		more = take_page(&reply, records, &after);
	}
	json_decref(after);
	if (more > 0)
		cc_note_set(&why, CC_ELIMIT, "the registry never comes to an end");
	return more ? fail(a, &why, more < 0 ? more : -CC_ELIMIT) : -1;
}

static int cli_list(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"recursive", no_argument, NULL, REG_OPT_RECURSIVE}, CLI_USER_OPTIONS, {0}};
	struct reg_args a = {.user.cmd = cmd};
	json_t *records = json_array();
	int r = parse(&a, options, argc, argv);

	if (r < 0 && argc - optind > 1)
		r = cli_usage(cmd, "one HRN is wanted");
	if (r < 0)
		r = cli_user_begin(&a.user);
	a.hrn = argc > optind ? argv[optind] : a.user.authority;
	if (r < 0 && !a.hrn)
		r = cli_usage(cmd, "the HRN of an authority is wanted");
	if (r < 0)
		r = list_pages(&a, records);
	if (r < 0)
		r = show_records(&a, records);
	json_decref(records);
	cli_user_deinit(&a.user);
	return r;
}

/* ---- register, update, remove ---- */

static const struct option record_options[] = {REG_RECORD_OPTIONS, CLI_USER_OPTIONS, {0}};

static int send_record(struct reg_args *a, bool new, struct cli_reply *reply)
{
	struct cc_note why = {0};
	json_t *record, *body;
	int r = reg_record_make(a, &record, &why);

	if (r)
		return fail(a, &why, r);
	body = json_pack("{s:o}", "record", record);
	r = cli_user_begin(&a->user);
	if (r < 0)
		r = ask(a, new ? CLI_NEED_REGISTER : CLI_NEED_UPDATE,
			new ? "reg.register" : "reg.update", body, reply);
	json_decref(body);
	return r;
}

static int cli_register(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct reg_args a = {.user.cmd = cmd};
	int r = parse_object(&a, record_options, argc, argv);

	if (r < 0)
		r = send_record(&a, true, &reply);
	if (r < 0)
		r = show_text(&a, &reply, 0644, reg_show_gid);
	cli_user_deinit(&a.user);
	return r;
}

static int cli_update(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct reg_args a = {.user.cmd = cmd};
	int r = parse_object(&a, record_options, argc, argv);

	if (r < 0)
		r = send_record(&a, false, &reply);
	if (r < 0)
		r = show_value(&a, &reply);
	cli_user_deinit(&a.user);
	return r;
}

static int cli_remove(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {CLI_USER_OPTIONS, {0}};
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct reg_args a = {.user.cmd = cmd};
	json_t *body = NULL;
	int r = parse_object(&a, options, argc, argv);

	if (r < 0)
		r = cli_user_begin(&a.user);
	if (r < 0) {
		body = json_pack("{s:s, s:s}", "hrn", a.hrn, "type", a.type);
		r = ask(&a, CLI_NEED_REMOVE, "reg.remove", body, &reply);
		json_decref(body);
	}
	if (r < 0)
		r = show_value(&a, &reply);
	cli_user_deinit(&a.user);
	return r;
}

/* ---- documents ---- */

static const struct option out_options[] = {
	{"outfile", required_argument, NULL, REG_OPT_OUTFILE}, CLI_USER_OPTIONS, {0}};

static int cli_get_credential(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {.outcome = CC_OUT_ANSWER};
	cc_cleanup(cc_freep) char *text = NULL;
	struct reg_args a = {.user.cmd = cmd};
	int r = parse_object(&a, out_options, argc, argv);

	if (r < 0)
		r = cli_user_begin(&a.user);
	if (r < 0)
		r = cli_user_fetch(&a.user, a.type, a.hrn, &text);
	if (r < 0) {
		reply.json = json_pack("{s:s}", "value", text);
		r = show_text(&a, &reply, 0600, reg_show_credential);
	}
	cli_user_deinit(&a.user);
	return r;
}

static int cli_get_ticket(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"rspec", required_argument, NULL, REG_OPT_RSPEC},
		{"outfile", required_argument, NULL, REG_OPT_OUTFILE},
		CLI_USER_OPTIONS,
		{0}};
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	cc_cleanup(cc_freep) char *rspec = NULL;
	struct reg_args a = {.user.cmd = cmd, .of_type = "slice"};
	struct cc_note why = {0};
	json_t *body = NULL;
	size_t len;
	int r = parse_name(&a, options, argc, argv), e;

	if (r < 0 && !a.rspec)
		r = cli_usage(cmd, "--rspec FILE is wanted");
	if (r < 0 && (e = cc_file_read(a.rspec, RSPEC_MAX, &rspec, &len, &why)))
		r = fail(&a, &why, e);
	if (r < 0)
		r = cli_user_begin(&a.user);
	if (r < 0) {
		body = json_pack("{s:s, s:s}", "hrn", a.hrn, "rspec", rspec);
		r = ask(&a, CLI_NEED_OBJECT, "reg.get_ticket", body, &reply);
		json_decref(body);
	}
	if (r < 0)
		r = show_text(&a, &reply, 0600, reg_show_ticket);
	cli_user_deinit(&a.user);
	return r;
}

static int make_gid(struct reg_args *a, struct cli_reply *reply)
{
	struct cc_note why = {0};
	json_t *key, *body;
	int r = reg_key_pem(a->keys.items[0], &key, &why);

	if (r)
		return fail(a, &why, r);
	body = json_pack("{s:s, s:s, s:o, s:s*}", "hrn", a->hrn, "type", a->type, "key", key,
			 "uuid", a->uuid);
	r = cli_user_begin(&a->user);
	if (r < 0)
		r = ask(a, CLI_NEED_UPDATE, "reg.create_gid", body, reply);
	json_decref(body);
	return r;
}

static int cli_create_gid(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"type", required_argument, NULL, REG_OPT_TYPE},
		{"uuid", required_argument, NULL, REG_OPT_UUID},
		{"key", required_argument, NULL, REG_OPT_KEY},
		{"outfile", required_argument, NULL, REG_OPT_OUTFILE},
		CLI_USER_OPTIONS,
		{0}};
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct reg_args a = {.user.cmd = cmd};
	int r = parse_name(&a, options, argc, argv);

	if (r < 0 && a.keys.count != 1)
		r = cli_usage(cmd, "one --key FILE is wanted");
	if (r < 0)
		r = make_gid(&a, &reply);
	if (r < 0)
		r = show_text(&a, &reply, 0644, reg_show_gid);
	cli_user_deinit(&a.user);
	return r;
}

/* ---- the table ---- */

#define OUT_HELP "  --outfile FILE    writes it there, too\n"

const struct cli_command cli_registry[] = {
	{"", "resolve", "[OPTIONS] HRN...", "prints the records of names",
	 "  --type TYPE       only of this type: user, slice, authority, node\n" CLI_USER_HELP,
	 cli_resolve},
	{"", "list", "[OPTIONS] [HRN]", "prints the records of an authority",
	 "  --recursive       and of those below it\n" CLI_USER_HELP, cli_list},
	{"", "register", "[OPTIONS] TYPE HRN", "registers a user, slice, authority or node",
	 REG_RECORD_HELP CLI_USER_HELP, cli_register},
	{"", "update", "[OPTIONS] TYPE HRN", "changes a record, or only renews it",
	 REG_RECORD_HELP
	 "A list that is given replaces the one that was there; one empty name empties it.\n"
	 "With no change only the expiry is renewed.\n" CLI_USER_HELP,
	 cli_update},
	{"", "remove", "[OPTIONS] TYPE HRN", "removes a record", CLI_USER_HELP, cli_remove},
	{"", "getCredential", "[OPTIONS] TYPE HRN", "gets a credential on something",
	 OUT_HELP CLI_USER_HELP, cli_get_credential},
	{"", "getTicket", "--rspec FILE [OPTIONS] HRN", "gets a ticket for a slice",
	 "  --rspec FILE      the resources that are wanted\n" OUT_HELP CLI_USER_HELP,
	 cli_get_ticket},
	{"", "createGid", "--key FILE [OPTIONS] HRN", "gets a GID for a name and a key",
	 "  --key FILE        public key: ssh, PEM, or a CSR, which shows who has the key\n"
	 "  --type TYPE       what the name is of: user (default), slice, authority, node\n"
	 "  --uuid UUID       of an earlier GID\n" OUT_HELP CLI_USER_HELP,
	 cli_create_gid},
	{0},
};
