/* SPDX-License-Identifier: ISC */
/* aggregate: the GENI aggregate manager behind the front doors (docs/handlers/aggregate.md). */
#include "handlers/aggregate/aggregate.h"

#include <stdio.h>

#include "lib/base/log.h"

extern const struct cc_handler aggregate_handler;

enum { OPERATIONS, REFUSED };
static const char *const counters[] = {"operations", "refused", NULL};

static const struct cf_opt options[] = {
	{.name = "urn",
	 .type = CF_STR,
	 .offset = offsetof(struct aggregate, urn),
	 .def = "",
	 .help = "URN of the aggregate: urn:publicid:IDN+DNSNAME+authority+am"},
	{.name = "url",
	 .type = CF_STR,
	 .offset = offsetof(struct aggregate, url),
	 .def = "",
	 .help = "where clients reach it: https://DNSNAME:PORT/am/3.0"},
	{0},
};

static int aggregate_check(const void *state, struct cc_host *host, struct cc_note *why)
{
	return agg_check_identity(state, why);
}

/* Who asks does not matter: whom the policy lets in may know who we are (architecture section 3). */
static int answer_version(const struct aggregate *agg, struct cc_host *host, struct cc_in *in)
{
	json_t *value = agg_version(agg);
	json_t *body = value ? json_pack("{s:o}", "value", value) : NULL;
	int r;

	if (!body)
		return cc_raise(CC_ENOMEM);
	cc_host_count(host, OPERATIONS, 1);
	r = cc_host_reply(host, in, "reply.am.get_version", body, (struct cc_bytes){NULL, 0});
	json_decref(body);
	return r;
}

static int aggregate_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	struct cc_bytes type = cc_msg_type(in->msg);
	char text[CC_TYPE_MAX + 32];
	int r;

	if (cc_msg_type_is(in->msg, "am.get_version"))
		return answer_version(state, host, in);
	cc_host_count(host, REFUSED, 1);
	snprintf(text, sizeof(text), "%.*s is not served here", (int)type.len, type.data);
	r = cc_host_error(host, in, "unsupported", text);
	return r ? r : CC_DROPPED;
}

const struct cc_handler aggregate_handler = {
	.name = "aggregate",
	.help = "the GENI aggregate: am.*",
	.roles = CC_ROLE_REMOTE,
	.run = CC_RUN_POOL,
	.answers = true,
	.state_size = sizeof(struct aggregate),
	.options = options,
	.counters = counters,
	.check = aggregate_check,
	.handle = aggregate_handle,
};
