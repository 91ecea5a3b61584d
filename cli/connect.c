/* SPDX-License-Identifier: ISC */
/* How the commands of group bus reach a ccserver: options, environment, keys. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/cc/curve.h"

bool cli_bus_option(struct cli_bus_options *o, int opt, const char *arg)
{
	switch (opt) {
	case CLI_OPT_CC:
		o->url = arg;
		return true;
	case CLI_OPT_KEYSTORE:
		o->keystore = arg;
		return true;
	case CLI_OPT_SIGN:
		o->sign = arg;
		return true;
	case CLI_OPT_CA:
		o->ca = arg;
		return true;
	case CLI_OPT_SERVERS:
		o->servers = arg;
		return true;
	case CLI_OPT_REALM:
		o->realm = arg;
		return true;
	case CLI_OPT_CURVE_SERVER:
		o->curve_server = arg;
		return true;
	case CLI_OPT_CURVE:
		o->curve = arg;
		return true;
	case CLI_OPT_COMPAT:
		o->compat = true;
		return true;
	default:
		return false;
	}
}

/* The key's name from CCFED_CLIENT_CERT: DIR/NAME.crt. */
static const char *client_name(char buf[256])
{
	const char *path = getenv("CCFED_CLIENT_CERT"), *base;
	size_t len;

	if (!path)
		return "";
	base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	len = strlen(base);
	if (len > 4 && strcmp(base + len - 4, ".crt") == 0)
		len -= 4;
	snprintf(buf, 256, "%.*s", (int)len, base);
	return buf;
}

/* DIR/NAME.crt taken apart, when the CA is given as that. @return whether it is. */
static bool is_file(const char *ca, char dir[PATH_MAX], char name[256])
{
	const char *slash = ca ? strrchr(ca, '/') : NULL, *base = slash ? slash + 1 : ca;
	size_t len = ca ? strlen(base) : 0;

	if (len <= 4 || strcmp(base + len - 4, ".crt") != 0)
		return false;
	snprintf(dir, PATH_MAX, "%.*s", slash > ca ? (int)(slash - ca) : 1, slash ? ca : ".");
	snprintf(name, 256, "%.*s", (int)len - 4, base);
	return true;
}

/* The key store, or the single files that stand for it. */
static int load_files(const struct cli_bus_options *o, struct cc_keystore_conf *conf,
		      char dir[PATH_MAX], struct cf_list *ca, struct cf_list *sign)
{
	char name[256];
	int r = 0;

	conf->own_cert = o->own_cert;
	conf->own_key = o->own_key;
	conf->pin = o->pin;
	if (o->keystore && !o->own_cert)
		r = cf_list_parse(o->sign ? o->sign : client_name(name), sign);
	if (r || o->pin)
		return r;
	if (is_file(o->ca, dir, name) && !sign->count) {
		conf->dir = dir;
		return cf_list_parse(name, ca);
	}
	if (!o->keystore)
		return 0;
	conf->dir = o->keystore;
	return cf_list_parse(o->ca ? o->ca : "ca", ca);
}

static int load_keys(struct cli_bus_options *o, struct cc_keystore **ks, struct cc_note *why)
{
	cc_cleanup(cf_list_deinit) struct cf_list ca = {0}, sign = {0};
	struct cc_keystore_conf conf = {.dir = "", .verify = &ca, .sign = &sign};
	char dir[PATH_MAX];
	int r;

	if (!o->keystore)
		o->keystore = getenv("CCFED_KEYSTORE");
	r = load_files(o, &conf, dir, &ca, &sign);
	return r ? r : cc_keystore_load(&conf, ks, why);
}

#define DEFAULT_SERVERS "urn:publicid:IDN+*+service+*"

/* Who may answer: any certificate of the CA would be too many. */
static int load_servers(struct cli_bus_options *o, struct cc_policy **out, struct cc_note *why)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	char text[4096];
	int n;

	if (!o->servers)
		o->servers = getenv("CCFED_SERVERS");
	n = snprintf(text, sizeof(text), "[servers]\n* = %s\n",
		     o->servers	 ? o->servers
		     : o->compat ? "any"
				 : DEFAULT_SERVERS);
	if (n >= (int)sizeof(text) || strpbrk(o->servers ? o->servers : "", "%\n"))
		return cc_note_set(why, CC_EINVAL, "--servers: too long, or odd characters in it");
	n = cf_ini_parse("--servers", text, (size_t)n, NULL, NULL, 0, &ini, why);
	return n ? n : cc_policy_new(out, ini, why);
}

/* @return whether the server has a CURVE key: *link is to be used then. */
static int load_curve(struct cli_bus_options *o, struct cc_curve_link *link, struct cc_note *why)
{
	int r;

	if (!o->curve_server)
		o->curve_server = getenv("CCFED_CURVE_SERVER");
	if (!o->curve_server)
		return o->curve ? cc_note_set(why, CC_EINVAL,
					      "--curve needs the server's key: --curve-server")
				: 0;
	r = cc_curve_link_open(link, o->keystore, o->curve_server, o->curve, why);
	return r ? r : 1;
}

int cli_bus_open(struct cli_bus_options *o, int hwm, struct cc_client **out, struct cc_note *why)
{
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	cc_cleanup(cc_policy_unrefp) struct cc_policy *servers = NULL;
	cc_cleanup(cc_curve_link_wipe) struct cc_curve_link link = {0};
	struct cc_client_conf conf = {.hwm = hwm, .linger_ms = 1000, .grace_ms = o->grace_ms};
	int r;

	if (!o->url)
		o->url = getenv("CCFED_LOCAL_CC");
	if (!o->url)
		return cc_note_set(why, CC_EINVAL,
				   "no server: give --cc URL, or set CCFED_LOCAL_CC (. run/env)");
	r = load_keys(o, &ks, why);
	if (r)
		return r;
	r = load_servers(o, &servers, why);
	if (r)
		return r;
	r = load_curve(o, &link, why);
	if (r < 0)
		return r;
	conf.curve = r ? &link : NULL;
	conf.url = o->url;
	conf.ks = ks;
	conf.gate = (struct cc_gate_conf){.compat = o->compat, .signer_cache = 64};
	conf.gate.policy = servers;
	conf.gate.realm = o->realm ? o->realm : getenv("CCFED_REALM");
	if (cc_keystore_verifies(ks)) {
		conf.gate.window_back_ms = 300000;
		conf.gate.window_ahead_ms = 2000;
	}
	return cc_client_new(out, &conf, why);
}
