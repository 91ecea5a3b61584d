/* SPDX-License-Identifier: ISC */
#pragma once
/* From a configuration to a store that is there and has the schema of this program. */
#include "lib/store/conn.h"

/** url is borrowed, for as long as out is used. @return 0, -CC_EINVAL. */
int st_target_fill(struct st_target *out, const char *url, const struct st_conf *conf,
		   struct cc_note *why);
/** A connection for long work: with the patience of an administrator. @return as st_open. */
int st_target_open_long(struct st_conn **out, const struct st_target *target, bool create,
			bool read_only, struct cc_note *why);
/** Looks at the schema, and migrates if conf says so. @return as st_open. */
int st_target_prepare(const struct st_target *target, const struct st_conf *conf, int64_t *schema,
		      struct cc_note *why);
