/* SPDX-License-Identifier: ISC */
/* For whom the caller speaks (spec geni-am 7). */
#include "lib/authz/given.h"

int az_caller_speaks(struct tr_verifier *v, struct az_caller *c, const json_t *credentials,
		     const char *speaking_for, int64_t now, struct az_report *report)
{
	struct cc_note why = {0};
	int r, outcome = AZ_SPEAKS_NONE, first = 0;

	if (!speaking_for || !*speaking_for)
		return 0;
	r = az_given_check(credentials, report);
	if (r)
		return r;
	for (size_t i = 0; i < az_given_count(credentials); i++) {
		struct cc_bytes text;
		struct cc_note note = {0};
		struct tr_gid *user = NULL;

		/* what has no form at all is told by az_allow, if nothing else helps */
		if (az_given_text(az_given_at(credentials, i), "geni_abac", &text, report) != 0)
			continue;
		r = tr_speaksfor_verify(v, (const char *)text.data, text.len, now, &c->chain,
					speaking_for, &user, &c->until, &note);
		if (r < 0)
			return r;
		if (r == 0) {
			tr_gid_unref(c->user);
			c->user = user;
			return 0;
		}
		if (outcome != AZ_SPEAKS_REFUSED) {
			outcome = AZ_SPEAKS_REFUSED;
			first = r;
			why = note;
		}
	}
	if (outcome == AZ_SPEAKS_NONE)
		return az_refuse(report, AZ_SPEAKS_NONE, 0,
				 "geni_speaking_for wants a geni_abac credential of that user");
	report->rule = first;
	report->why = why;
	return outcome;
}
