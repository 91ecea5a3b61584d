/* SPDX-License-Identifier: ISC */
#include "cli/trust_make.h"

#include <stdio.h>
#include <string.h>

#include "cli/facts.h"
#include "cli/text.h"
#include "cli/trust_doc.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#define KEY_FILE_MAX (64u << 10)

/* ---- options ---- */

/* Options that are only remembered. NULL: it is none of them. */
static const char **text_option(struct trust_make *m, int o)
{
	const char **const texts[] = {
		[TRUST_OPT_DIR] = &m->dir,	   [TRUST_OPT_AUTHORITY] = &m->authority,
		[TRUST_OPT_OUT] = &m->out,	   [TRUST_OPT_EMAIL] = &m->email,
		[TRUST_OPT_URN] = &m->urn,	   [TRUST_OPT_UUID] = &m->uuid,
		[TRUST_OPT_CSR] = &m->csr,	   [TRUST_OPT_PUBLIC_KEY] = &m->public_key,
		[TRUST_OPT_SSH_KEY] = &m->ssh_key, [TRUST_OPT_NEW_KEY] = &m->new_key,
		[TRUST_OPT_OWNER] = &m->owner,	   [TRUST_OPT_TARGET] = &m->target,
		[TRUST_OPT_TO] = &m->to,	   [TRUST_OPT_USER] = &m->user,
		[TRUST_OPT_TOOL] = &m->tool,	   [TRUST_OPT_KEY] = &m->key,
		[TRUST_OPT_EPOCH] = &m->epoch,	   [TRUST_OPT_COMPONENT] = &m->component,
		[TRUST_OPT_RSPEC] = &m->rspec,
	};

	return (size_t)o < CC_ARRAY_SIZE(texts) ? texts[o] : NULL;
}

static int take_days(const struct cli_command *cmd, struct trust_make *m, double most)
{
	double days;

	if (!cli_number(optarg, 1, most, &days) || days != (int)days)
		return cli_usage(cmd, "--days wants 1 to %.0f", most);
	m->days = (int)days;
	return -1;
}

static int take_redeem_in(const struct cli_command *cmd, struct trust_make *m)
{
	double seconds;

	if (!cli_number(optarg, 1, TR_TICKET_REDEEM_MAX, &seconds) || seconds != (int)seconds)
		return cli_usage(cmd, "--redeem-in wants 1 to %d seconds", TR_TICKET_REDEEM_MAX);
	m->redeem_in = (int)seconds;
	return -1;
}

static int take_expires(const struct cli_command *cmd, struct trust_make *m)
{
	if (!cli_time_read(optarg, &m->expires))
		return cli_usage(cmd, "--expires wants a time as 2026-11-22T12:00:00Z, or seconds");
	m->end = optarg;
	return -1;
}

/* NAME[,NAME...]; the option may be given again. */
static int take_privileges(const struct cli_command *cmd, struct trust_make *m)
{
	for (const char *at = optarg;; at++) {
		size_t len = strcspn(at, ",");
		struct tr_privilege *p = &m->privileges[m->n_privileges];

		if (len == 0 || len > TR_PRIVILEGE_NAME_MAX)
			return cli_usage(cmd,
					 "--privilege wants names of 1 to %d characters with "
					 "commas between",
					 TR_PRIVILEGE_NAME_MAX);
		if (m->n_privileges == TR_PRIVILEGES_MAX)
			return cli_usage(cmd, "at most %d privileges", TR_PRIVILEGES_MAX);
		memcpy(p->name, at, len);
		p->name[len] = '\0';
		m->n_privileges++;
		at += len;
		if (!*at)
			return -1;
	}
}

static int take_pair(const struct cli_command *cmd, const char *what, const char **list,
		     unsigned *count, unsigned most)
{
	const char *equals = strchr(optarg, '=');

	if (!equals || equals == optarg)
		return cli_usage(cmd, "%s", what);
	if (*count == most)
		return cli_usage(cmd, "that option at most %u times", most);
	list[(*count)++] = optarg;
	return -1;
}

