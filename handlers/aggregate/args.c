/* SPDX-License-Identifier: ISC */
/* What a call says: URNs, options, users (spec geni-am 3). */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "handlers/aggregate/aggregate.h"
#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"

#define USERS_MAX 256
#define KEYS_MAX 32
#define KEY_MAX 8192
#define LOGIN_MAX 32

/* ---- URNs ---- */

static bool part_is(struct tr_part part, const char *word)
{
	return part.len == strlen(word) && strncasecmp(part.text, word, part.len) == 0;
}

void agg_slice_key(const char *urn, char out[TR_NAME_MAX + 1])
{
	size_t i = 0;

	for (; urn[i] && i < TR_NAME_MAX; i++)
		out[i] = (char)tolower((unsigned char)urn[i]);
	out[i] = 0;
}

/* @return 's' (a slice), 'v' (a sliver), 0: another one, or none. */
static char kind_of(const json_t *value)
{
	const char *text = json_string_value(value);
	struct tr_urn urn;

	if (!text || strlen(text) != json_string_length(value) ||
	    tr_urn_parse_text(text, &urn, NULL) != 0)
		return 0;
	return part_is(urn.type, "slice") ? 's' : part_is(urn.type, "sliver") ? 'v' : 0;
}

static void set_slice(struct agg_call *c, const char *urn)
{
	memcpy(c->slice_urn, urn, strlen(urn) + 1); /* tr_urn_parse took it: TR_NAME_MAX */
	agg_slice_key(urn, c->slice);
}

int agg_arg_slice(struct agg_call *c)
{
	const json_t *urn = json_object_get(c->args, "urn");

	if (kind_of(urn) != 's')
		return agg_refuse(c, AGG_BADARGS, "slice_urn: the URN of a slice is wanted");
	set_slice(c, json_string_value(urn));
	return 0;
}

/* None twice: the array is as long as what it was made from at most. */
static int take_slivers(struct agg_call *c, const json_t *urns, json_t **out)
{
	json_t *seen = json_object(), *list = json_array();
	const json_t *urn;
	size_t i;
	int r = seen && list ? 0 : cc_raise(CC_ENOMEM);

	if (!r)
		json_array_foreach(urns, i, urn)
		{
			const char *text = json_string_value(urn);

			if (json_object_get(seen, text))
				continue;
			if (json_object_set_new(seen, text, json_true()) != 0 ||
			    json_array_append(list, (json_t *)urn) != 0)
				r = cc_raise(CC_ENOMEM);
		}
	json_decref(seen);
	if (r)
		json_decref(list);
	else
		*out = list;
	return r;
}

int agg_arg_urns(struct agg_call *c, json_t **slivers)
{
	const json_t *urns = json_object_get(c->args, "urns"), *urn;
	size_t i, n = json_array_size(urns), slices = 0, others = 0;

	*slivers = NULL;
	if (!json_is_array(urns) || n == 0)
		return agg_refuse(c, AGG_BADARGS,
				  "urns: one slice, or slivers of one slice, are wanted");
	if (n > AGG_URNS_MAX)
		return agg_refuse(c, AGG_BADARGS, "urns: more than %d", AGG_URNS_MAX);
	json_array_foreach(urns, i, urn)
	{
		char kind = kind_of(urn);

		slices += kind == 's';
		others += kind == 0;
	}
	if (others)
		return agg_refuse(c, AGG_BADARGS,
				  "urns: only URNs of a slice or of slivers may be there");
	if (slices && n > 1)
		return agg_refuse(c, AGG_BADARGS,
				  "urns: one slice, or slivers of one slice, are wanted; "
				  "not several slices, nor both");
	if (!slices)
		return take_slivers(c, urns, slivers);
	set_slice(c, json_string_value(json_array_get(urns, 0)));
	return 0;
}

int agg_arg_text(struct agg_call *c, const char *name, const char **out, size_t *len)
{
	const json_t *value = json_object_get(c->args, name);

	if (!json_is_string(value))
		return agg_refuse(c, AGG_BADARGS, "%s: a text is wanted", name);
	*out = json_string_value(value);
	*len = json_string_length(value);
	return 0;
}

/* ---- options ---- */

const json_t *agg_option(const struct agg_call *c, const char *name)
{
	const json_t *value = json_object_get(json_object_get(c->args, "options"), name);

	return json_is_null(value) ? NULL : value;
}

int agg_option_flag(struct agg_call *c, const char *name, bool *out)
{
	const json_t *value = agg_option(c, name);

	*out = json_is_true(value) || (json_is_integer(value) && json_integer_value(value) == 1);
	if (!value || *out || json_is_false(value) ||
	    (json_is_integer(value) && json_integer_value(value) == 0))
		return 0;
	return agg_refuse(c, AGG_BADARGS, "%s: a boolean is wanted", name);
}

int agg_option_time(struct agg_call *c, const char *name, int64_t *out)
{
	const json_t *value = agg_option(c, name);

	*out = 0;
	if (!value || (json_is_string(value) &&
		       xs_read_time(json_string_value(value), json_string_length(value), out) == 0))
		return 0;
	return agg_refuse(c, AGG_BADARGS, "%s: a time as RFC 3339 has it is wanted", name);
}

int agg_option_rspec(struct agg_call *c)
{
	const json_t *version = agg_option(c, "geni_rspec_version");
	const char *type = json_string_value(json_object_get(version, "type"));
	const json_t *number = json_object_get(version, "version");
	const char *text = json_string_value(number);

	if (!type || (!text && !json_is_integer(number)))
		return agg_refuse(c, AGG_BADARGS,
				  "geni_rspec_version: a struct of type and version is "
				  "wanted, such as GENI 3");
	if (strcasecmp(type, "geni") != 0 ||
	    (text ? strcmp(text, "3") != 0 : json_integer_value(number) != 3))
		return agg_refuse(c, AGG_BADVERSION, "RSpecs here are of type GENI, version 3");
	return 0;
}

