/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Which store has the records of an authority: that of its .dbinfo, else of the nearest authority above
 * with one, else the registry's own (architecture section 6, spec sfa 6). A .dbinfo is a JSON object
 * {"store": URL}.
 */
#include "lib/registry/name.h"
#include "lib/store/store.h"

#define REG_STORES_MAX 64

struct reg_stores; /* any thread */

/** Takes the registry's own store. conf: how others are opened. @return 0, -CC_ENOMEM. */
int reg_stores_new(struct st_store **own, const char *authorities, const struct st_conf *conf,
		   struct reg_stores **out);
void reg_stores_free(struct reg_stores *s);
/**
 * The store of an authority (the store's form, "" is ours). Borrowed. Waits for its own opening of one,
 * never for another's. @return 0, -CC_EBUSY (it is being opened, or was out of reach just now), negative
 * with why.
 */
int reg_store_of(struct reg_stores *s, const char *authority, struct st_store **out,
		 struct cc_note *why);
/** .dbinfo of all authorities is read again when next asked for. */
void reg_stores_forget(struct reg_stores *s);
