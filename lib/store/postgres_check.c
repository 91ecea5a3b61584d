/* SPDX-License-Identifier: ISC */
/* PostgreSQL: what it says of itself. A server with data checksums tells of pages that rotted when they are read. */
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/store/postgres_int.h"
#include "lib/store/tx.h"

static int tell(struct st_tx *tx, const struct st_sql *sql, const char *what,
		void (*problem)(void *arg, const char *text), void *arg)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, sql, NULL, 0, &rows);

	while (!r && (r = st_next(rows)) == 1) {
		char text[256];

		snprintf(text, sizeof(text), "%s %s", st_get_text(rows, 0), what);
		problem(arg, text);
		r = 0;
	}
	return r;
}

int st_pg_check(struct st_conn *c, void (*problem)(void *arg, const char *text), void *arg)
{
	static const struct st_sql indexes = {
		"SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
		" WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid"};
	static const struct st_sql constraints = {
		"SELECT conname::text FROM pg_constraint"
		" WHERE connamespace = current_schema()::regnamespace AND NOT convalidated"};
	static const struct st_sql disabled = {
		"SELECT c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
		" WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled = 'D'"};
	struct st_tx tx;
	int r;

	st_tx_init(&tx, c);
	r = tell(&tx, &indexes, "is an index that is not valid", problem, arg);
	if (!r)
		r = tell(&tx, &constraints, "is a constraint that was not validated", problem, arg);
	if (!r)
		r = tell(&tx, &disabled, "is a table whose triggers are disabled", problem, arg);
	return r;
}
