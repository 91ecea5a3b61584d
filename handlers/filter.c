/* SPDX-License-Identifier: ISC */
/*
 * filter: passes some types on to another handler and drops the rest, unread (spec cc-bus C).
 *
 * Patterns are those of the original, which are Python's: no backslash quotes, a dot is a character
 * like others.
 */
#include <fnmatch.h>
#include <string.h>

#include "lib/conf/ini.h"
#include "lib/handler/handler.h"

extern const struct cc_handler filter_handler;

enum {
	COUNT,
	BYTES,
	COUNT_OK,
	BYTES_OK,
	COUNT_DROPPED,
	BYTES_DROPPED,
	COUNT_CRASHED,
	BYTES_CRASHED,
};
static const char *const counters[] = {
	[COUNT] = "filter.count",
	[BYTES] = "filter.bytes",
	[COUNT_OK] = "filter.count.ok", /* taken by the other handler */
	[BYTES_OK] = "filter.bytes.ok",
	[COUNT_DROPPED] = "filter.count.dropped", /* here, or by the other handler */
	[BYTES_DROPPED] = "filter.bytes.dropped",
	[COUNT_CRASHED] = "filter.count.crashed", /* could not be handed over */
	[BYTES_CRASHED] = "filter.bytes.crashed",
	NULL,
};

struct filter {
	char *forward_to;
	struct cf_list exclude, include;
	struct cc_target *target;
};

#define AT(member) offsetof(struct filter, member)
static const struct cf_opt options[] = {
	{.name = "forward-to",
	 .type = CF_STR,
	 .offset = AT(forward_to),
	 .help = "handler section that gets what passes"},
	{.name = "exclude",
	 .type = CF_LIST,
	 .offset = AT(exclude),
	 .def = "",
	 .help = "types that are dropped; * ? [..] match any characters, dots too"},
	{.name = "include",
	 .type = CF_LIST,
	 .offset = AT(include),
	 .def = "",
	 .help = "types that pass, unless excluded; empty: all"},
	{0},
};

static int filter_check(const void *state, struct cc_host *host, struct cc_note *why)
{
	const struct filter *f = state;

	return cc_host_check_section(host, "forward-to", f->forward_to, why);
}

static int filter_init(void *state, struct cc_host *host, struct cc_note *why)
{
	struct filter *f = state;

	return cc_host_target(host, f->forward_to, &f->target, why);
}

static bool matches(const char *item, const char *type)
{
	if (strpbrk(item, "*?["))
		return fnmatch(item, type, FNM_NOESCAPE) == 0;
	return strcmp(item, type) == 0;
}

static bool any_matches(const struct cf_list *items, const char *type)
{
	for (size_t i = 0; i < items->count; i++)
		if (matches(items->items[i], type))
			return true;
	return false;
}

static bool passes(const struct filter *f, struct cc_bytes frame)
{
	char type[CC_TYPE_MAX + 1];

	memcpy(type, frame.data, frame.len); /* checked: at most CC_TYPE_MAX, no NUL */
	type[frame.len] = '\0';
	if (any_matches(&f->exclude, type))
		return false;
	return f->include.count == 0 || any_matches(&f->include, type);
}

/* How a message ended: `which` is one of the COUNT_*, its BYTES_* stand behind. */
static void end(struct cc_host *host, unsigned which, size_t bytes)
{
	cc_host_count(host, which, 1);
	cc_host_count(host, which + 1, bytes);
}

/* The sender of what does not go on is told, if he waits for an answer. */
static int refuse(struct cc_host *host, const struct cc_in *in, unsigned which, const char *code)
{
	end(host, which, in->msg->bytes);
	if (!in->shared)
		cc_host_hop_error(host, in->msg, code);
	return CC_DROPPED;
}

static int filter_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	struct filter *f = state;
	size_t bytes = in->msg->bytes;
	int r;

	cc_host_count(host, COUNT, 1);
	cc_host_count(host, BYTES, bytes);
	if (!passes(f, cc_msg_type(in->msg)))
		return refuse(host, in, COUNT_DROPPED, "noroute");
	r = cc_host_forward(host, f->target, in->msg);
	if (r == -CC_EBUSY)
		return refuse(host, in, COUNT_DROPPED, "busy");
	if (r < 0) {
		refuse(host, in, COUNT_CRASHED, "busy");
		return r;
	}
	end(host, r == 0 ? COUNT_OK : COUNT_DROPPED, bytes);
	return r;
}

const struct cc_handler filter_handler = {
	.name = "filter",
	.help = "passes some message types on to another handler and drops the rest",
	.roles = CC_ROLE_LOCAL | CC_ROLE_REMOTE,
	.run = CC_RUN_ROUTER,
	.state_size = sizeof(struct filter),
	.options = options,
	.counters = counters,
	.check = filter_check,
	.init = filter_init,
	.handle = filter_handle,
};
