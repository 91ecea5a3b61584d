/* SPDX-License-Identifier: ISC */
/* How outcomes are reported, and what the GENI calls them. */
#include <stdio.h>

#include "lib/authz/given.h"

int az_refuse(struct az_report *report, enum az_outcome outcome, int rule, const char *text)
{
	report->rule = rule;
	cc_note_set(&report->why, CC_EDENIED, "%s", text);
	return (int)outcome;
}

int az_geni_code(enum az_outcome outcome)
{
	static const int codes[AZ_OUTCOMES] = {
		[AZ_CALLER_UNREADABLE] = 3,
		[AZ_CALLER_NONE] = 3,
		[AZ_CALLER_REFUSED] = 3,
		[AZ_SPEAKS_NONE] = 3,
		[AZ_SPEAKS_REFUSED] = 20,
		[AZ_NONE_GIVEN] = 3,
		[AZ_SHAPE] = 1,
		[AZ_UNREADABLE] = 20,
		[AZ_REFUSED] = 20,
		[AZ_UNTRUSTED] = 23,
		[AZ_EXPIRED] = 21,
		[AZ_HOLDER] = 22,
		[AZ_RIGHTS] = 3,
		[AZ_TARGET] = 22,
		[AZ_GONE] = 23,
		[AZ_UNDECIDED] = 5,
	};

	return outcome > 0 && outcome < AZ_OUTCOMES ? codes[outcome] : 5;
}
