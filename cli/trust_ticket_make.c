/* SPDX-License-Identifier: ISC */
/* ccfed ticket make: an authority promises a component's resources to a slice. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cli/trust_doc.h"
#include "cli/trust_make.h"
#include "lib/base/file.h"
#include "lib/xml/doc.h"

#define REDEEM_IN 3600
#define KEYS_FILE_MAX (256u << 10)
#define SERIAL_OCTETS 16

const char trust_ticket_make_details[] =
	"  --authority HRN   who signs: of the component, or above it\n" TRUST_DIR_HELP
	"  --owner FILE      GID of who redeems it\n"
	"  --slice FILE      GID of the slice\n"
	"  --component URN   the node or aggregate whose resources they are\n"
	"  --epoch E         of that component\n"
	"  --rspec FILE      what is promised\n"
	"  --attribute N=V   of the slice; may be given again\n"
	"  --user URN=FILE   who may log in, with a file of ssh keys; may be given again\n"
	"  --redeem-in S     seconds in which it must be redeemed (default 3600)\n" TRUST_END_HELP
		TRUST_OUT_HELP;

static const struct option options[] = {
	{"authority", required_argument, NULL, TRUST_OPT_AUTHORITY},
	{"dir", required_argument, NULL, TRUST_OPT_DIR},
	{"owner", required_argument, NULL, TRUST_OPT_OWNER},
	{"slice", required_argument, NULL, TRUST_OPT_TARGET},
	{"component", required_argument, NULL, TRUST_OPT_COMPONENT},
	{"epoch", required_argument, NULL, TRUST_OPT_EPOCH},
	{"rspec", required_argument, NULL, TRUST_OPT_RSPEC},
	{"attribute", required_argument, NULL, TRUST_OPT_ATTRIBUTE},
	{"user", required_argument, NULL, TRUST_OPT_TICKET_USER},
	{"redeem-in", required_argument, NULL, TRUST_OPT_REDEEM_IN},
	{"expires", required_argument, NULL, TRUST_OPT_EXPIRES},
	{"days", required_argument, NULL, TRUST_OPT_DAYS},
	{"out", required_argument, NULL, TRUST_OPT_OUT},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

/* What the files and options give; all of it is owned. */
struct promise {
	struct tr_gids owner, slice;
	char *rspec;
	size_t rspec_len;
	struct tr_attribute attributes[TR_TICKET_ATTRIBUTES];
	struct tr_ticket_user users[TR_TICKET_USERS];
	char *key_texts[TR_TICKET_USERS];
	char serial[2 * SERIAL_OCTETS + 1];
};

static void promise_deinit(struct promise *p)
{
	tr_gids_deinit(&p->owner);
	tr_gids_deinit(&p->slice);
	free(p->rspec);
	for (size_t i = 0; i < TR_TICKET_ATTRIBUTES; i++)
		free(p->attributes[i].name);
	for (size_t i = 0; i < TR_TICKET_USERS; i++) {
		free(p->users[i].urn);
		free(p->users[i].keys);
		free(p->key_texts[i]);
	}
}

/* NAME=REST into two strings of one allocation. */
static char *split(const char *pair, char **rest)
{
	char *name = strdup(pair);

	if (name) {
		*rest = strchr(name, '=') + 1;
		(*rest)[-1] = '\0';
	}
	return name;
}

