/* SPDX-License-Identifier: ISC */
/* What register and update say of a principal, from the options of the command line. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/facts.h"
#include "cli/registry.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/xml/ossl.h"

static int take_list(const struct reg_args *a, struct reg_list *list, const char *arg)
{
	if (list->count == REG_LIST_MAX)
		return cli_usage(a->user.cmd, "that option at most %d times", REG_LIST_MAX);
	list->items[list->count++] = arg;
	return -1;
}

static int take_pair(const struct reg_args *a, struct reg_list *list, const char *arg)
{
	const char *equals = strchr(arg, '=');

	if (!equals || equals == arg)
		return cli_usage(a->user.cmd, "NAME=VALUE is wanted, not \"%s\"", arg);
	return take_list(a, list, arg);
}

static int take_expires(struct reg_args *a, const char *arg)
{
	int64_t seconds;

	if (!cli_time_read(arg, &seconds))
		return cli_usage(a->user.cmd,
				 "--expires wants a time as 2026-11-22T12:00:00Z, or seconds");
	a->expires = arg;
	return -1;
}

int reg_option(struct reg_args *a, int opt, const char *arg)
{
	const char **const texts[] = {
		[REG_OPT_OUTFILE] = &a->outfile, [REG_OPT_RSPEC] = &a->rspec,
		[REG_OPT_UUID] = &a->uuid,	 [REG_OPT_TYPE] = &a->of_type,
		[REG_OPT_EMAIL] = &a->email,	 [REG_OPT_HOSTNAME] = &a->hostname,
	};

	switch (opt) {
	case REG_OPT_EXPIRES:
		return take_expires(a, arg);
	case REG_OPT_KEY:
		return take_list(a, &a->keys, arg);
	case REG_OPT_RESEARCHER:
		return take_list(a, &a->researchers, arg);
	case REG_OPT_PI:
		return take_list(a, &a->pis, arg);
	case REG_OPT_OPERATOR:
		return take_list(a, &a->operators, arg);
	case REG_OPT_ATTRIBUTE:
		return take_pair(a, &a->attributes, arg);
	case REG_OPT_FIELD:
		return take_pair(a, &a->fields, arg);
	case REG_OPT_RECURSIVE:
		a->recursive = true;
		return -1;
	default:
		if ((size_t)opt >= CC_ARRAY_SIZE(texts) || !texts[opt])
			return cli_user_option(&a->user, opt, arg);
		*texts[opt] = arg;
		return -1;
	}
}

const char *reg_type(const char *word)
{
	static const char *const types[][2] = {
		{"user", "user"},	    {"slice", "slice"},	 {"node", "node"},
		{"authority", "authority"}, {"sa", "authority"}, {"ma", "authority"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++)
		if (strcmp(types[i][0], word) == 0)
			return types[i][1];
	return NULL;
}

int reg_name(struct reg_args *a, const char *text)
{
	struct cc_note why = {0};
	struct tr_urn urn;
	char type[64];

	a->hrn = text;
	if (strncasecmp(text, "urn:", 4) != 0)
		return -1;
	if (tr_urn_parse_text(text, &urn, &why) || tr_urn_to_hrn(&urn, a->hrn_text, type, &why))
		return cli_usage(a->user.cmd, "\"%s\": %s", text, why.text);
	a->hrn = a->hrn_text;
	return -1;
}

/* ---- keys ---- */

static int read_key(const char *path, char **text, EVP_PKEY **key, struct cc_note *why)
{
	struct cc_note reason = {0};
	size_t len;
	int r = cc_file_read(path, TR_KEY_TEXT_MAX, text, &len, why);

	if (r)
		return r;
	r = tr_key_read_public(*text, len, key, &reason);
	return r ? cc_note_set(why, -r, "%s: %s", path,
			       reason.text[0] ? reason.text : cc_err_text(r))
		 : 0;
}

static bool is_pem(const char *text)
{
	return strstr(text, "-----BEGIN ") != NULL;
}

int reg_key_pem(const char *path, json_t **out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_KEY_TEXT_MAX);
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(cc_freep) char *text = NULL;
	int r = read_key(path, &text, &key, why);

	if (!r && !is_pem(text))
		r = tr_key_write_public(key, &pem);
	if (r)
		return r;
	*out = json_string(pem.data ? (const char *)pem.data : text);
	return *out ? 0 : cc_note_set(why, CC_EFORMAT, "%s is not text", path);
}

