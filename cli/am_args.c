/* SPDX-License-Identifier: ISC */
/* What the options and arguments of ccfed am say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/am.h"
#include "cli/https.h"
#include "lib/base/file.h"
#include "lib/base/url.h"
#include "lib/base/util.h"

#define AM_PATH "/am/3.0"
#define DEADLINE 30 /* seconds: an aggregate plans */
#define KEY_FILE_MAX (64u << 10)

void am_deinit(struct am_args *a)
{
	cli_https_freep(&a->https);
	free(a->am);
	cli_user_deinit(&a->user);
}

/* ---- options ---- */

static int take_wait(struct am_args *a, const char *arg)
{
	a->wait = AM_WAIT_SECONDS;
	if (arg && !cli_number(arg, 1, 86400, &a->wait))
		return cli_usage(a->user.cmd, "--wait wants 1 to 86400 seconds: --wait=SECONDS");
	return -1;
}

static int take(struct am_args *a, int opt, const char *arg)
{
	switch (opt) {
	case AM_OPT_AM:
		a->am_url = arg;
		return -1;
	case AM_OPT_RSPEC:
		a->rspec = arg;
		return -1;
	case AM_OPT_KEYS:
		if (a->n_keys == AM_KEYS_MAX)
			return cli_usage(a->user.cmd, "more than %d files of keys", AM_KEYS_MAX);
		a->keys[a->n_keys++] = arg;
		return -1;
	case AM_OPT_END_TIME:
		a->end_time = arg;
		return -1;
	case AM_OPT_CREDENTIAL:
		a->credential = arg;
		return -1;
	case AM_OPT_OUTFILE:
		a->outfile = arg;
		return -1;
	case AM_OPT_BEST_EFFORT:
		a->best_effort = true;
		return -1;
	case AM_OPT_ALAP:
		a->alap = true;
		return -1;
	case AM_OPT_AVAILABLE:
		a->available = true;
		return -1;
	case AM_OPT_COMPRESSED:
		a->compressed = true;
		return -1;
	case AM_OPT_WAIT:
		return take_wait(a, arg);
	default:
		return cli_user_option(&a->user, opt, arg);
	}
}

int am_parse(struct am_args *a, const struct option *options, int argc, char **argv)
{
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take(a, o, optarg);
	if (a->user.deadline <= 0)
		a->user.deadline = DEADLINE;
	return r;
}

static bool is_slice(const struct tr_urn *urn)
{
	return urn->type.len == 5 && memcmp(urn->type.text, "slice", 5) == 0;
}

int am_slice(const struct cli_command *cmd, const char *text, char hrn[TR_NAME_MAX + 1],
	     char urn[TR_NAME_MAX + 1])
{
	struct cc_note why = {0};
	struct tr_urn parsed;
	char type[64];

	if (strncmp(text, "urn:", 4) != 0) {
		if (tr_hrn_to_urn(text, "slice", urn, &why) != 0)
			return cli_usage(cmd, "%s", why.text);
		snprintf(hrn, TR_NAME_MAX + 1, "%s", text);
		return -1;
	}
	if (tr_urn_parse_text(text, &parsed, &why) != 0)
		return cli_usage(cmd, "%s", why.text);
	if (!is_slice(&parsed))
		return cli_usage(cmd, "\"%s\" is no slice, as urn:publicid:IDN+plc:site+slice+s1",
				 text);
	if (tr_urn_to_hrn(&parsed, hrn, type, &why) != 0)
		return cli_usage(cmd, "%s", why.text);
	snprintf(urn, TR_NAME_MAX + 1, "%s", text);
	return -1;
}

json_t *am_urns(const struct am_args *a)
{
	json_t *urns = json_array();

	for (int i = 0; i < a->n_slivers; i++)
		json_array_append_new(urns, json_string(a->slivers[i]));
	if (a->n_slivers == 0)
		json_array_append_new(urns, json_string(a->urn));
	return urns;
}

/* ---- where ---- */

char *am_url_beside(const char *url)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
	size_t len = path ? (size_t)(path - url) : strlen(url);
	char *out;

	return asprintf(&out, "%.*s" AM_PATH, (int)len, url) < 0 ? NULL : out;
}

/* The nearest word counts; none: beside the registry, or the bus. */
static int settle(struct am_args *a)
{
	const char *url = a->am_url;

	if (!url && a->user.server.url)
		url = getenv("CCFED_AM");
	if (!url && a->user.server.url && a->user.conf.am && *a->user.conf.am)
		url = a->user.conf.am;
	if (url)
		a->am = strdup(url);
	else if (a->user.server.url)
		a->am = am_url_beside(a->user.server.url);
	return a->am || (!url && !a->user.server.url) ? 0 : cc_raise(CC_ENOMEM);
}

int am_begin(struct am_args *a)
{
	struct cc_note why = {0};
	int r = a->begun ? -1 : cli_user_begin(&a->user);

	if (r >= 0 || a->begun)
		return r;
	a->begun = true;
	r = settle(a);
	return r ? cli_fail(a->user.cmd, &why, r) : -1;
}

/* ---- keys ---- */

static int add_keys(const char *path, json_t *keys, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	char *save = NULL;
	size_t len;
	int r = cc_file_read(path, KEY_FILE_MAX, &text, &len, why);

	if (r)
		return r;
	if (strstr(text, "PRIVATE KEY"))
		return cc_note_set(why, CC_EINVAL, "%.200s is a private key: the .pub is wanted",
				   path);
	for (char *line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		if (json_array_append_new(keys, json_string(line)) != 0)
			return cc_note_set(why, CC_EFORMAT, "%.200s is no file of ssh keys", path);
	}
	return 0;
}

static int add_default_keys(json_t *keys, struct cc_note *why)
{
	static const char *const names[] = {"~/.ssh/id_ed25519.pub", "~/.ssh/id_ecdsa.pub",
					    "~/.ssh/id_rsa.pub"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(names); i++) {
		cc_cleanup(cc_freep) char *path = cc_file_expand(names[i]);
		int r = path ? add_keys(path, keys, why) : cc_raise(CC_ENOMEM);

		if (r && r != -CC_ENOTFOUND)
			return r;
	}
	if (json_array_size(keys) > 0)
		return 0;
	return cc_note_set(why, CC_ENOTFOUND,
			   "no ssh key in ~/.ssh, and nobody can log in without one: make one by "
			   "ssh-keygen, or give --user-keys FILE");
}

int am_users(const struct am_args *a, json_t **out, struct cc_note *why)
{
	json_t *keys = json_array();
	char urn[TR_NAME_MAX + 1];
	int r = keys ? tr_hrn_to_urn(a->user.hrn, a->user.as, urn, why) : cc_raise(CC_ENOMEM);

	for (size_t i = 0; i < a->n_keys && !r; i++)
		r = add_keys(a->keys[i], keys, why);
	if (!r && a->n_keys == 0)
		r = add_default_keys(keys, why);
	if (!r) {
		*out = json_pack("[{s:s, s:O}]", "urn", urn, "keys", keys);
		r = *out ? 0 : cc_raise(CC_ENOMEM);
	}
	json_decref(keys);
	return r;
}
