/* SPDX-License-Identifier: ISC */
/* Documents that were made for gcf, GENI's reference: its verdicts, and where we differ. */
#include <stdio.h>
#include <string.h>

#include "cli/trust_vector.h"
#include "lib/base/util.h"
#include "lib/trust/speaksfor.h"

/* gcf's vectors have no date: they were recorded on 2026-11-21, too. */
#define GCF_DATE "2026-11-21T20:00:00Z"
#define GCF_ROOT "certs/ch-cert.pem"

/* Where gcf's verdict is wrong (spec geni-am 7), or was not recorded. */
static const struct {
	const char *cred, *caller;
} stricter[] = {
	/* a key of his own under alice's name: gcf compares names only, we compare keys */
	{"alice-slice", "mallory"},
};

static const struct {
	const char *tool, *user;
	bool accept;
} spoken[] = {
	{"portal", "urn:publicid:IDN+geni:gpo:gcf+user+carol", true},
	{"portal", "urn:publicid:IDN+geni:gpo:gcf+user+alice", false}, /* not by her */
	{"alice", "urn:publicid:IDN+geni:gpo:gcf+user+carol", false},  /* not for her */
};

static int run_cred(const struct trust_folder *f, const char *cred, const char *caller,
		    const char *target, const char *op, bool accept, struct cc_note *why)
{
	char name[128], file[128], cert[128];
	struct trust_question q = {.kind = TRUST_CRED, .target = target, .op = op};

	snprintf(name, sizeof(name), "%s by %s%s%s", cred, caller, op ? " for " : "", op ? op : "");
	snprintf(file, sizeof(file), "creds/%s.xml", cred);
	snprintf(cert, sizeof(cert), "certs/%s-cert.pem", caller);
	return trust_vector_run(f, name, file, cert, accept, q, why);
}

static int run_verdict(const struct trust_folder *f, const json_t *v, struct cc_note *why)
{
	const json_t *ops = json_object_get(v, "privileges");
	const char *cert = trust_vector_text(v, "cert"),
		   *op = json_string_value(json_array_get(ops, 0));
	bool accept = strcmp(trust_vector_text(v, "verdict"), "OK") == 0;
	struct trust_question q = {.kind = TRUST_GID};
	char file[128];

	if (json_array_size(ops) > 1)
		return cc_note_set(why, CC_EFORMAT, "verdicts.json asks for two privileges");
	if (!*cert)
		return run_cred(f, trust_vector_text(v, "cred"), trust_vector_text(v, "caller"),
				trust_vector_text(v, "target"), op, accept, why);
	snprintf(file, sizeof(file), "certs/%s-cert.pem", cert);
	return trust_vector_run(f, file, file, NULL, accept, q, why);
}

static int run_spoken(const struct trust_folder *f, const char *tool, const char *user, bool accept,
		      struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	cc_cleanup(tr_gid_unrefp) struct tr_gid *gid = NULL;
	cc_cleanup(cc_freep) char *text = NULL;
	char name[160], cert[128];
	struct cc_note reason = {0};
	size_t len;
	int r = trust_vector_read(f, "creds/carol-speaksfor-portal.xml", &text, &len, why);

	snprintf(cert, sizeof(cert), "certs/%s-cert.pem", tool);
	snprintf(name, sizeof(name), "carol-speaksfor-portal: %s for %s", tool,
		 strrchr(user, '+') + 1);
	if (!r)
		r = trust_vector_gids(f, cert, &gids, why);
	if (r)
		return r;
	r = tr_speaksfor_verify(f->verifier, text, len, f->now, &gids, user, &gid, NULL, &reason);
	trust_vector_add(f, name, accept, r, &reason);
	return 0;
}

int trust_vectors_gcf(struct trust_folder *f, const json_t *verdicts, struct cc_note *why)
{
	json_t *roots = json_pack("[s]", GCF_ROOT);
	const json_t *verdict;
	size_t i;
	int r = trust_vector_open(f, roots, false, why);

	json_decref(roots);
	cli_time_read(GCF_DATE, &f->now);
	f->now += TRUST_VECTOR_DAY;
	json_array_foreach(verdicts, i, verdict)
	{
		if (!r)
			r = run_verdict(f, verdict, why);
	}
	for (i = 0; i < CC_ARRAY_SIZE(stricter) && !r; i++)
		r = run_cred(f, stricter[i].cred, stricter[i].caller, NULL, NULL, false, why);
	for (i = 0; i < CC_ARRAY_SIZE(spoken) && !r; i++)
		r = run_spoken(f, spoken[i].tool, spoken[i].user, spoken[i].accept, why);
	return r;
}
