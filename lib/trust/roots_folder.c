/* SPDX-License-Identifier: ISC */
#include "lib/trust/roots_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/util.h"

int tr_root_rule_read(const char *file, char *value, struct tr_root_rule *out, struct cc_note *why)
{
	char *save = NULL, *word = strtok_r(value, " \t", &save);

	*out = (struct tr_root_rule){.file = file, .space = word};
	while (word && (word = strtok_r(NULL, " \t", &save))) {
		if (strcmp(word, "no-sha1") == 0)
			out->flags |= TR_ROOT_NO_SHA1;
		else if (strcmp(word, "overlap") == 0)
			out->flags |= TR_ROOT_OVERLAP;
		else
			return cc_note_set(why, CC_EINVAL,
					   "\"%.60s\" in [roots]: known are no-sha1 and overlap",
					   word);
	}
	return out->space ? 0 : cc_note_set(why, CC_EINVAL, "[roots] wants FILE = NAMESPACE");
}

/* Whoever can change a root is the root. */
static int check_owner(const struct stat *st, const char *path, struct cc_note *why)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return cc_note_set(why, CC_EDENIED, "%.180s belongs to neither root nor us", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return cc_note_set(why, CC_EDENIED, "%.160s can be written by others: chmod go-w",
				   path);
	return 0;
}

static int check_path(const char *path, struct cc_note *why)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS, "%.180s: %s",
				   path, strerror(errno));
	return check_owner(&st, path, why);
}

int tr_root_file_read(const char *path, char **text, size_t *len, struct cc_note *why)
{
	int r = check_path(path, why);

	return r ? r : cc_file_read(path, TR_GID_TEXT_MAX, text, len, why);
}

static bool is_root_file(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 4 &&
	       (strcmp(name + len - 4, ".gid") == 0 || strcmp(name + len - 4, ".pem") == 0);
}

static const struct tr_root_rule *rule_of(const struct tr_roots_folder *from, const char *name)
{
	for (size_t i = 0; i < from->n_rules; i++)
		if (strcmp(from->rules[i].file, name) == 0)
			return &from->rules[i];
	return NULL;
}

/* The same certificate as ours: it is there already. */
static bool is_own(const struct tr_roots_folder *from, const char *text, size_t len)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids own = {.count = 0}, other = {.count = 0};

	if (!from->own || tr_gids_read(NULL, from->own, strlen(from->own), &own, NULL) != 0 ||
	    tr_gids_read(NULL, text, len, &other, NULL) != 0)
		return false;
	return memcmp(tr_gids_leaf(&own)->hash, tr_gids_leaf(&other)->hash, TR_HASH) == 0;
}

static int add_file(struct tr_roots_builder *b, const struct tr_roots_folder *from,
		    const char *name, struct cc_note *why)
{
	const struct tr_root_rule *rule = rule_of(from, name);
	cc_cleanup(cc_freep) char *path = cc_file_join(from->dir, name);
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note reason = {0};
	size_t len;
	int r = path ? tr_root_file_read(path, &text, &len, why) : cc_raise(CC_ENOMEM);

	if (r || is_own(from, text, len))
		return r;
	r = tr_roots_add(b, text, len, rule ? rule->space : NULL, rule ? rule->flags : 0, &reason);
	if (r)
		cc_note_set(why, CC_EINVAL, "%.120s: %.120s", path,
			    reason.text[0] ? reason.text : cc_err_text(r));
	return r > 0 ? -CC_EINVAL : r;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int pick(const struct dirent *entry)
{
	return is_root_file(entry->d_name);
}

static int add_folder(struct tr_roots_builder *b, const struct tr_roots_folder *from,
		      struct cc_note *why)
{
	struct dirent **entries = NULL;
	size_t matched = 0;
	int r = check_path(from->dir, why), n;

	if (r)
		return r;
	n = scandir(from->dir, &entries, pick, by_name);
	if (n < 0)
		return cc_note_set(why, CC_ESYS, "%.180s: %s", from->dir, strerror(errno));
	if (n > TR_ROOTS_MAX)
		r = cc_note_set(why, CC_ELIMIT, "%.120s holds more than %d roots", from->dir,
				TR_ROOTS_MAX);
	for (int i = 0; i < n; i++) {
		matched += rule_of(from, entries[i]->d_name) != NULL;
		if (!r)
			r = add_file(b, from, entries[i]->d_name, why);
		free(entries[i]);
	}
	free(entries);
	if (!r && matched < from->n_rules)
		r = cc_note_set(why, CC_EINVAL, "[roots] names a file that is not in %.120s",
				from->dir);
	return r;
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
		cc_note_set(why, CC_EINVAL, "%.120s: %.120s", path,
			    reason.text[0] ? reason.text : cc_err_text(r));
	return r;
}

int tr_roots_load(const struct tr_roots_folder *from, uint64_t number, struct tr_roots **out,
		  struct cc_note *why)
{
	cc_cleanup(tr_roots_builder_freep) struct tr_roots_builder *b = NULL;
	int r = tr_roots_builder_new(&b);

	if (!r && from->own)
		r = tr_roots_add(b, from->own, strlen(from->own), NULL, TR_ROOT_OURS, why);
	if (!r && from->dir)
		r = add_folder(b, from, why);
	for (size_t i = 0; i < from->n_crls && !r; i++)
		r = add_crls(b, from->crls[i], why);
	if (r > 0)
		r = -CC_EINVAL;
	return r ? r : tr_roots_seal(b, number, false, out, why);
}
