/* SPDX-License-Identifier: ISC */
#pragma once
/* The argument `credentials`, for this folder: a text, or a list of texts and of structs. */
#include "lib/authz/authz.h"

enum { AZ_GIVEN_OTHER = AZ_OUTCOMES }; /* of another type than was asked for */

/** Whether it is one, of at most AZ_CREDENTIALS_MAX. @return 0, AZ_SHAPE. */
int az_given_check(const json_t *credentials, struct az_report *report);
size_t az_given_count(const json_t *credentials);
const json_t *az_given_at(const json_t *credentials, size_t i);
/**
 * The document of one, if it is of this type; a text alone is a geni_sfa. *out is borrowed. @return 0,
 * AZ_GIVEN_OTHER, AZ_SHAPE.
 */
int az_given_text(const json_t *item, const char *type, struct cc_bytes *out,
		  struct az_report *report);

/** Fills a report. @return outcome. */
int az_refuse(struct az_report *report, enum az_outcome outcome, int rule, const char *text);