/* ---- users ---- */

static const char *const key_types[] = {
	"ssh-ed25519 ",
	"ssh-rsa ",
	"ssh-dss ",
	"ecdsa-sha2-nistp256 ",
	"ecdsa-sha2-nistp384 ",
	"ecdsa-sha2-nistp521 ",
	"sk-ssh-ed25519@openssh.com ",
	"sk-ecdsa-sha2-nistp256@openssh.com ",
};

/* One line that begins with its type: no options, which would be commands to sshd. */
static bool key_is_good(const char *key, size_t len)
{
	if (len > KEY_MAX || strlen(key) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)key[i] < 0x20 || key[i] == 0x7f)
			return false;
	for (size_t i = 0; i < CC_ARRAY_SIZE(key_types); i++)
		if (strncmp(key, key_types[i], strlen(key_types[i])) == 0)
			return true;
	return false;
}

/* A key with line ends behind it, as files have them, is one without. */
static json_t *take_key(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = text ? json_string_length(value) : 0;

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
		len--;
	if (len == 0 || len > KEY_MAX)
		return NULL;
	{
		char line[KEY_MAX + 1];

		memcpy(line, text, len);
		line[len] = 0;
		return key_is_good(line, len) ? json_stringn(line, len) : NULL;
	}
}

static int take_keys(struct agg_call *c, const char *urn, const json_t *keys, json_t *out)
{
	const json_t *key;
	size_t i;

	if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX)
		return agg_refuse(c, AGG_BADARGS,
				  "geni_users: keys of %.100s: a list of at most %d is "
				  "wanted",
				  urn, KEYS_MAX);
	json_array_foreach(keys, i, key)
	{
		json_t *line = take_key(key);

		if (!line)
			return agg_refuse(
				c, AGG_BADARGS,
				"geni_users: key %zu of %.100s is no ssh key: one line \"TYPE "
				"BASE64 [COMMENT]\" is wanted",
				i + 1, urn);
		if (json_array_append_new(out, line) != 0)
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

/* The login of a user: his name as systems take one. */
static void login_of(const char *urn, char out[LOGIN_MAX + 1])
{
	struct tr_urn u;
	size_t n = 0;

	if (tr_urn_parse_text(urn, &u, NULL) == 0)
		for (size_t i = 0; i < u.name.len && n < LOGIN_MAX - 4; i++) {
			char ch = (char)tolower((unsigned char)u.name.text[i]);

			if ((ch >= 'a' && ch <= 'z') ||
			    (n && ((ch >= '0' && ch <= '9') || ch == '_' || ch == '-')))
				out[n++] = ch;
		}
	if (n == 0) {
		memcpy(out, "user", 4);
		n = 4;
	}
	out[n] = 0;
}

/* Two of one name, of different authorities, or one that systems have, gets a number. */
static const char *const reserved[] = {
	"root", "daemon", "bin",  "sys",      "sync",	  "games",    "man",
	"lp",	"mail",	  "news", "uucp",     "proxy",	  "backup",   "list",
	"irc",	"nobody", "sshd", "www-data", "operator", "postgres", "messagebus"};

static bool login_is_free(const json_t *users, const char *login)
{
	const json_t *user;
	size_t i;

	for (i = 0; i < CC_ARRAY_SIZE(reserved); i++)
		if (strcmp(login, reserved[i]) == 0)
			return false;
	json_array_foreach(
		users, i,
		user) if (strcmp(login, json_string_value(json_object_get(user, "login"))) ==
			  0) return false;
	return true;
}

static void choose_login(const json_t *users, const char *urn, char out[LOGIN_MAX + 1])
{
	size_t len;

	login_of(urn, out);
	len = strlen(out);
	for (unsigned n = 2; !login_is_free(users, out); n++)
		snprintf(out + len, LOGIN_MAX + 1 - len, "%u", n);
}

static int take_user(struct agg_call *c, const json_t *user, json_t *out)
{
	const char *urn = json_string_value(json_object_get(user, "urn"));
	struct tr_urn parsed;
	char login[LOGIN_MAX + 1];
	json_t *keys = json_array(), *entry;
	int r;

	if (!urn || tr_urn_parse_text(urn, &parsed, NULL) != 0) {
		json_decref(keys);
		return agg_refuse(c, AGG_BADARGS,
				  "geni_users: a struct of urn, which is one, and keys is wanted");
	}
	r = keys ? take_keys(c, urn, json_object_get(user, "keys"), keys) : cc_raise(CC_ENOMEM);
	if (r) {
		json_decref(keys);
		return r;
	}
	choose_login(out, urn, login);
	entry = json_pack("{s:s, s:s, s:o}", "urn", urn, "login", login, "keys", keys);
	return entry && json_array_append_new(out, entry) == 0 ? 0 : cc_raise(CC_ENOMEM);
}

int agg_option_users(struct agg_call *c, bool needed, json_t **out)
{
	const json_t *users = agg_option(c, "geni_users"), *user;
	json_t *list = json_array();
	size_t i;
	int r = list ? 0 : cc_raise(CC_ENOMEM);

	if (!r && ((users && !json_is_array(users)) || json_array_size(users) > USERS_MAX))
		r = agg_refuse(c, AGG_BADARGS, "geni_users: a list of at most %d is wanted",
			       USERS_MAX);
	if (!r && needed && !users)
		r = agg_refuse(c, AGG_BADARGS, "geni_users: it is needed here");
	if (!r)
		json_array_foreach(users, i, user) if (!r) r = take_user(c, user, list);
	if (r)
		json_decref(list);
	else
		*out = list;
	return r;
}
