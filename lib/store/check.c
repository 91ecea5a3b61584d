/* SPDX-License-Identifier: ISC */
/* st_check and st_migrate. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/util.h"
#include "lib/store/chain.h"
#include "lib/store/schema.h"
#include "lib/store/tables.h"
#include "lib/store/target.h"

int st_migrate(const struct st_conf *conf, void (*each)(void *arg, int number, const char *name),
	       void *arg, struct cc_note *why)
{
	cc_cleanup(st_conn_closep) struct st_conn *c = NULL;
	struct st_target target;
	struct st_schema s;
	int r = st_target_fill(&target, conf->url, conf, why);

	if (!r)
		r = st_target_open_long(&c, &target, conf->create, false, why);
	if (!r)
		r = st_schema_look(c, &s, NULL, NULL, why);
	if (!r && s.number == 0 && !conf->create)
		return cc_note_set(why, CC_ENOTFOUND, "there is no store in it");
	return r ? r : st_schema_apply(c, st_schema_newest(), each, arg, why);
}

/* ---- foreign keys ---- */

#define REFERENCES_MAX 128

struct check {
	void (*problem)(void *arg, const char *text);
	void *arg;
	unsigned problems;
	struct st_tables tables;
	unsigned n_orphans;
	struct orphans {
		struct st_sql count; /* text is ours, and lives as long as the connection */
		char text[200];
	} orphans[REFERENCES_MAX];
};

static void tell(void *arg, const char *text)
{
	struct check *k = arg;

	k->problems++;
	k->problem(k->arg, text);
}

static int add_reference(struct check *k, const struct st_rows *rows)
{
	const char *from = st_get_text(rows, 0), *to = st_get_text(rows, 1);
	const char *column = st_get_text(rows, 2), *key = st_get_text(rows, 3);
	struct orphans *o = &k->orphans[k->n_orphans];
	char *sql;

	if (k->n_orphans == REFERENCES_MAX)
		return -CC_ELIMIT;
	if (asprintf(&sql,
		     "SELECT COUNT(*) FROM \"%s\" a WHERE a.\"%s\" IS NOT NULL AND NOT EXISTS"
		     " (SELECT 1 FROM \"%s\" b WHERE b.\"%s\" = a.\"%s\")",
		     from, column, to, key, column) < 0)
		return -CC_ENOMEM;
	o->count.text = sql;
	snprintf(o->text, sizeof(o->text),
		 "rows of %.60s refer to rows of %.60s that are not there", from, to);
	k->n_orphans++;
	return 0;
}

static int look_for_orphans(struct st_tx *tx, struct check *k)
{
	struct st_rows *rows = NULL;
	int r = st_query(tx, &tx->conn->backend->references, NULL, 0, &rows);

	while (!r && (r = st_next(rows)) == 1)
		r = add_reference(k, rows);
	st_rows_close(rows);
	for (unsigned i = 0; i < k->n_orphans && !r; i++) {
		int64_t n = 0;

		r = st_number(tx, &k->orphans[i].count, NULL, 0, &n);
		if (!r && n > 0)
			tell(k, k->orphans[i].text);
	}
	return r;
}

/* ---- rows ---- */

static int look_at_row(void *arg, const struct st_table *t, const struct st_value *values)
{
	return 0;
}

/* What cannot be read, or is not of its column's type, is a finding. */
static int look_at_rows(struct st_tx *tx, struct check *k)
{
	int r = st_tables_read(tx, &k->tables);

	for (unsigned i = 0; i < k->tables.n && !r; i++) {
		r = st_table_walk(tx, k->tables.table[i], look_at_row, NULL);
		if (r != -CC_EFORMAT)
			continue;
		tell(k, tx->conn->why.text);
		tx->err = r = 0;
		tx->conn->failure = ST_FINE;
		tx->conn->why.code = 0;
	}
	return r;
}

static int judge(struct st_tx *tx, void *arg)
{
	struct st_audit_verdict v;
	struct check *k = arg;
	int r = tx->conn->backend->check(tx->conn, tell, k);

	if (!r)
		r = look_at_rows(tx, k);
	if (!r)
		r = look_for_orphans(tx, k);
	if (!r)
		r = st_chain_verify(tx, &v);
	if (!r && v.bad[0])
		tell(k, v.bad);
	return r;
}

static int check(struct st_conn *c, struct check *k, struct cc_note *why)
{
	struct st_schema s;
	char text[128];
	int r = st_schema_look(c, &s, tell, k, why);

	if (r)
		return r;
	if (s.foreign)
		return cc_note_set(why, CC_EDENIED, "there are tables of something else in it");
	if (s.number == 0)
		return cc_note_set(why, CC_ENOTFOUND, "there is no store in it");
	if (s.number < st_schema_newest()) {
		snprintf(text, sizeof(text), "its schema is %lld, this program's is %d: migrate it",
			 (long long)s.number, st_schema_newest());
		tell(k, text);
	}
	return st_schema_alone(c, ST_READ, judge, k, why);
}

static void check_deinit(struct check *k)
{
	st_tables_deinit(&k->tables);
	for (unsigned i = 0; i < k->n_orphans; i++)
		free((char *)k->orphans[i].count.text);
}

int st_check(const struct st_conf *conf, void (*problem)(void *arg, const char *text), void *arg,
	     unsigned *problems, struct cc_note *why)
{
	cc_cleanup(cc_freep) struct check *k = calloc(1, sizeof(*k));
	struct st_conn *c = NULL;
	struct st_target target;
	int r = st_target_fill(&target, conf->url, conf, why);

	if (!k)
		return cc_note_set(why, CC_ENOMEM, "no memory");
	k->problem = problem;
	k->arg = arg;
	if (!r)
		r = st_target_open_long(&c, &target, false, true, why);
	if (!r)
		r = check(c, k, why);
	st_conn_close(c);
	check_deinit(k);
	if (!r)
		*problems = k->problems;
	return r;
}
