/* SPDX-License-Identifier: ISC */
/* ccfed cred make, delegate, speaks-for: who gives rights to whom. */
#include <stdio.h>
#include <string.h>

#include "cli/facts.h"
#include "cli/trust_doc.h"
#include "cli/trust_make.h"
#include "lib/base/clock.h"
#include "lib/trust/speaksfor.h"
#include "lib/xml/doc.h"
#include "lib/xml/ossl.h"

const char trust_cred_make_details[] =
	"  --authority HRN   who signs: of the target, or above it\n" TRUST_DIR_HELP
	"  --owner FILE      GID of who gets the rights\n"
	"  --target FILE     GID of what they are about\n"
	"  --privilege P,... the rights (default: those that its type usually has)\n"
	"  --no-delegate     the owner may not hand them on\n" TRUST_END_HELP TRUST_OUT_HELP;

const char trust_delegate_details[] =
	"  --key FILE        key of the owner of the credential\n"
	"  --to FILE         GID of who gets the rights\n"
	"  --privilege P,... some of the rights (default: all that may be delegated)\n"
	"  --no-delegate     that one may not hand them on\n"
	"  --expires TIME    until then, or\n"
	"  --days N          for so long (default: as the credential)\n" TRUST_OUT_HELP;

const char trust_speaksfor_details[] =
	"  --key FILE        key of the user\n"
	"  --user FILE       GID of the user\n"
	"  --tool FILE       certificate of the tool\n" TRUST_END_HELP TRUST_OUT_HELP
	"The tool acts with the user's rights until then; it cannot be taken back before.\n";

