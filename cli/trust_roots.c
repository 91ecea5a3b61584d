/* SPDX-License-Identifier: ISC */
#include "cli/trust_roots.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/util.h"

#define SNAPSHOT 1 /* a call has one set of roots */

int trust_roots_take(struct trust_roots *t, const char *argument, struct cc_note *why)
{
	if (t->count == TR_ROOTS_MAX)
		return cc_note_set(why, CC_ELIMIT, "more than %d roots", TR_ROOTS_MAX);
	t->roots[t->count++] = argument;
	return 0;
}

int trust_roots_take_crl(struct trust_roots *t, const char *path, struct cc_note *why)
{
	if (t->n_crls == TR_CRLS_MAX)
		return cc_note_set(why, CC_ELIMIT, "more than %d files of CRLs", TR_CRLS_MAX);
	t->crls[t->n_crls++] = path;
	return 0;
}

int trust_root_add(struct tr_roots_builder *b, const char *path, const char *space, unsigned flags,
		   struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note reason = {0};
	size_t len;
	int r = cc_file_read(path, TR_GID_TEXT_MAX, &text, &len, why);

	if (r)
		return r;
	r = tr_roots_add(b, text, len, space, flags, &reason);
	if (r == CC_RULE_CERT_NAME && !space)
		cc_note_set(why, CC_EINVAL,
			    "%s has no name: say which names it vouches for, --root %s=AUTHORITY",
			    path, path);
	else if (r)
		cc_note_set(why, CC_EINVAL, "%s: %s", path,
			    reason.text[0] ? reason.text : cc_err_text(r));
	return r;
}

/* FILE[=SPACE]: what stands behind the last "=" is the namespace, "" none. */
static int add_argument(struct tr_roots_builder *b, const char *argument, unsigned flags,
			struct cc_note *why)
{
	const char *eq = strrchr(argument, '=');
	cc_cleanup(cc_freep) char *path =
		strndup(argument, eq ? (size_t)(eq - argument) : strlen(argument));

	if (!path)
		return cc_raise(CC_ENOMEM);
	return trust_root_add(b, path, eq && eq[1] ? eq + 1 : NULL, flags, why);
}

static int add_crls(struct tr_roots_builder *b, const char *path, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note reason = {0};
	size_t len;
	int r = cc_file_read(path, TR_CRL_TEXT_MAX, &text, &len, why);

	if (r)
		return r;
	r = tr_roots_add_crls(b, text, len, &reason);
	if (r)
		cc_note_set(why, CC_EINVAL, "%s: %s", path,
			    reason.text[0] ? reason.text : cc_err_text(r));
	return r;
}

int trust_roots_seal(const struct trust_roots *t, struct tr_roots **out, struct cc_note *why)
{
	cc_cleanup(tr_roots_builder_freep) struct tr_roots_builder *b = NULL;
	int r = tr_roots_builder_new(&b);

	for (size_t i = 0; i < t->count && !r; i++)
		r = add_argument(b, t->roots[i], t->no_sha1 ? TR_ROOT_NO_SHA1 : 0, why);
	for (size_t i = 0; i < t->n_crls && !r; i++)
		r = add_crls(b, t->crls[i], why);
	return r ? r : tr_roots_seal(b, SNAPSHOT, t->legacy, out, why);
}
