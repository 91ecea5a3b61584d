/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/url.h"
#include "lib/trust/name.h"

#define TEXT_MAX 400

/* A name that is somebody else on each host; localhost.localdomain, too. */
static bool is_here(const char *host)
{
	return cc_host_is_local(host) || strncasecmp(host, "localhost.", 10) == 0;
}

/* The top authority of a URN, as text. */
static void top_of(const struct tr_urn *urn, char out[TR_NAME_MAX + 1])
{
	const char *colon = memchr(urn->authority.text, ':', urn->authority.len);
	size_t n = colon ? (size_t)(colon - urn->authority.text) : urn->authority.len;

	snprintf(out, TR_NAME_MAX + 1, "%.*s", (int)n, urn->authority.text);
}

int ab_names_check(const char *urn, const char *public_host, struct cc_note *why)
{
	char top[TR_NAME_MAX + 1];
	struct cc_note inner = {0};
	struct tr_urn parts;

	if (!*urn)
		return cc_note_set(
			why, CC_EINVAL,
			"urn is not set: urn:publicid:IDN+TESTBED+authority+am, with the "
			"DNS name or the authority of this testbed");
	if (tr_urn_parse_text(urn, &parts, &inner) != 0)
		return cc_note_set(why, CC_EINVAL, "urn = %.120s: %.100s", urn, inner.text);
	if (!tr_type_is_authority(parts.type))
		return cc_note_set(why, CC_EINVAL, "urn = %.160s is not of type authority", urn);
	top_of(&parts, top);
	if (is_here(top))
		return cc_note_set(why, CC_EINVAL,
				   "urn = %.120s: \"%.64s\" is another host for everybody else",
				   urn, top);
	if (is_here(public_host))
		return cc_note_set(why, CC_EINVAL,
				   "public-host = %.64s is another host for everybody else",
				   public_host);
	return 0;
}

static bool is_aggregate(const struct tr_urn *urn)
{
	return urn->name.len == 2 &&
	       (memcmp(urn->name.text, "am", 2) == 0 || memcmp(urn->name.text, "cm", 2) == 0);
}

void ab_names_warn(const char *urn, const char *public_host,
		   void (*warn)(void *arg, const char *text), void *arg)
{
	char text[TEXT_MAX], top[TR_NAME_MAX + 1];
	struct tr_urn parts;

	if (tr_urn_parse_text(urn, &parts, NULL) != 0)
		return;
	top_of(&parts, top);
	if (cc_host_is_address(top)) {
		snprintf(text, sizeof(text), "urn = %.255s names an IP address: use a DNS name",
			 urn);
		warn(arg, text);
	}
	if (memchr(parts.authority.text, ':', parts.authority.len)) {
		snprintf(
			text, sizeof(text),
			"urn = %.255s has a sub-authority: some clients do not find the testbed by "
			"it",
			urn);
		warn(arg, text);
	}
	if (!is_aggregate(&parts)) {
		snprintf(text, sizeof(text), "urn = %.255s: the name of an aggregate is am, or cm",
			 urn);
		warn(arg, text);
	}
	if (!*public_host) {
		warn(arg, "public-host is not set: nobody checks that the certificates are for it");
	} else if (cc_host_is_address(public_host)) {
		snprintf(text, sizeof(text), "public-host = %.64s is an IP address: use a DNS name",
			 public_host);
		warn(arg, text);
	}
}