/* The ssh lines of a file; lines that say nothing are left out. */
static int add_lines(json_t *list, char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\r\n"))) {
		line += strspn(line, " \t");
		if (*line && *line != '#' && json_array_append_new(list, json_string(line)) < 0)
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

/* A user has ssh keys, which need not all be of a kind that a GID can have; others have one key. */
static int put_keys(const struct reg_args *a, json_t *record, struct cc_note *why)
{
	json_t *lines = json_array(), *pem;
	int r = json_object_set_new(record, "reg-keys", lines) < 0 ? cc_raise(CC_ENOMEM) : 0;

	for (size_t i = 0; !r && i < a->keys.count; i++) {
		cc_cleanup(cc_freep) char *text = NULL;
		size_t len;

		r = cc_file_read(a->keys.items[i], TR_KEY_TEXT_MAX, &text, &len, why);
		if (!r && strcmp(a->type, "user") == 0 && !is_pem(text)) {
			r = add_lines(lines, text);
			continue;
		}
		if (!r && json_object_get(record, "key"))
			r = cc_note_set(why, CC_EINVAL,
					"only one key can be the GID's: give one --key in PEM");
		if (!r)
			r = reg_key_pem(a->keys.items[i], &pem, why);
		if (!r && json_object_set_new(record, "key", pem) < 0)
			r = cc_raise(CC_ENOMEM);
	}
	if (!r && json_array_size(lines) == 0)
		json_object_del(record, "reg-keys");
	return r;
}

/* ---- fields ---- */

static int put_text(json_t *record, const char *key, const char *text, struct cc_note *why)
{
	if (!text)
		return 0;
	return json_object_set_new(record, key, json_string(text)) < 0
		       ? cc_note_set(why, CC_EINVAL, "%s: text in UTF-8 is wanted", key)
		       : 0;
}

static int put_list(json_t *record, const char *key, const struct reg_list *list,
		    struct cc_note *why)
{
	json_t *names = list->count ? json_array() : NULL;

	for (size_t i = 0; i < list->count; i++) {
		/* one empty name makes an empty list */
		if (!*list->items[i] && list->count == 1)
			break;
		if (json_array_append_new(names, json_string(list->items[i])) < 0) {
			json_decref(names);
			return cc_note_set(why, CC_EINVAL, "%s: text in UTF-8 is wanted", key);
		}
	}
	return names && json_object_set_new(record, key, names) < 0 ? cc_raise(CC_ENOMEM) : 0;
}

static int put_attributes(json_t *record, const struct reg_list *list, struct cc_note *why)
{
	json_t *pairs = list->count ? json_array() : NULL;

	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->items[i], *equals = strchr(text, '=');
		json_t *pair = json_pack("{s:s%, s:s}", "name", text, (size_t)(equals - text),
					 "value", equals + 1);

		if (json_array_append_new(pairs, pair) < 0) {
			json_decref(pairs);
			return cc_note_set(why, CC_EINVAL, "--attribute: text in UTF-8 is wanted");
		}
	}
	return pairs && json_object_set_new(record, "attributes", pairs) < 0 ? cc_raise(CC_ENOMEM)
									     : 0;
}

static int put_fields(json_t *record, const struct reg_list *list, struct cc_note *why)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *equals = strchr(list->items[i], '=');
		cc_cleanup(cc_freep) char *key =
			strndup(list->items[i], (size_t)(equals - list->items[i]));
		json_t *value =
			json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

		if (!value)
			value = json_string(equals + 1);
		if (!key || json_object_set_new(record, key, value) < 0)
			return cc_note_set(why, CC_EINVAL, "--field: text in UTF-8 is wanted");
	}
	return 0;
}

static int put_expires(json_t *record, const char *text)
{
	char buf[32];
	int64_t seconds;

	if (!text || !cli_time_read(text, &seconds))
		return 0;
	return json_object_set_new(record, "expires", json_string(cc_clock_text(seconds, buf))) < 0
		       ? cc_raise(CC_ENOMEM)
		       : 0;
}

static int fill(const struct reg_args *a, json_t *record, struct cc_note *why)
{
	int r = put_keys(a, record, why);

	if (!r)
		r = put_text(record, "email", a->email, why);
	if (!r)
		r = put_text(record, "hostname", a->hostname, why);
	if (!r)
		r = put_expires(record, a->expires);
	if (!r)
		r = put_list(record, "reg-researchers", &a->researchers, why);
	if (!r)
		r = put_list(record, "reg-pis", &a->pis, why);
	if (!r)
		r = put_list(record, "reg-operators", &a->operators, why);
	if (!r)
		r = put_attributes(record, &a->attributes, why);
	return r ? r : put_fields(record, &a->fields, why);
}

int reg_record_make(const struct reg_args *a, json_t **out, struct cc_note *why)
{
	json_t *record = json_pack("{s:s, s:s}", "hrn", a->hrn, "type", a->type);
	int r = record ? fill(a, record, why)
		       : cc_note_set(why, CC_EINVAL, "a name in UTF-8 is wanted");

	if (r) {
		json_decref(record);
		return r;
	}
	*out = record;
	return 0;
}
