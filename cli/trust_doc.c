/* SPDX-License-Identifier: ISC */
#include "cli/trust_doc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "lib/base/util.h"
#include "lib/xml/doc.h"

static const char *const names[] = {
	[TRUST_GID] = "GID",
	[TRUST_CRED] = "credential",
	[TRUST_TICKET] = "ticket",
};

const char *trust_kind_name(enum trust_kind kind)
{
	return names[kind];
}

enum trust_kind trust_kind_of(const struct cli_command *cmd)
{
	return *cmd->group == 'g' ? TRUST_GID : *cmd->group == 'c' ? TRUST_CRED : TRUST_TICKET;
}

/* ---- files ---- */

#define DOC_MAX (XS_CRED_MAX + 1u) /* every kind has its maximum at or below XS_CRED_MAX */

static int open_doc(const char *path)
{
	if (strcmp(path, "-") == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* Up to DOC_MAX octets; pipes, too, for `<(command)`. */
static ssize_t read_doc(int fd, char *text)
{
	size_t done = 0;
	ssize_t n = 1;

	while (n != 0 && done < DOC_MAX) {
		n = read(fd, text + done, DOC_MAX - done);
		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)done;
}

int trust_doc_read(const char *path, char **text, size_t *len, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *data = malloc(DOC_MAX + 1);
	cc_cleanup(cc_closep) int fd = -1;
	ssize_t n = -1;

	if (!data)
		return cc_raise(CC_ENOMEM);
	fd = open_doc(path);
	if (fd >= 0)
		n = read_doc(fd, data);
	if (n < 0)
		return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS,
				   "cannot read %s: %s", path, strerror(errno));
	data[n] = 0;
	*len = (size_t)n;
	*text = cc_steal(&data);
	return 0;
}

int trust_doc_gids(const char *path, struct tr_gids *out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note reason = {0};
	size_t len;
	int r = trust_doc_read(path, &text, &len, why);

	if (r)
		return r;
	r = tr_gids_read(NULL, text, len, out, &reason);
	if (r)
		cc_note_set(why, CC_EFORMAT, "%s: %s", path,
			    reason.text[0] ? reason.text : cc_err_text(r));
	return r;
}

/* ---- words ---- */

int trust_unusable(const struct cli_command *cmd, const struct cc_note *why, int r)
{
	fprintf(stderr, CLI_WORDS ": ", CLI_WORDS_OF(cmd));
	cli_put(stderr, why->text[0] ? why->text : cc_err_text(r));
	fputc('\n', stderr);
	return CLI_USAGE;
}

int trust_bad_option(const struct cli_command *cmd, const char *word)
{
	struct cc_note why = {0};
	int r = cc_note_set(&why, CC_EINVAL, "no option \"%s\", or its argument is missing", word);

	return trust_unusable(cmd, &why, r);
}

const char *trust_name_of(const struct tr_gid *g)
{
	if (!g)
		return "(nobody)";
	return g->urn[0] ? g->urn : g->hrn[0] ? g->hrn : "(no name)";
}

void trust_fact_privileges(struct cli_facts *f, const struct tr_privilege *p, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		json_t *one = json_pack("{s:o, s:b}", "name", cli_json_text(p[i].name),
					"can_delegate", p[i].can_delegate);

		f->failed |= json_array_append_new(list, one) < 0;
	}
	cli_fact(f, "privileges", list);
}
