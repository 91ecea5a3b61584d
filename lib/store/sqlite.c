/* SPDX-License-Identifier: ISC */
/*
 * SQLite: connections and transactions. WAL, and every commit is synced (synchronous=FULL): what is
 * acknowledged outlives a power cut. One writer at a time: BEGIN IMMEDIATE waits for another program.
 */
#include "lib/store/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"

#define OPS_BETWEEN_LOOKS 20000 /* of SQLite's machine: under a millisecond */

int st_lite_fail(struct st_lite *l, int code)
{
	const char *text = l->db ? sqlite3_errmsg(l->db) : sqlite3_errstr(code);
	enum st_failure f = ST_FAIL_STATEMENT;
	int err = CC_EINTERNAL;

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		err = CC_EEXIST;
		break;
	case SQLITE_INTERRUPT:
		err = CC_ETIMEOUT;
		break;
	case SQLITE_TOOBIG:
		err = CC_ELIMIT;
		break;
	case SQLITE_NOMEM:
		err = CC_ENOMEM;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		f = ST_FAIL_AGAIN;
		err = CC_ETIMEOUT;
		break;
	case SQLITE_READONLY:
		f = ST_FAIL_TX;
		err = CC_ESYS;
		break;
	case SQLITE_FULL:
		f = ST_FAIL_TX;
		err = CC_ESYS;
		text = "the disk is full";
		break;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH:
		break;
	default:
		f = ST_FAIL_LOST; /* I/O, corruption, the file is gone: only a new connection helps */
		err = CC_ESYS;
	}
	/* some failures undo the whole transaction, savepoints included */
	if (l->in_tx && f == ST_FAIL_STATEMENT && l->db && sqlite3_get_autocommit(l->db))
		f = ST_FAIL_TX;
	return st_conn_fail(&l->base, f, err, "SQLite: %s", text);
}

void st_lite_start(struct st_lite *l)
{
	l->statement_end = cc_clock_ms() + st_conn_patience(&l->base);
}

int st_lite_script(struct st_conn *c, const char *text)
{
	struct st_lite *l = st_lite_of(c);
	int code;

	st_lite_start(l);
	code = sqlite3_exec(l->db, text, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : st_lite_fail(l, code);
}

/* ---- connection ---- */

static int look_at_clock(void *arg)
{
	const struct st_lite *l = arg;

	return cc_clock_ms() >= l->statement_end;
}

/* COLLATE "C": octets, as PostgreSQL's. */
static int compare_octets(void *arg, int a_len, const void *a, int b_len, const void *b)
{
	int r = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));

	return r ? r : (a_len > b_len) - (a_len < b_len);
}

static void lite_close(struct st_conn *c)
{
	struct st_lite *l = st_lite_of(c);

	st_lite_forget(l);
	cc_map_deinit(&l->statements);
	sqlite3_close_v2(l->db);
	free(l);
}

