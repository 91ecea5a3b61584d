/* SPDX-License-Identifier: ISC */
/* The folder of a user, and what its config says. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/user.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/conf/opt.h"

#define OPT(option, field, text)                                                                   \
	{                                                                                          \
		.name = (option), .type = CF_STR, .offset = offsetof(struct cli_user_conf, field), \
		.def = "", .help = (text)                                                          \
	}

static const struct cf_opt options[] = {
	OPT("hrn", hrn, "who you are"),
	OPT("as", as, "what you are: user or authority"),
	OPT("authority", authority, "whose credential is tried first, and listed by default"),
	OPT("cc", cc, "endpoint of the ccserver"),
	OPT("servers", servers, "who may answer, as in [servers] of a ccserver"),
	OPT("realm", realm, "realm of the servers"),
	OPT("ca", ca, "CA of the servers: FILE.crt, or its name in the key store"),
	OPT("keystore", keystore, "folder of certificates"),
	OPT("curve-server", curve_server, "CURVE key of the server"),
	OPT("curve", curve, "own CURVE key pair in the key store"),
	{0},
};
static const struct cf_opt *const tables[] = {options, NULL};

int cli_user_option(struct cli_user *u, int opt, const char *arg)
{
	if (cli_bus_option(&u->bus, opt, arg))
		return -1;
	switch (opt) {
	case CLI_OPT_HOME:
		u->home_option = arg;
		return -1;
	case CLI_OPT_HRN:
		u->hrn = arg;
		return -1;
	case CLI_OPT_AS:
		u->as = arg;
		return -1;
	case CLI_OPT_AUTHORITY:
		u->authority = arg;
		return -1;
	case CLI_OPT_P256:
		u->p256 = true;
		return -1;
	case CLI_OPT_USER_JSON:
		u->json = true;
		return -1;
	case CLI_OPT_USER_DEADLINE:
		return cli_number(arg, 0.001, 600, &u->deadline)
			       ? -1
			       : cli_usage(u->cmd, "--deadline wants 0.001 to 600 seconds");
	case CLI_OPT_USER_HELP:
		cli_help(u->cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

void cli_user_deinit(struct cli_user *u)
{
	cc_client_freep(&u->client);
	EVP_PKEY_free(u->key);
	cf_unbind(tables, &u->conf);
	free(u->home);
	free(u->own_cert);
	free(u->own_key);
	free(u->ca);
	memset(u, 0, sizeof(*u));
}

char *cli_user_path(const struct cli_user *u, const char *name)
{
	return cc_file_join(u->home, name);
}

int cli_user_write(const struct cli_user *u, const char *name, const void *data, size_t len,
		   mode_t mode, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cli_user_path(u, name);

	return path ? cc_file_write(path, data, len, mode, true, why) : cc_raise(CC_ENOMEM);
}

/* ---- settling ---- */

static int read_config(struct cli_user *u, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cli_user_path(u, "config");
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	int r = path ? cf_ini_read(path, NULL, NULL, 0, &ini, why) : cc_raise(CC_ENOMEM);

	if (r && r != -CC_ENOTFOUND)
		return r;
	return cf_bind(ini ? cf_ini_section(ini, "ccfed") : NULL, tables, NULL, false, &u->conf,
		       NULL, NULL, why);
}

/* An option counts, then the environment, then the file; "" is nothing. */
static void settle_one(const char **option, const char *variable, const char *file)
{
	const char *value = *option ? *option : variable ? getenv(variable) : NULL;

	if (!value && file && *file)
		value = file;
	*option = value;
}

/* A file of the config is named from the folder of the config; ~ is home. */
static int settle_ca(struct cli_user *u)
{
	size_t len = u->bus.ca ? strlen(u->bus.ca) : 0;

	if (len <= 4 || strcmp(u->bus.ca + len - 4, ".crt") != 0)
		return 0;
	if (u->bus.ca == u->conf.ca && *u->bus.ca != '~')
		u->ca = cli_user_path(u, u->bus.ca);
	else
		u->ca = cc_file_expand(u->bus.ca);
	u->bus.ca = u->ca;
	return u->ca ? 0 : cc_raise(CC_ENOMEM);
}

