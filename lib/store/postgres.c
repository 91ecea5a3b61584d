/* SPDX-License-Identifier: ISC */
/*
 * PostgreSQL: connections and transactions. Nothing blocks without a bound, except that libpq looks a
 * host's name up by the system's resolver, with its timeouts: an address has none.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/store/postgres_int.h"

#define VERSION_LEAST 150000
#define MIGRATE_LOCK "4854270123" /* any number, the same in every ccserver */

/* ---- connection ---- */

static void log_notice(void *arg, const PGresult *res)
{
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	cc_debug("PostgreSQL: %s", text ? text : "a notice");
}

static void pg_close(struct st_conn *c)
{
	struct st_pg *p = st_pg_of(c);

	st_pg_forget(p);
	cc_map_deinit(&p->prepared);
	PQfinish(p->conn);
	free(p);
}

static int wait_connected(struct st_pg *p, int64_t end)
{
	/* as if the last word had been: write */
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want != PGRES_POLLING_OK) {
		struct pollfd fd = {.fd = PQsocket(p->conn)};
		int64_t left = end - cc_clock_ms();
		int n;

		if (want == PGRES_POLLING_FAILED)
			return st_pg_lost(p);
		if (left <= 0)
			return st_conn_fail(&p->base, ST_FAIL_LOST, CC_ETIMEOUT,
					    "PostgreSQL does not answer");
		fd.events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		n = poll(&fd, 1, (int)left);
		if (n < 0 && errno != EINTR)
			return st_pg_lost(p);
		if (n > 0)
			want = PQconnectPoll(p->conn);
	}
	return 0;
}

static int pg_connect(struct st_pg *p, const struct st_target *target)
{
	static const char *const words[] = {"dbname", "client_encoding",
					    "fallback_application_name", NULL};
	const char *const values[] = {target->at, "UTF8", "ccfed", NULL};

	p->conn = PQconnectStartParams(words, values, 1);
	if (!p->conn)
		return st_conn_fail(&p->base, ST_FAIL_LOST, CC_ENOMEM, "no memory");
	if (PQstatus(p->conn) == CONNECTION_BAD)
		return st_pg_lost(p);
	PQsetNoticeReceiver(p->conn, log_notice, NULL);
	return wait_connected(p, cc_clock_ms() + target->connect_ms);
}

/* Statements without parameters, in the simple protocol, which pipeline mode does not know. */
static int simple(struct st_pg *p, const char *text)
{
	int64_t end = st_pg_end(p);
	int first = 0, r;

	if (!PQsendQuery(p->conn, text))
		return st_pg_lost(p);
	while (!(r = st_pg_wait(p, end))) {
		PGresult *res = PQgetResult(p->conn);

		if (!res)
			return first;
		if (PQresultStatus(res) != PGRES_COMMAND_OK &&
		    PQresultStatus(res) != PGRES_TUPLES_OK && !first)
			first = st_pg_fail(p, res);
		PQclear(res);
	}
	return r;
}

/* The server ends what takes too long, too, and a transaction that nobody goes on with. */
static int pg_configure(struct st_pg *p)
{
	const char *encoding = PQparameterStatus(p->conn, "server_encoding");
	char text[512];
	int r;

	if (PQserverVersion(p->conn) < VERSION_LEAST)
		return st_conn_fail(&p->base, ST_FAIL_LOST, CC_EDENIED,
				    "PostgreSQL 15 or newer is wanted, not %d",
				    PQserverVersion(p->conn) / 10000);
	if (!encoding || strcmp(encoding, "UTF8") != 0)
		return st_conn_fail(&p->base, ST_FAIL_LOST, CC_EDENIED,
				    "the database's encoding has to be UTF8");
	snprintf(text, sizeof(text),
		 "SET statement_timeout = %d; SET idle_in_transaction_session_timeout = 60000;"
		 "SELECT set_config('synchronous_commit', 'on', false)"
		 " WHERE current_setting('synchronous_commit') = 'off'",
		 p->base.statement_ms);
	if (PQsetnonblocking(p->conn, 1) != 0)
		return st_pg_lost(p);
	r = simple(p, text);
	if (!r && !PQenterPipelineMode(p->conn))
		r = st_pg_lost(p);
	return r;
}

static int pg_open(struct st_conn **out, const struct st_target *target, struct cc_note *why)
{
	struct st_pg *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return cc_note_set(why, CC_ENOMEM, "no memory");
	p->base = (struct st_conn){
		.backend = &st_postgres, .statement_ms = target->statement_ms, .until = INT64_MAX};
	cc_map_init(&p->prepared);
	r = pg_connect(p, target);
	if (!r)
		r = pg_configure(p);
	if (r) {
		st_conn_tell(&p->base, r, why);
		pg_close(&p->base);
		return r;
	}
	*out = &p->base;
	return 0;
}