/* @return -1: go on, else the exit code. */
static int take_option(const struct cli_command *cmd, struct trust_make *m, int o)
{
	switch (o) {
	case TRUST_OPT_DAYS:
		return take_days(cmd, m, TR_GID_DAYS_MAX);
	case TRUST_OPT_REDEEM_IN:
		return take_redeem_in(cmd, m);
	case TRUST_OPT_EXPIRES:
		return take_expires(cmd, m);
	case TRUST_OPT_PRIVILEGE:
		return take_privileges(cmd, m);
	case TRUST_OPT_ATTRIBUTE:
		return take_pair(cmd, "--attribute wants NAME=VALUE", m->attributes,
				 &m->n_attributes, TR_TICKET_ATTRIBUTES);
	case TRUST_OPT_TICKET_USER:
		return take_pair(cmd, "--user wants URN=FILE, a file of ssh keys", m->users,
				 &m->n_users, TR_TICKET_USERS);
	case TRUST_OPT_P256:
		m->p256 = true;
		return -1;
	case TRUST_OPT_NO_DELEGATE:
		m->no_delegate = true;
		return -1;
	case TRUST_OPT_JSON:
		m->json = true;
		return -1;
	default:
		*text_option(m, o) = optarg;
		return -1;
	}
}

int trust_make_parse(const struct cli_command *cmd, struct trust_make *m,
		     const struct option *options, int argc, char **argv)
{
	int o, r = -1;

	m->now = (int64_t)cc_clock_wall();
	opterr = 0; /* getopt would print a stranger's file name as it is */
	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == TRUST_OPT_HELP) {
			cli_help(cmd);
			return CLI_OK;
		}
		r = o == '?' ? trust_bad_option(cmd, argv[optind - 1]) : take_option(cmd, m, o);
	}
	if (r < 0 && m->end && m->days)
		return cli_usage(cmd, "--expires and --days say the same thing: give one");
	if (!m->dir)
		m->dir = getenv("CCFED_AUTHORITIES");
	if (!m->dir || !*m->dir)
		m->dir = "authorities";
	return r;
}

int trust_make_parse_only(const struct cli_command *cmd, struct trust_make *m,
			  const struct option *options, int argc, char **argv)
{
	int r = trust_make_parse(cmd, m, options, argc, argv);

	if (r < 0 && argc != optind)
		return cli_usage(cmd, "only options are wanted");
	return r;
}

/* ---- what they read and write ---- */

int64_t trust_make_end(const struct trust_make *m, int64_t latest)
{
	int64_t usual = m->now + (int64_t)TRUST_DAYS * TRUST_DAY;

	if (m->end)
		return m->expires;
	if (m->days)
		return m->now + (int64_t)m->days * TRUST_DAY;
	return usual < latest ? usual : latest;
}

int trust_make_key(const char *path, EVP_PKEY **out, struct cc_note *why)
{
	struct cc_note reason = {0};
	char *text;
	size_t len;
	int r = cc_file_read(path, KEY_FILE_MAX, &text, &len, why);

	if (r)
		return r;
	r = tr_key_read(text, len, out, &reason);
	explicit_bzero(text, len);
	free(text);
	return r == -CC_EFORMAT ? cc_note_set(why, CC_EFORMAT, "%s: %s", path, reason.text) : r;
}

int trust_make_signer(const struct trust_make *m, struct tr_signer **out, struct cc_note *why)
{
	return tr_hierarchy_signer(m->dir, m->authority, out, why);
}

static bool holds_key(const char *path)
{
	char *text = NULL;
	size_t len = 0;
	bool found = cc_file_read(path, KEY_FILE_MAX, &text, &len, NULL) == 0 &&
		     memmem(text, len, "PRIVATE KEY-----", 16);

	if (text)
		explicit_bzero(text, len);
	free(text);
	return found;
}

int trust_make_write(const struct trust_make *m, const struct cc_buf *text, struct cc_note *why)
{
	if (text->err)
		return -text->err;
	if (m->out && holds_key(m->out))
		return cc_note_set(why, CC_EEXIST,
				   "%s holds a private key, and a key is never written over: give "
				   "another name to --out",
				   m->out);
	if (m->out)
		return cc_file_write(m->out, text->data, text->len, 0644, false, why);
	if (fwrite(text->data, 1, text->len, stdout) != text->len || fflush(stdout) != 0)
		return cc_note_set(why, CC_ESYS, "cannot write to standard output");
	return 0;
}

int trust_make_refused(const struct cli_command *cmd, const struct cc_note *why, int r)
{
	fprintf(stderr, CLI_WORDS ": ", CLI_WORDS_OF(cmd));
	if (r > 0)
		fprintf(stderr, "refused: %s: ", cc_rule_name(r));
	cli_put(stderr, why->text[0] ? why->text : cc_err_text(r));
	fputc('\n', stderr);
	return CLI_FAILED;
}