static const struct option make_options[] = {
	{"authority", required_argument, NULL, TRUST_OPT_AUTHORITY},
	{"dir", required_argument, NULL, TRUST_OPT_DIR},
	{"owner", required_argument, NULL, TRUST_OPT_OWNER},
	{"target", required_argument, NULL, TRUST_OPT_TARGET},
	{"privilege", required_argument, NULL, TRUST_OPT_PRIVILEGE},
	{"no-delegate", no_argument, NULL, TRUST_OPT_NO_DELEGATE},
	{"expires", required_argument, NULL, TRUST_OPT_EXPIRES},
	{"days", required_argument, NULL, TRUST_OPT_DAYS},
	{"out", required_argument, NULL, TRUST_OPT_OUT},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

static const struct option delegate_options[] = {
	{"key", required_argument, NULL, TRUST_OPT_KEY},
	{"to", required_argument, NULL, TRUST_OPT_TO},
	{"privilege", required_argument, NULL, TRUST_OPT_PRIVILEGE},
	{"no-delegate", no_argument, NULL, TRUST_OPT_NO_DELEGATE},
	{"expires", required_argument, NULL, TRUST_OPT_EXPIRES},
	{"days", required_argument, NULL, TRUST_OPT_DAYS},
	{"out", required_argument, NULL, TRUST_OPT_OUT},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

static const struct option speaksfor_options[] = {
	{"key", required_argument, NULL, TRUST_OPT_KEY},
	{"user", required_argument, NULL, TRUST_OPT_USER},
	{"tool", required_argument, NULL, TRUST_OPT_TOOL},
	{"expires", required_argument, NULL, TRUST_OPT_EXPIRES},
	{"days", required_argument, NULL, TRUST_OPT_DAYS},
	{"out", required_argument, NULL, TRUST_OPT_OUT},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

/* ---- make ---- */

static int usual_privileges(struct trust_make *m, const char *type, struct cc_note *why)
{
	const char *const *rights = tr_rights_of_type(type);

	if (!*rights)
		return cc_note_set(
			why, CC_EINVAL,
			"what is of type %s has no usual rights: name them with --privilege", type);
	for (; *rights && m->n_privileges < TR_PRIVILEGES_MAX; rights++)
		snprintf(m->privileges[m->n_privileges++].name, TR_PRIVILEGE_NAME_MAX + 1, "%s",
			 *rights);
	return 0;
}

static int make_cred(struct trust_make *m, struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *signer = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids owner = {.count = 0}, target = {.count = 0};
	struct tr_cred_request rq = {
		.owner = &owner, .target = &target, .privileges = m->privileges};
	int r = trust_doc_gids(m->owner, &owner, why);

	if (!r)
		r = trust_doc_gids(m->target, &target, why);
	if (!r)
		r = trust_make_signer(m, &signer, why);
	if (!r && !m->n_privileges)
		r = usual_privileges(m, target.items[0]->type, why);
	if (r)
		return r;
	for (unsigned i = 0; i < m->n_privileges; i++)
		m->privileges[i].can_delegate = !m->no_delegate;
	rq.n_privileges = m->n_privileges;
	rq.expires = trust_make_end(m, tr_signer_latest(signer, &owner, &target, m->now));
	return tr_signer_make_cred(signer, &rq, m->now, out, why);
}

/* Writes what was made, or says why nothing was. */
static int finish(const struct cli_command *cmd, const struct trust_make *m, struct cc_buf *text,
		  int r, struct cc_note *why)
{
	if (!r)
		r = trust_make_write(m, text, why);
	return r ? trust_make_refused(cmd, why, r) : CLI_OK;
}

int trust_cred_make(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);
	struct trust_make m = {0};
	struct cc_note why = {0};
	int r = trust_make_parse_only(cmd, &m, make_options, argc, argv);

	if (r < 0 && (!m.authority || !m.owner || !m.target))
		r = cli_usage(cmd, "--authority, --owner and --target are wanted");
	if (r >= 0)
		return r;
	r = make_cred(&m, &text, &why);
	return finish(cmd, &m, &text, r, &why);
}

/* ---- delegate ---- */

/* All that may be delegated, for want of a choice. */
static int parents_privileges(struct trust_make *m, const char *parent, size_t len,
			      struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *cred = NULL;
	const struct tr_level *level;
	int r = tr_cred_read(NULL, parent, len, &cred, why);

	if (r)
		return r;
	level = &cred->levels[0];
	for (unsigned i = 0; i < level->n_privileges && i < TR_PRIVILEGES_MAX; i++)
		if (level->privileges[i].can_delegate)
			m->privileges[m->n_privileges++] = level->privileges[i];
	if (!m->n_privileges)
		return cc_refuse(why, CC_RULE_DELEGATE_ALLOWED,
				 "it has no right that its owner may delegate");
	return 0;
}

static int delegate(struct trust_make *m, const char *path, struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *parent = NULL;
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids to = {.count = 0};
	struct tr_cred_request rq = {.owner = &to, .privileges = m->privileges};
	size_t len = 0;
	int r = trust_doc_read(path, &parent, &len, why);

	if (!r)
		r = trust_doc_gids(m->to, &to, why);
	if (!r)
		r = trust_make_key(m->key, &key, why);
	if (!r && !m->n_privileges)
		r = parents_privileges(m, parent, len, why);
	if (r)
		return r;
	for (unsigned i = 0; i < m->n_privileges; i++)
		m->privileges[i].can_delegate = !m->no_delegate;
	rq.n_privileges = m->n_privileges;
	rq.expires = m->end || m->days ? trust_make_end(m, 0) : 0;
	return tr_cred_delegate(parent, len, &rq, key, out, why);
}

int trust_cred_delegate(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);
	struct trust_make m = {0};
	struct cc_note why = {0};
	int r = trust_make_parse(cmd, &m, delegate_options, argc, argv);

	if (r < 0 && (!m.key || !m.to || argc - optind != 1))
		r = cli_usage(cmd, "--key, --to and one credential are wanted");
	if (r >= 0)
		return r;
	r = delegate(&m, argv[optind], &text, &why);
	return finish(cmd, &m, &text, r, &why);
}

/* ---- speaks-for ---- */

/* A statement is worth nothing once the certificate of either is past. */
static int64_t first_end(const struct tr_gids *user, const struct tr_gids *tool)
{
	int64_t end = tool->items[0]->not_after;

	for (size_t i = 0; i < user->count; i++)
		if (user->items[i]->not_after < end)
			end = user->items[i]->not_after;
	return end;
}

static int speak(struct trust_make *m, struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids user = {.count = 0}, tool = {.count = 0};
	struct tr_speaksfor_request rq = {.user = &user};
	char end[32];
	int64_t latest;
	int r = trust_doc_gids(m->user, &user, why);

	if (!r)
		r = trust_doc_gids(m->tool, &tool, why);
	if (!r)
		r = trust_make_key(m->key, &key, why);
	if (r)
		return r;
	latest = first_end(&user, &tool);
	rq.tool = tool.items[0];
	rq.expires = trust_make_end(m, latest);
	if (rq.expires <= m->now || rq.expires > latest)
		return cc_note_set(why, CC_EINVAL,
				   "it must end after now and by %s, with the certificates of user "
				   "and tool",
				   cc_clock_text(latest, end));
	return tr_speaksfor_make(&rq, key, out, why);
}

int trust_cred_speaksfor(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);
	struct trust_make m = {0};
	struct cc_note why = {0};
	int r = trust_make_parse_only(cmd, &m, speaksfor_options, argc, argv);

	if (r < 0 && (!m.key || !m.user || !m.tool))
		r = cli_usage(cmd, "--key, --user and --tool are wanted");
	if (r >= 0)
		return r;
	r = speak(&m, &text, &why);
	return finish(cmd, &m, &text, r, &why);
}