static int settle_all(struct cli_user *u)
{
	settle_one(&u->hrn, NULL, u->conf.hrn);
	settle_one(&u->authority, NULL, u->conf.authority);
	settle_one(&u->as, NULL, u->conf.as);
	u->as = u->as && *u->as ? u->as : "user";
	settle_one(&u->bus.url, "CCFED_LOCAL_CC", u->conf.cc);
	settle_one(&u->bus.servers, "CCFED_SERVERS", u->conf.servers);
	settle_one(&u->bus.realm, "CCFED_REALM", u->conf.realm);
	settle_one(&u->bus.ca, NULL, u->conf.ca);
	settle_one(&u->bus.keystore, "CCFED_KEYSTORE", u->conf.keystore);
	settle_one(&u->bus.curve_server, "CCFED_CURVE_SERVER", u->conf.curve_server);
	settle_one(&u->bus.curve, NULL, u->conf.curve);
	u->deadline = u->deadline > 0 ? u->deadline : 10;
	return settle_ca(u);
}

static int check_hrn(const struct cli_user *u, struct cc_note *why)
{
	char urn[TR_NAME_MAX + 1];
	struct cc_note reason = {0};

	if (!u->hrn)
		return cc_note_set(why, CC_EINVAL,
				   "who are you? Give --hrn HRN, as plc.site.alice; the first run "
				   "notes it in %s/config",
				   u->home);
	if (strcmp(u->as, "user") != 0 && strcmp(u->as, "authority") != 0)
		return cc_note_set(why, CC_EINVAL, "as \"%.60s\": it is user or authority", u->as);
	if (tr_hrn_to_urn(u->hrn, u->as, urn, &reason) == 0)
		return 0;
	return cc_note_set(why, CC_EINVAL, "\"%s\" is no HRN of a user, as plc.site.alice", u->hrn);
}

int cli_user_settle(struct cli_user *u, struct cc_note *why)
{
	const char *home = u->home_option ? u->home_option : getenv("CCFED_HOME");
	int r;

	u->home = cc_file_expand(home ? home : "~/.ccfed");
	if (!u->home)
		return cc_note_set(why, CC_EINVAL, "no home folder: give --home DIR");
	r = read_config(u, why);
	if (!r)
		r = settle_all(u);
	return r ? r : check_hrn(u, why);
}

/* ---- the first time ---- */

/* A setting, commented out where nothing was said. */
static void put_setting(struct cc_buf *b, const struct cf_opt *opt, const char *value)
{
	cc_buf_printf(b, "\n# %s\n%s%s = %s\n", opt->help, value && *value ? "" : "# ", opt->name,
		      value ? value : "");
}

/* What the config would make of it otherwise: a %, or a relative file. */
static int put_config(const struct cli_user *u, struct cc_buf *b, struct cc_note *why)
{
	const char *const values[] = {
		u->hrn,	      u->as,	 u->authority,	  u->bus.url,	       u->bus.servers,
		u->bus.realm, u->bus.ca, u->bus.keystore, u->bus.curve_server, u->bus.curve};
	cc_cleanup(cc_freep) char *ca = NULL;

	cc_buf_puts(b, "# ccfed: who you are, and how to reach the bus (ccfed(1), docs/users.md)\n"
		       "[ccfed]\n");
	for (size_t i = 0; i < CC_ARRAY_SIZE(values); i++) {
		const char *value = values[i];

		if (value && strpbrk(value, "%\n\r"))
			return cc_note_set(why, CC_EINVAL, "\"%s\" cannot stand in a config",
					   value);
		if (value && value == u->bus.ca && value == u->ca) {
			ca = realpath(value, NULL);
			value = ca ? ca : value;
		}
		put_setting(b, &options[i], value);
	}
	return b->err;
}

int cli_user_make_home(const struct cli_user *u, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(65536);
	cc_cleanup(cc_freep) char *path = cli_user_path(u, "config");
	struct stat st;
	int r;

	if (!path)
		return cc_raise(CC_ENOMEM);
	if (mkdir(u->home, 0700) < 0 && errno != EEXIST)
		return cc_note_set(why, CC_ESYS, "cannot make %s: %s", u->home, strerror(errno));
	if (stat(path, &st) == 0)
		return 0;
	r = put_config(u, &text, why);
	return r ? r : cli_user_write(u, "config", text.data, text.len, 0600, why);
}
