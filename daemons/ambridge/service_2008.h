/* SPDX-License-Identifier: ISC */
#pragma once
/* What the names of 2008 have of their own: records and numbers. */
#include "daemons/ambridge/service_int.h"

/**
 * Makes a record of 2008 one of today, in place. @return 0, 1 (refused, why), -CC_ENOMEM.
 */
int ab_2008_record_read(json_t *record, struct cc_note *why);
/**
 * Makes the registry's records those of 2008; an authority is two. *out: a new reference. @return 0,
 * -CC_EFORMAT (what the registry never answers), -CC_ELIMIT, -CC_ENOMEM.
 */
int ab_2008_records_write(const json_t *records, json_t **out);
/** The UUID of a decimal number below 2^128. @return whether it is one. */
bool ab_2008_uuid(const char *number, char out[37]);
