/* SPDX-License-Identifier: ISC */
#include "lib/store/schema.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/digest.h"

static const char make_table[] = "CREATE TABLE IF NOT EXISTS migration ("
				 "number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
				 " checksum TEXT NOT NULL, at BIGINT NOT NULL)";

int st_schema_newest(void)
{
	int n = 0;

	while (st_migrations[n].sql)
		n++;
	return n;
}

static const struct st_migration *find(int64_t number)
{
	return number >= 1 && number <= st_schema_newest() ? &st_migrations[number - 1] : NULL;
}

int st_meta_get(struct st_tx *tx, const char *name, struct cc_buf *value)
{
	static const struct st_sql get = {"SELECT value FROM meta WHERE name = $1"};
	const struct st_value params[] = {st_text(name)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &get, params, 1, &rows);

	if (!r)
		r = st_next(rows);
	if (r <= 0)
		return r ? r : -CC_ENOTFOUND;
	return cc_buf_puts(value, st_get_text(rows, 0));
}

/* ---- look ---- */

struct look {
	struct st_schema schema;
	bool ours; /* the table of migrations is there */
	void (*problem)(void *arg, const char *text);
	void *arg;
	struct cc_note *why;
};

static int find_tables(struct st_tx *tx, struct look *l)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	bool any = false;
	int r = st_query(tx, &tx->conn->backend->columns, NULL, 0, &rows);

	while (!r && (r = st_next(rows)) == 1) {
		any = true;
		l->ours |= strcmp(st_get_text(rows, 0), "migration") == 0;
		r = 0;
	}
	l->schema.foreign = any && !l->ours;
	return r;
}

static int fault(struct look *l, int64_t number, const char *what)
{
	struct cc_note note;
	int r = cc_note_set(&note, CC_EDENIED, "migration %lld %s", (long long)number, what);

	if (l->problem) {
		l->problem(l->arg, note.text);
		return 0;
	}
	if (l->why)
		*l->why = note;
	return r;
}

static int judge(struct look *l, int64_t number, const char *checksum)
{
	const struct st_migration *m = find(number);
	int64_t before = l->schema.number;

	l->schema.number = number;
	if (!m)
		return fault(l, number,
			     "was applied by a newer program: this one does not know it; "
			     "install that one again");
	if (number != before + 1)
		return fault(l, number, "was applied, but not those before it");
	if (strcmp(m->checksum, checksum) != 0)
		return fault(l, number, "is not the one that was applied: its checksum differs");
	return 0;
}

static int read_migrations(struct st_tx *tx, void *arg)
{
	static const struct st_sql get = {"SELECT number, checksum FROM migration ORDER BY number"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	struct look *l = arg;
	int r = find_tables(tx, l);

	l->schema.number = 0;
	if (r || !l->ours)
		return r;
	r = st_query(tx, &get, NULL, 0, &rows);
	while (!r && (r = st_next(rows)) == 1)
		r = judge(l, st_get_int(rows, 0), st_get_text(rows, 1));
	return r;
}

int st_schema_alone(struct st_conn *c, enum st_mode mode, st_run_fn *run, void *arg,
		    struct cc_note *why)
{
	struct st_tx tx;
	int r = c->backend->begin(c, mode);

	st_tx_init(&tx, c);
	tx.any_size = true;
	if (!r)
		r = st_tx_run(&tx, run, arg);
	if (!r && mode == ST_WRITE)
		r = c->backend->commit(c);
	st_conn_tell(c, r, why);
	if (r || mode == ST_READ)
		c->backend->rollback(c);
	return r;
}

int st_schema_look(struct st_conn *c, struct st_schema *out,
		   void (*problem)(void *arg, const char *text), void *arg, struct cc_note *why)
{
	struct look l = {.problem = problem, .arg = arg, .why = why};
	int r = st_schema_alone(c, ST_READ, read_migrations, &l, why);

	if (!r)
		*out = l.schema;
	return r;
}

/* ---- apply ---- */

struct step {
	const struct st_migration *m;
	bool applied;
};

static int name_store(struct st_tx *tx)
{
	static const struct st_sql put = {"INSERT INTO meta (name, value) VALUES ('id', $1)"};
	char id[33];
	int r = st_random_hex(16, id);
	const struct st_value params[] = {st_text(id)};

	return r ? r : st_exec(tx, &put, params, 1, NULL);
}

static int record(struct st_tx *tx, const struct st_migration *m)
{
	static const struct st_sql put = {"INSERT INTO migration (number, name, checksum, at)"
					  " VALUES ($1, $2, $3, $4)"};
	const struct st_value params[] = {st_int(m->number), st_text(m->name), st_text(m->checksum),
					  st_int((int64_t)cc_clock_wall())};

	return st_exec(tx, &put, params, CC_ARRAY_SIZE(params), NULL);
}

static int apply_one(struct st_tx *tx, void *arg)
{
	static const struct st_sql count = {"SELECT COUNT(*) FROM migration WHERE number = $1"};
	struct st_conn *c = tx->conn;
	struct step *step = arg;
	const struct st_value params[] = {st_int(step->m->number)};
	int64_t n = 0;
	int r = c->backend->migrate_lock(c);

	if (!r)
		r = c->backend->script(c, make_table);
	/* another program may have been faster */
	if (!r)
		r = st_number(tx, &count, params, 1, &n);
	if (r || n)
		return r;
	r = c->backend->script(c, step->m->sql);
	if (!r)
		r = record(tx, step->m);
	if (!r && step->m->number == 1)
		r = name_store(tx);
	step->applied = r == 0;
	return r;
}

int st_schema_apply(struct st_conn *c, int last,
		    void (*each)(void *arg, int number, const char *name), void *arg,
		    struct cc_note *why)
{
	struct st_schema s;
	int r = st_schema_look(c, &s, NULL, NULL, why);

	if (!r && s.foreign)
		return cc_note_set(why, CC_EDENIED, "there are tables of something else in it");
	for (int64_t n = s.number + 1; !r && n <= last; n++) {
		struct step step = {.m = find(n)};

		r = st_schema_alone(c, ST_WRITE, apply_one, &step, why);
		if (!r && step.applied && each)
			each(arg, step.m->number, step.m->name);
	}
	return r ? r : st_schema_look(c, &s, NULL, NULL, why);
}