/* ---- transactions ---- */

static const char text_mark[] = "SAVEPOINT s", text_unmark[] = "RELEASE SAVEPOINT s",
		  text_back[] = "ROLLBACK TO SAVEPOINT s";

static int later(struct st_pg *p, const char *text)
{
	int r = p->n_later == ST_PG_LATER_MAX ? st_pg_flush_later(p, NULL) : 0;

	if (!r)
		p->later[p->n_later++] = text;
	return r;
}

/* Whether the last word was to set a savepoint, and is taken back. */
static bool unsaid(struct st_pg *p)
{
	if (p->n_later == 0 || p->later[p->n_later - 1] != text_mark)
		return false;
	p->n_later--;
	return true;
}

static int pg_begin(struct st_conn *c, enum st_mode mode)
{
	struct st_pg *p = st_pg_of(c);

	c->failure = ST_FINE;
	c->why.code = 0;
	p->n_later = 0;
	p->begun = false;
	/* what must hold holds by constraints and conditional updates: to wait for another ccserver
	 * is better than to be refused for it */
	return later(p, mode == ST_WRITE ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
					 : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

static int pg_commit(struct st_conn *c)
{
	struct st_pg *p = st_pg_of(c);
	PGresult *res = NULL;
	bool committed;
	int r = later(p, "COMMIT");

	if (!r)
		r = st_pg_flush_later(p, &res);
	if (r)
		return r;
	/* of a transaction in which something failed it makes a rollback, and calls that success */
	committed = strcmp(PQcmdStatus(res), "COMMIT") == 0;
	PQclear(res);
	p->begun = false;
	return committed ? 0
			 : st_conn_fail(c, ST_FAIL_TX, CC_EINTERNAL, "the commit was a rollback");
}

static void pg_rollback(struct st_conn *c)
{
	struct st_pg *p = st_pg_of(c);

	p->n_later = 0;
	if (c->failure != ST_FAIL_LOST && p->begun && later(p, "ROLLBACK") == 0 &&
	    st_pg_flush_later(p, NULL) != 0)
		c->failure = ST_FAIL_LOST;
	p->begun = false;
}

static int pg_mark(struct st_conn *c)
{
	return later(st_pg_of(c), text_mark);
}

static int pg_unmark(struct st_conn *c)
{
	struct st_pg *p = st_pg_of(c);

	return unsaid(p) ? 0 : later(p, text_unmark);
}

static int pg_back(struct st_conn *c)
{
	struct st_pg *p = st_pg_of(c);
	int r = unsaid(p) ? 1 : later(p, text_back);

	return r ? (r < 0 ? r : 0) : later(p, text_unmark);
}

static int pg_script(struct st_conn *c, const char *text)
{
	struct st_pg *p = st_pg_of(c);
	int r = p->n_later ? st_pg_flush_later(p, NULL) : 0;

	if (r)
		return r;
	if (!PQexitPipelineMode(p->conn))
		return st_pg_lost(p);
	r = simple(p, text);
	if (p->base.failure != ST_FAIL_LOST && !PQenterPipelineMode(p->conn))
		r = st_pg_lost(p);
	return r;
}

static int pg_migrate_lock(struct st_conn *c)
{
	return pg_script(c, "SELECT pg_advisory_xact_lock(" MIGRATE_LOCK ")");
}

static const char *const schemes[] = {"postgresql:", "postgres:", NULL};

const struct st_backend st_postgres = {
	.name = "postgresql",
	.schemes = schemes,
	.whole_url = true,
	.lost_tries = 10000, /* the deadlines end it: a server comes back */
	.open = pg_open,
	.close = pg_close,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.mark = pg_mark,
	.unmark = pg_unmark,
	.back = pg_back,
	.exec = st_pg_exec,
	.query = st_pg_query,
	.next = st_pg_next,
	.done = st_pg_done,
	.script = pg_script,
	.migrate_lock = pg_migrate_lock,
	.check = st_pg_check,
	.columns = {"SELECT c.relname::text, a.attname::text, upper(format_type(a.atttypid, NULL)),"
		    " COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)"
		    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
		    " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
		    " WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
		    " AND a.attnum > 0 AND NOT a.attisdropped"
		    " ORDER BY c.relname COLLATE \"C\", a.attnum"},
	.references = {"SELECT t.relname::text, r.relname::text, a.attname::text, b.attname::text"
		       " FROM pg_constraint c"
		       " JOIN pg_class t ON t.oid = c.conrelid"
		       " JOIN pg_class r ON r.oid = c.confrelid"
		       " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]"
		       " JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = c.confkey[1]"
		       " WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace"
		       " ORDER BY 1, 2, 3"},
};
