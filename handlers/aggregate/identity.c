/* SPDX-License-Identifier: ISC */
/*
 * URN and URL by which the world knows the aggregate (spec jfed 1, 2): what would break every client
 * is refused, what many stumble over is a warning.
 */
#include <string.h>

#include "handlers/aggregate/aggregate.h"
#include "lib/base/log.h"
#include "lib/base/url.h"
#include "lib/trust/name.h"

static bool is(struct tr_part part, const char *word)
{
	return part.len == strlen(word) && memcmp(part.text, word, part.len) == 0;
}

static int check_urn(const char *text, struct cc_note *why)
{
	char authority[TR_NAME_MAX + 1];
	struct tr_urn urn;
	size_t top;

	if (!*text)
		return cc_note_set(why, CC_EINVAL,
				   "urn: set it, urn:publicid:IDN+DNSNAME+authority+am");
	if (tr_urn_parse_text(text, &urn, NULL) != 0 || !is(urn.type, "authority") ||
	    !(is(urn.name, "am") || is(urn.name, "cm")))
		return cc_note_set(why, CC_EINVAL,
				   "urn: \"%.150s\" is no urn:publicid:IDN+DNSNAME+authority+am",
				   text);
	memcpy(authority, urn.authority.text, urn.authority.len);
	authority[urn.authority.len] = 0;
	top = strcspn(authority, ":");
	if (authority[top])
		cc_warn("urn: %s has a sub-authority, which some clients do not expect", text);
	authority[top] = 0;
	if (cc_host_is_local(authority))
		return cc_note_set(
			why, CC_EINVAL,
			"urn: \"%.150s\" names every host there is: its authority is the "
			"DNS name of this testbed",
			text);
	if (cc_host_is_address(authority))
		cc_warn("urn: the authority of %s is an address, not a DNS name", text);
	return 0;
}

static int check_url(const char *text, struct cc_note *why)
{
	struct cc_note reason = {0};
	struct cc_url url;

	if (!*text)
		return cc_note_set(why, CC_EINVAL, "url: set it, https://DNSNAME:PORT/am/3.0");
	if (cc_url_read(text, &url, &reason) != 0)
		return cc_note_set(why, CC_EINVAL, "url: %.240s", reason.text);
	if (strcmp(url.scheme, "https") != 0)
		return cc_note_set(why, CC_EINVAL, "url: \"%.150s\" is not https", text);
	if (cc_host_is_local(url.host))
		cc_warn("url: %s is this host for everybody: clients elsewhere cannot come", text);
	else if (url.address)
		cc_warn("url: the host of %s is an address, not a DNS name", text);
	return 0;
}

int agg_check_identity(const struct aggregate *agg, struct cc_note *why)
{
	int r = check_urn(agg->urn, why);

	return r ? r : check_url(agg->url, why);
}
