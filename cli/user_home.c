/* SPDX-License-Identifier: ISC */
/* The folder of a user, and what its config says. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/https.h"
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
	OPT("server", server, "front door instead of the bus: https://HOST:PORT/registry"),
	OPT("server-ca", server_ca, "CAs of the front door, a file of PEM; default: the system's"),
	OPT("pin", pin, "sha256//BASE64 of the front door's public key"),
	OPT("am", am, "front door of an aggregate: https://HOST:PORT/am/3.0"),
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
	case CLI_OPT_SERVER:
		u->server.url = arg;
		return -1;
	case CLI_OPT_SERVER_CA:
		u->server.ca = arg;
		return -1;
	case CLI_OPT_PIN:
		u->server.pin = arg;
		return -1;
	case CLI_OPT_INSECURE:
		u->server.insecure = true;
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
	cli_user_disconnect(u);
	EVP_PKEY_free(u->key);
	cf_unbind(tables, &u->conf);
	free(u->home);
	free(u->own_cert);
	free(u->own_key);
	free(u->ca);
	free(u->server_ca);
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

/* The nearest word counts, of the bus or of a front door; where both are as near, the front door. */
static const char *settle_url(const struct cli_user *u)
{
	const char *url = u->server.url;

	if (!url && !u->bus.url)
		url = getenv("CCFED_SERVER");
	if (!url && !u->bus.url && !getenv("CCFED_LOCAL_CC"))
		url = u->conf.server;
	return url && *url ? url : NULL;
}

static int settle_server(struct cli_user *u, struct cc_note *why)
{
	bool said = u->server.ca || u->server.pin;

	if (u->server.url && u->bus.url)
		return cc_note_set(why, CC_EINVAL,
				   "--server or --cc: a front door, or the bus, not both");
	if (u->server.insecure && said)
		return cc_note_set(why, CC_EINVAL,
				   "--insecure, and --server-ca or --pin: one or the other");
	u->server.url = settle_url(u);
	if (!u->server.insecure) {
		settle_one(&u->server.ca, NULL, u->conf.server_ca);
		settle_one(&u->server.pin, NULL, u->conf.pin);
	}
	if (u->server.pin && !*u->server.pin)
		u->server.pin = NULL;
	if (!u->server.ca || !*u->server.ca) {
		u->server.ca = NULL;
		return 0;
	}
	if (u->server.ca == u->conf.server_ca && *u->server.ca != '~')
		u->server_ca = cli_user_path(u, u->server.ca);
	else
		u->server_ca = cc_file_expand(u->server.ca);
	u->server.ca = u->server_ca;
	return u->server_ca ? 0 : cc_raise(CC_ENOMEM);
}

/* Each time: it is easily forgotten in a script. */
static void warn_insecure(const struct cli_user *u)
{
	if (u->server.url && u->server.insecure)
		fprintf(stderr,
			CLI_WORDS ": warning: --insecure: whoever answers as %s is believed; give "
				  "--server-ca FILE or --pin\n",
			CLI_WORDS_OF(u->cmd), u->server.url);
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

static bool is_there(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0;
}

/* ~/.ccfed; where that is not there, ~/.config/ccfed with a config. NULL: no memory, no home. */
static char *find_home(void)
{
	cc_cleanup(cc_freep) char *home = cc_file_expand("~/.ccfed"),
				  *other = cc_file_expand("~/.config/ccfed"),
				  *config = cc_file_expand("~/.config/ccfed/config");

	if (!is_there(home) && is_there(config))
		return cc_steal(&other);
	return cc_steal(&home);
}

int cli_user_settle(struct cli_user *u, struct cc_note *why)
{
	const char *home = u->home_option ? u->home_option : getenv("CCFED_HOME");
	int r;

	u->home = home ? cc_file_expand(home) : find_home();
	if (!u->home)
		return cc_note_set(why, CC_EINVAL, "no home folder: give --home DIR");
	r = read_config(u, why);
	if (!r)
		r = settle_server(u, why);
	if (!r)
		r = settle_all(u);
	if (!r)
		r = check_hrn(u, why);
	if (!r)
		warn_insecure(u);
	return r;
}

/* ---- the first time ---- */

/* A setting, commented out where nothing was said. */
static void put_setting(struct cc_buf *b, const struct cf_opt *opt, const char *value)
{
	cc_buf_printf(b, "\n# %s\n%s%s = %s\n", opt->help, value && *value ? "" : "# ", opt->name,
		      value ? value : "");
}

/* A file by its whole name: the config would look for it in its folder. */
static const char *whole(const char *path, char **out)
{
	*out = realpath(path, NULL);
	return *out ? *out : path;
}

/* What the config would make of it otherwise: a %, or a relative file. */
static int put_config(const struct cli_user *u, struct cc_buf *b, struct cc_note *why)
{
	const char *const values[] = {
		u->hrn,	       u->as,	     u->authority,    u->bus.url,	   u->bus.servers,
		u->bus.realm,  u->bus.ca,    u->bus.keystore, u->bus.curve_server, u->bus.curve,
		u->server.url, u->server.ca, u->server.pin};
	cc_cleanup(cc_freep) char *ca = NULL, *server_ca = NULL;

	cc_buf_puts(b, "# ccfed: who you are, and how to reach the bus or a front door (ccfed(1), "
		       "docs/users.md)\n"
		       "[ccfed]\n");
	for (size_t i = 0; i < CC_ARRAY_SIZE(values); i++) {
		const char *value = values[i];

		if (value && strpbrk(value, "%\n\r"))
			return cc_note_set(why, CC_EINVAL, "\"%s\" cannot stand in a config",
					   value);
		if (value && value == u->ca)
			value = whole(value, &ca);
		else if (value && value == u->server_ca)
			value = whole(value, &server_ca);
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
