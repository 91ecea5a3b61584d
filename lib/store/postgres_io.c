/* SPDX-License-Identifier: ISC */
/* PostgreSQL: waiting with a bound, and what a failure means. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/postgres_int.h"

#define GRACE_MS 500 /* for the server's own timeout to arrive */

int64_t st_pg_end(const struct st_pg *p)
{
	int ms = st_conn_patience(&p->base);

	return cc_clock_ms() + ms + (ms == p->base.statement_ms ? GRACE_MS : 0);
}

int st_pg_lost(struct st_pg *p)
{
	const char *text = PQerrorMessage(p->conn);
	size_t len = strcspn(text, "\n");

	return st_conn_fail(&p->base, ST_FAIL_LOST, CC_ESYS, "PostgreSQL: %.*s", (int)len,
			    len ? text : "the connection was lost");
}

int st_pg_wait(struct st_pg *p, int64_t end)
{
	for (;;) {
		int unsent = PQflush(p->conn);
		int64_t left = end - cc_clock_ms();
		struct pollfd fd = {.fd = PQsocket(p->conn), .events = POLLIN};

		if (unsent < 0)
			return st_pg_lost(p);
		if (!PQisBusy(p->conn))
			return 0;
		if (left <= 0)
			return st_conn_fail(&p->base, ST_FAIL_LOST, CC_ETIMEOUT,
					    "PostgreSQL does not answer");
		fd.events |= unsent ? POLLOUT : 0;
		if (poll(&fd, 1, (int)left) < 0 && errno != EINTR)
			return st_pg_lost(p);
		if (fd.revents && !PQconsumeInput(p->conn))
			return st_pg_lost(p);
	}
}

/* ---- what a failure means ---- */

/* By the beginning of SQLSTATE; the first that fits. */
static const struct {
	const char *state;
	enum st_failure failure;
	int code;
} failures[] = {
	{"23", ST_FAIL_STATEMENT, CC_EEXIST},	    /* a constraint */
	{"40", ST_FAIL_AGAIN, CC_ETIMEOUT},	    /* serialization, deadlock */
	{"55P03", ST_FAIL_STATEMENT, CC_ETIMEOUT},  /* lock_timeout */
	{"57014", ST_FAIL_STATEMENT, CC_ETIMEOUT},  /* statement_timeout */
	{"57P", ST_FAIL_LOST, CC_ESYS},		    /* shuts down, crashed, starts up */
	{"08P01", ST_FAIL_STATEMENT, CC_EINTERNAL}, /* not the parameters it was made for */
	{"08", ST_FAIL_LOST, CC_ESYS},		    /* connection */
	{"25P", ST_FAIL_LOST, CC_ESYS},		    /* idle in transaction for too long */
	{"26", ST_FAIL_LOST, CC_ESYS},		    /* it does not know our statement: a pooler */
	{"0A000", ST_FAIL_LOST, CC_ESYS},	    /* a statement of before a migration */
	{"53100", ST_FAIL_TX, CC_ESYS},		    /* disk full */
	{"53", ST_FAIL_TX, CC_ESYS},		    /* other resources */
	{"58", ST_FAIL_TX, CC_ESYS},		    /* I/O */
	{"54", ST_FAIL_STATEMENT, CC_ELIMIT},	    /* too long for an index */
	{"XX", ST_FAIL_TX, CC_ESYS},		    /* corruption */
	{"25006", ST_FAIL_TX, CC_ESYS},		    /* a standby: it only reads */
	{"", ST_FAIL_STATEMENT, CC_EINTERNAL},
};

int st_pg_fail(struct st_pg *p, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	size_t i = 0;

	/* libpq made the error itself */
	if (!state)
		return st_pg_lost(p);
	while (strncmp(state, failures[i].state, strlen(failures[i].state)) != 0)
		i++;
	if (strcmp(state, "53100") == 0)
		text = "the disk is full";
	return st_conn_fail(&p->base, failures[i].failure, failures[i].code, "PostgreSQL: %s (%s)",
			    text ? text : "refused", state);
}

/* ---- sending and receiving ---- */

int st_pg_send_later(struct st_pg *p)
{
	for (unsigned i = 0; i < p->n_later; i++)
		if (!PQsendQueryParams(p->conn, p->later[i], 0, NULL, NULL, NULL, NULL, 1))
			return st_pg_lost(p);
	p->begun |= p->n_later > 0;
	p->n_later = 0;
	return 0;
}

/* All results of one command; the first is kept. */
static int take_command(struct st_pg *p, int64_t end, PGresult **out)
{
	PGresult *res;
	int r;

	*out = NULL;
	for (;;) {
		r = st_pg_wait(p, end);
		if (r)
			return r;
		res = PQgetResult(p->conn);
		if (!res)
			break;
		if (*out)
			PQclear(res);
		else
			*out = res;
	}
	/* a command without any: the connection broke */
	return *out ? 0 : st_pg_lost(p);
}

static int judge_command(struct st_pg *p, const PGresult *res)
{
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		return 0;
	case PGRES_PIPELINE_ABORTED: /* by one before it, whose failure is noted */
		return -CC_ESYS;
	case PGRES_FATAL_ERROR:
		return st_pg_fail(p, res);
	default:
		return st_conn_fail(&p->base, ST_FAIL_LOST, CC_EINTERNAL,
				    "PostgreSQL: an answer of an unexpected kind");
	}
}

static int take_sync(struct st_pg *p, int64_t end)
{
	PGresult *res;
	bool is_sync;
	int r = st_pg_wait(p, end);

	if (r)
		return r;
	res = PQgetResult(p->conn);
	is_sync = res && PQresultStatus(res) == PGRES_PIPELINE_SYNC;
	PQclear(res);
	return is_sync ? 0 : st_pg_lost(p);
}

int st_pg_exchange(struct st_pg *p, unsigned commands, unsigned *good, PGresult **last)
{
	int64_t end = st_pg_end(p);
	int r = PQpipelineSync(p->conn) ? 0 : st_pg_lost(p);
	PGresult *res = NULL;
	int first = 0;

	*good = 0;
	for (unsigned i = 0; i < commands && !r; i++) {
		PQclear(res);
		r = take_command(p, end, &res);
		if (!r && !first)
			first = judge_command(p, res);
		*good += !r && !first;
	}
	if (!r)
		r = take_sync(p, end);
	if (!r)
		r = first;
	if (!r && last)
		*last = cc_steal(&res);
	PQclear(res);
	return r;
}

int st_pg_flush_later(struct st_pg *p, PGresult **last)
{
	unsigned good, n = p->n_later;
	int r = st_pg_send_later(p);

	return r ? r : st_pg_exchange(p, n, &good, last);
}
