/* SPDX-License-Identifier: ISC */
/* The terms of use: who accepted them, and until when (spec jfed section 4). */
#include <string.h>

#include "handlers/aggregate/aggregate.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

#define SPARE_SECONDS                                                                              \
	600 /* one that ends sooner counts no more: not in the middle of an experiment */

struct terms {
	struct agg_call *call;
	const char *urn;
	char name[TR_NAME_MAX + 1]; /* of the user, as names compare */
	int64_t until, accepted;
	char version[64];
	bool found;
};

static int run_find(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"SELECT version, accepted, until FROM terms WHERE name = $1"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	struct terms *t = arg;
	int r = st_query(tx, &sql, (struct st_value[]){st_text(t->name)}, 1, &rows);

	t->found = false;
	if (r || (r = st_next(rows)) <= 0)
		return r;
	t->found = true;
	snprintf(t->version, sizeof(t->version), "%s", st_get_text(rows, 0));
	t->accepted = st_get_int(rows, 1);
	t->until = st_get_int(rows, 2);
	return 0;
}

/* Another version must be accepted anew (spec jfed 28). */
static bool holds(const struct terms *t, const struct agg_call *c)
{
	return t->found && t->until >= c->now + SPARE_SECONDS &&
	       strcmp(t->version, c->agg->terms_version) == 0;
}

int agg_terms_check(struct agg_call *c)
{
	const struct tr_gid *real = az_caller_real(&c->caller);
	struct terms t = {.call = c};
	int r;

	if (!*c->agg->terms_url)
		return 0;
	agg_slice_key(real ? real->urn : "", t.name);
	r = agg_read(c, run_find, &t);
	if (r)
		return r;
	/* clients look for one marker or for the other (spec jfed 25) */
	return holds(&t, c)
		       ? 0
		       : agg_refuse(c, AGG_REFUSED,
				    "[T&C-APPROVAL-MISSING] Approval of the Terms & Conditions is "
				    "required in order to use this testbed. Please visit %.120s "
				    "[GDPR-CONSENT-MISSING]",
				    c->agg->terms_url);
}

/* ---- for operators ---- */

static int take_user(struct agg_call *c, struct terms *t)
{
	struct tr_urn urn;
	size_t len;
	int r = agg_arg_text(c, "user", &t->urn, &len);

	if (r)
		return r;
	if (strlen(t->urn) != len || tr_urn_parse_text(t->urn, &urn, NULL) != 0)
		return agg_refuse(c, AGG_BADARGS, "user: the URN of a user is wanted");
	agg_slice_key(t->urn, t->name);
	return 0;
}

static int answer(struct terms *t)
{
	struct agg_call *c = t->call;
	char accepted[32], until[32];

	json_decref(c->value);
	if (!t->found)
		c->value = json_pack("{s:s, s:b}", "user_urn", t->urn, "testbed_access", 0);
	else
		c->value =
			json_pack("{s:s, s:b, s:s, s:s, s:s}", "user_urn", t->urn, "testbed_access",
				  holds(t, c), "accepted", cc_clock_text(t->accepted, accepted),
				  "until", cc_clock_text(t->until, until), "version", t->version);
	return c->value ? 0 : cc_raise(CC_ENOMEM);
}

int agg_terms_show(struct agg_call *c)
{
	struct terms t = {.call = c};
	int r = take_user(c, &t);

	if (!r)
		r = agg_read(c, run_find, &t);
	return r ? r : answer(&t);
}

static int run_accept(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"INSERT INTO terms (name, urn, version, accepted, until) VALUES ($1, $2, $3, $4, "
		"$5) "
		"ON CONFLICT (name) DO UPDATE SET version = $3, accepted = $4, until = $5"};
	struct terms *t = arg;
	int r = st_exec(tx, &sql,
			(struct st_value[]){st_text(t->name), st_text(t->urn), st_text(t->version),
					    st_int(t->accepted), st_int(t->until)},
			5, NULL);

	return r ? r : answer(t);
}

int agg_terms_accept(struct agg_call *c)
{
	const json_t *days = json_object_get(c->args, "days");
	struct terms t = {.call = c, .found = true, .accepted = c->now};
	int64_t n = days ? json_integer_value(days) : c->agg->terms_days;
	int r = take_user(c, &t);

	if (!r && (n < 1 || n > 3650))
		return agg_refuse(c, AGG_BADARGS, "days: a number from 1 to 3650 is wanted");
	snprintf(t.version, sizeof(t.version), "%s", c->agg->terms_version);
	t.until = c->now + n * AGG_DAY;
	return r ? r : agg_write(c, run_accept, &t);
}

static int run_revoke(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {"DELETE FROM terms WHERE name = $1"};
	struct terms *t = arg;
	int64_t changed = 0;
	int r = st_exec(tx, &sql, (struct st_value[]){st_text(t->name)}, 1, &changed);

	if (!r && !changed)
		return agg_refuse(t->call, AGG_SEARCHFAILED, "%.180s has accepted nothing", t->urn);
	t->found = false;
	return r ? r : answer(t);
}

int agg_terms_revoke(struct agg_call *c)
{
	struct terms t = {.call = c};
	int r = take_user(c, &t);

	return r ? r : agg_write(c, run_revoke, &t);
}