/* What sshd takes; anything else, a private key above all, has no business in a ticket. */
static bool is_public_key(const char *line)
{
	static const char *const kinds[] = {"ssh-", "ecdsa-sha2-nistp",
					    "sk-ssh-ed25519@openssh.com ",
					    "sk-ecdsa-sha2-nistp256@openssh.com "};
	const char *octets = strchr(line, ' ');

	/* the first octets of every one, in base64: the length of the name of its kind */
	if (!octets || strncmp(octets + strspn(octets, " "), "AAAA", 4) != 0)
		return false;
	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++)
		if (strncmp(line, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

/* The lines of a file of ssh keys, as of authorized_keys: blank lines and comments left out. */
static int take_keys(struct tr_ticket_user *u, char *text, const char *path, struct cc_note *why)
{
	char *state = NULL;

	u->keys = calloc(TR_TICKET_KEYS, sizeof(*u->keys));
	if (!u->keys)
		return cc_raise(CC_ENOMEM);
	for (char *line = strtok_r(text, "\r\n", &state); line;
	     line = strtok_r(NULL, "\r\n", &state)) {
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		if (!is_public_key(line))
			return cc_note_set(
				why, CC_EFORMAT,
				"%s: a line is no public ssh key: give the file that ends "
				"in .pub",
				path);
		if (u->n_keys == TR_TICKET_KEYS)
			return cc_note_set(why, CC_ELIMIT, "%s has more than %d keys", path,
					   TR_TICKET_KEYS);
		u->keys[u->n_keys++] = line;
	}
	if (!u->n_keys)
		return cc_note_set(why, CC_EFORMAT, "%s has no key", path);
	return 0;
}

static int take_user(struct promise *p, unsigned i, const char *pair, struct cc_note *why)
{
	struct tr_ticket_user *u = &p->users[i];
	char *path;
	size_t len;
	int r;

	u->urn = split(pair, &path);
	if (!u->urn)
		return cc_raise(CC_ENOMEM);
	r = cc_file_read(path, KEYS_FILE_MAX, &p->key_texts[i], &len, why);
	return r ? r : take_keys(u, p->key_texts[i], path, why);
}

static int take_lists(struct promise *p, const struct trust_make *m, struct cc_note *why)
{
	int r = 0;

	for (unsigned i = 0; i < m->n_attributes; i++) {
		struct tr_attribute *a = &p->attributes[i];

		a->name = split(m->attributes[i], &a->value);
		if (!a->name)
			return cc_raise(CC_ENOMEM);
	}
	for (unsigned i = 0; i < m->n_users && !r; i++)
		r = take_user(p, i, m->users[i], why);
	return r;
}

static int make_serial(char out[2 * SERIAL_OCTETS + 1], struct cc_note *why)
{
	uint8_t octets[SERIAL_OCTETS];

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return cc_note_set(why, CC_ESYS, "no random octets for the serial");
	for (size_t i = 0; i < sizeof(octets); i++)
		snprintf(out + 2 * i, 3, "%02x", octets[i]);
	return 0;
}

static int promise_read(struct promise *p, const struct trust_make *m, struct cc_note *why)
{
	int r = trust_doc_gids(m->owner, &p->owner, why);

	if (!r)
		r = trust_doc_gids(m->target, &p->slice, why);
	if (!r && m->rspec)
		r = cc_file_read(m->rspec, TR_TICKET_RSPEC_MAX, &p->rspec, &p->rspec_len, why);
	if (!r && p->rspec_len && memmem(p->rspec, p->rspec_len, "PRIVATE KEY-----", 16))
		r = cc_note_set(why, CC_EFORMAT, "%s holds a private key: it is no RSpec",
				m->rspec);
	if (!r)
		r = take_lists(p, m, why);
	return r ? r : make_serial(p->serial, why);
}

static int make(const struct trust_make *m, struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(promise_deinit) struct promise p = {.rspec = NULL};
	cc_cleanup(tr_signer_freep) struct tr_signer *signer = NULL;
	struct tr_ticket_request rq = {.serial = p.serial,
				       .component = m->component,
				       .epoch = m->epoch,
				       .owner = &p.owner,
				       .target = &p.slice,
				       .attributes = p.attributes,
				       .n_attributes = m->n_attributes,
				       .users = p.users,
				       .n_users = m->n_users};
	int r = promise_read(&p, m, why);

	if (!r)
		r = trust_make_signer(m, &signer, why);
	if (r)
		return r;
	rq.rspec = p.rspec ? p.rspec : "";
	rq.rspec_len = p.rspec_len;
	rq.expires = trust_make_end(m, tr_signer_latest(signer, &p.owner, &p.slice, m->now));
	rq.redeem_before = m->now + (m->redeem_in ? m->redeem_in : REDEEM_IN);
	if (!m->redeem_in && rq.redeem_before > rq.expires)
		rq.redeem_before = rq.expires;
	return tr_signer_make_ticket(signer, &rq, m->now, out, why);
}

int trust_ticket_make(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);
	struct trust_make m = {0};
	struct cc_note why = {0};
	int r = trust_make_parse_only(cmd, &m, options, argc, argv);

	if (r < 0 && (!m.authority || !m.owner || !m.target || !m.component || !m.epoch))
		r = cli_usage(cmd, "--authority, --owner, --slice, --component and --epoch are "
				   "wanted");
	if (r >= 0)
		return r;
	r = make(&m, &text, &why);
	if (!r)
		r = trust_make_write(&m, &text, &why);
	return r ? trust_make_refused(cmd, &why, r) : CLI_OK;
}