static int switch_to_wal(struct st_lite *l)
{
	sqlite3_stmt *stmt = NULL;
	bool wal = false;
	int code = sqlite3_prepare_v2(l->db, "PRAGMA journal_mode=WAL", -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		wal = strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	sqlite3_finalize(stmt);
	if (code != SQLITE_ROW)
		return st_lite_fail(l, code);
	return wal ? 0
		   : st_conn_fail(
			     &l->base, ST_FAIL_LOST, CC_ESYS,
			     "SQLite cannot keep a write-ahead log there: a network file system?");
}

/* The switch to WAL is not waited for by busy_timeout: another program may be at it. */
static int switch_patiently(struct st_lite *l)
{
	int64_t end = cc_clock_ms() + l->base.statement_ms;
	int r;

	do {
		l->base.failure = ST_FINE;
		l->base.why.code = 0;
		r = switch_to_wal(l);
	} while (l->base.failure == ST_FAIL_AGAIN && cc_clock_ms() < end && sqlite3_sleep(10) >= 0);
	return r;
}

static int configure(struct st_lite *l, const struct st_target *target)
{
	int r;

	sqlite3_extended_result_codes(l->db, 1);
	sqlite3_busy_timeout(l->db, target->statement_ms);
	sqlite3_limit(l->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(l->db, OPS_BETWEEN_LOOKS, look_at_clock, l);
	if (sqlite3_create_collation(l->db, "C", SQLITE_UTF8, NULL, compare_octets) != SQLITE_OK)
		return st_lite_fail(l, SQLITE_NOMEM);
	r = st_lite_script(&l->base, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
				     "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
				     "PRAGMA journal_size_limit=67108864");
	if (!r && target->read_only)
		r = st_lite_script(&l->base, "PRAGMA query_only=ON");
	else if (!r)
		r = switch_patiently(l);
	return r;
}

/* Made here, not by SQLite: what is in it concerns its owner only, and its name is to outlive a cut. */
static int make_file(const char *path, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *folder = NULL;
	cc_cleanup(cc_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	cc_cleanup(cc_closep) int dir = -1;
	const char *slash = strrchr(path, '/');

	if (fd < 0)
		return cc_note_set(why, CC_ESYS, "cannot create %s: %s", path, strerror(errno));
	folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!folder)
		return cc_note_set(why, CC_ENOMEM, "no memory");
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fsync(dir) < 0)
		return cc_note_set(why, CC_ESYS, "cannot sync %s: %s", folder, strerror(errno));
	return 0;
}

static int find_file(const struct st_target *target, const char *path, struct cc_note *why)
{
	if (access(path, F_OK) == 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return cc_note_set(why, CC_ESYS, "cannot open %s: %s", path, strerror(errno));
	if (!target->create)
		return cc_note_set(why, CC_ENOTFOUND, "there is no store %s", path);
	return make_file(path, why);
}

static int open_db(struct st_lite *l, const struct st_target *target, const char *path)
{
	int code = sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	return code == SQLITE_OK ? configure(l, target) : st_lite_fail(l, code);
}

static int lite_open(struct st_conn **out, const struct st_target *target, struct cc_note *why)
{
	/* sqlite:///var/lib is the same as sqlite:/var/lib */
	const char *path = strncmp(target->at, "///", 3) == 0 ? target->at + 2 : target->at;
	struct st_lite *l;
	int r;

	if (!*path || *path == ':')
		return cc_note_set(why, CC_EINVAL, "sqlite: wants the path of a file");
	r = find_file(target, path, why);
	if (r)
		return r;
	l = calloc(1, sizeof(*l));
	if (!l)
		return cc_note_set(why, CC_ENOMEM, "no memory");
	l->base = (struct st_conn){
		.backend = &st_sqlite, .statement_ms = target->statement_ms, .until = INT64_MAX};
	cc_map_init(&l->statements);
	r = open_db(l, target, path);
	if (r) {
		cc_note_set(why, -r, "%s: %.200s", path, l->base.why.text);
		lite_close(&l->base);
		return r;
	}
	*out = &l->base;
	return 0;
}

/* ---- transactions ---- */

static const struct st_sql sql_begin = {"BEGIN"}, sql_begin_write = {"BEGIN IMMEDIATE"},
			   sql_commit = {"COMMIT"}, sql_rollback = {"ROLLBACK"},
			   sql_mark = {"SAVEPOINT s"}, sql_unmark = {"RELEASE s"},
			   sql_back = {"ROLLBACK TO s"};

static int run(struct st_conn *c, const struct st_sql *sql)
{
	return st_lite_exec(c, sql, NULL, 0, NULL);
}

static int lite_begin(struct st_conn *c, enum st_mode mode)
{
	int r;

	c->failure = ST_FINE;
	c->why.code = 0;
	sqlite3_busy_timeout(st_lite_of(c)->db, st_conn_patience(c));
	r = run(c, mode == ST_WRITE ? &sql_begin_write : &sql_begin);
	st_lite_of(c)->in_tx = r == 0;
	return r;
}

static int lite_commit(struct st_conn *c)
{
	int r = run(c, &sql_commit);

	if (!r)
		st_lite_of(c)->in_tx = false;
	return r;
}

static void lite_rollback(struct st_conn *c)
{
	struct st_lite *l = st_lite_of(c);

	if (!sqlite3_get_autocommit(l->db) && run(c, &sql_rollback) != 0 &&
	    !sqlite3_get_autocommit(l->db))
		c->failure = ST_FAIL_LOST;
	l->in_tx = false;
}

static int lite_mark(struct st_conn *c)
{
	return run(c, &sql_mark);
}

static int lite_unmark(struct st_conn *c)
{
	return run(c, &sql_unmark);
}

static int lite_back(struct st_conn *c)
{
	int r = run(c, &sql_back);

	return r ? r : run(c, &sql_unmark);
}

/* BEGIN IMMEDIATE has it already. */
static int lite_migrate_lock(struct st_conn *c)
{
	return 0;
}

static const char *const schemes[] = {"sqlite:", NULL};

const struct st_backend st_sqlite = {
	.name = "sqlite",
	.schemes = schemes,
	.lost_tries = 5, /* another process is not the reason: a disk is */
	.open = lite_open,
	.close = lite_close,
	.begin = lite_begin,
	.commit = lite_commit,
	.rollback = lite_rollback,
	.mark = lite_mark,
	.unmark = lite_unmark,
	.back = lite_back,
	.exec = st_lite_exec,
	.query = st_lite_query,
	.next = st_lite_next,
	.done = st_lite_done,
	.script = st_lite_script,
	.migrate_lock = lite_migrate_lock,
	.check = st_lite_check,
	.columns = {"SELECT m.name, p.name, p.type, p.pk"
		    " FROM sqlite_schema m JOIN pragma_table_info(m.name) p"
		    " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
		    " ORDER BY m.name, p.cid"},
	.references = {"SELECT m.name, f.\"table\", f.\"from\", f.\"to\""
		       " FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f"
		       " WHERE m.type = 'table' ORDER BY 1, 2, 3"},
};
