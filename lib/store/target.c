/* SPDX-License-Identifier: ISC */
#include "lib/store/target.h"

#include "lib/base/util.h"
#include "lib/store/schema.h"

#define DEADLINE_MS 5000
#define LONG_MS 600000 /* of one statement of a migration or a backup */

int st_target_fill(struct st_target *out, const char *url, const struct st_conf *conf,
		   struct cc_note *why)
{
	int ms = conf->deadline_ms > 0 ? conf->deadline_ms : DEADLINE_MS;

	*out = (struct st_target){.connect_ms = ms, .statement_ms = ms};
	return st_target_parse(url, out, why);
}

int st_target_open_long(struct st_conn **out, const struct st_target *target, bool create,
			bool read_only, struct cc_note *why)
{
	struct st_target t = *target;

	t.statement_ms = LONG_MS;
	t.create = create;
	t.read_only = read_only;
	return st_conn_open(out, &t, why);
}

static int migrate(const struct st_target *target, const struct st_conf *conf, int newest,
		   struct cc_note *why)
{
	cc_cleanup(st_conn_closep) struct st_conn *c = NULL;
	int r = st_target_open_long(&c, target, conf->create, false, why);

	return r ? r : st_schema_apply(c, newest, NULL, NULL, why);
}

int st_target_prepare(const struct st_target *target, const struct st_conf *conf, int64_t *schema,
		      struct cc_note *why)
{
	cc_cleanup(st_conn_closep) struct st_conn *c = NULL;
	struct st_target t = *target;
	int newest = st_schema_newest();
	struct st_schema s;
	int r;

	t.create = conf->create && conf->migrate;
	r = st_conn_open(&c, &t, why);
	if (!r)
		r = st_schema_look(c, &s, NULL, NULL, why);
	if (r)
		return r;
	if (s.foreign)
		return cc_note_set(why, CC_EDENIED, "there are tables of something else in it");
	if (s.number == 0 && !t.create)
		return cc_note_set(why, CC_ENOTFOUND,
				   "it is empty: ccfed store migrate makes a store of it");
	*schema = newest;
	if (s.number == newest)
		return 0;
	if (!conf->migrate)
		return cc_note_set(why, CC_EDENIED,
				   "its schema is %lld, this program's is %d: ccfed store migrate",
				   (long long)s.number, newest);
	return migrate(&t, conf, newest, why);
}
