/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The route table: type prefixes of whole dotted components -> handlers (spec cc-bus B3). Every
 * matching prefix fires, shortest first, its handlers in file order.
 */
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/cc/msg.h"
#include "lib/conf/ini.h"

#define SRV_TARGETS_MAX 16 /* handlers of one message */
#define SRV_PREFIX_DEPTH 3 /* components of the longest prefix, as the original */

struct srv_router;

/**
 * Turns a handler section's name into its index. @return >= 0, or a negative error with why;
 * -CC_ENOTFOUND: there is no such section.
 */
typedef int srv_handler_index_fn(void *arg, const char *section, struct cc_note *why);

/** Whether the handler of an index answers requests itself. */
typedef bool srv_handler_answers_fn(void *arg, unsigned index);

/**
 * Builds the table from [routes], and checks what each prefix and those above it add up to: at most
 * SRV_TARGETS_MAX calls, and one that answers. @return 0 or a negative error with why ("FILE:LINE:
 * ...").
 */
int srv_router_new(struct srv_router **out, const struct cf_section *routes,
		   srv_handler_index_fn *index, srv_handler_answers_fn *answers, void *arg,
		   struct cc_note *why);
void srv_router_free(struct srv_router *r);
/** Handlers for a valid type, in order of call. One thread. @return how many (0: no route). */
unsigned srv_router_find(struct srv_router *r, struct cc_bytes type,
			 uint16_t targets[SRV_TARGETS_MAX]);
