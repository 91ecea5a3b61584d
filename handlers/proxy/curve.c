/* SPDX-License-Identifier: ISC */
#include "handlers/proxy/curve.h"

#include "lib/base/util.h"
#include "lib/conf/ini.h"

static int read_keys(const struct px_curve *c, struct cc_host *host, struct cc_curve_link *out,
		     struct cc_note *why)
{
	const struct cf_section *server = cf_ini_section(cc_host_ini(host), "ccserver");
	const char *dir = server ? cf_section_get(server, "cms-keystore") : NULL;

	return cc_curve_link_open(out, dir, c->remote, c->own, why);
}

int px_curve_check(const struct px_curve *c, struct cc_host *host, struct cc_note *why)
{
	cc_cleanup(cc_curve_link_wipe) struct cc_curve_link link = {0};

	if (*c->own && !*c->remote)
		return cc_note_set(why, CC_EINVAL,
				   "curve without remote-curve: it is not used without the key of "
				   "the remote");
	return *c->remote ? read_keys(c, host, &link, why) : 0;
}

int px_curve_open(struct px_curve *c, struct cc_host *host, const struct cc_curve_link **out,
		  struct cc_note *why)
{
	int r = *c->remote ? read_keys(c, host, &c->link, why) : 0;

	if (!r)
		*out = *c->remote ? &c->link : NULL;
	return r;
}
