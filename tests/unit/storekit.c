/* SPDX-License-Identifier: ISC */
#include "tests/unit/storekit.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

/* ---- a database for each test ---- */

/* A test may have two, so that the folder is the kit's. */
static struct kit *kit_new(void **state)
{
	struct kit *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	strcpy(k->folder, "/tmp/ccfed-test-XXXXXX");
	if (!mkdtemp(k->folder) || chdir(k->folder)) {
		free(k);
		return NULL;
	}
	return *state = k;
}

int kit_enter_sqlite(void **state)
{
	struct kit *k = kit_new(state);

	if (!k)
		return -1;
	snprintf(k->url, sizeof(k->url), "sqlite:%s/store.db", k->folder);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

/* A statement on the server itself, or on the database of a test. */
static int64_t pg_number(const char *url, const char *text)
{
	PGconn *c = PQconnectdb(url);
	PGresult *res = PQexec(c, text);
	int64_t found = -1;

	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", text, PQerrorMessage(c));
	if (PQntuples(res) > 0 && PQnfields(res) > 0)
		found = atoll(PQgetvalue(res, 0, 0));
	PQclear(res);
	PQfinish(c);
	return found;
}

static int name_database(struct kit *k, const char *server)
{
	static unsigned number;
	const char *slash = strrchr(server, '/');

	snprintf(k->database, sizeof(k->database), "test_%d_%u", (int)getpid(), ++number);
	return slash && snprintf(k->url, sizeof(k->url), "%.*s/%s", (int)(slash - server), server,
				 k->database) < (int)sizeof(k->url)
		       ? 0
		       : -1;
}

int kit_enter_postgres(void **state)
{
	const char *server = getenv("CCFED_TEST_PG");
	struct kit *k = kit_new(state);
	char text[128];

	if (!k)
		return -1;
	k->postgres = true;
	if (!server || !*server)
		return 0;
	if (name_database(k, server))
		return -1;
	snprintf(text, sizeof(text), "CREATE DATABASE %s", k->database);
	pg_number(server, text);
	return 0;
}

int kit_leave(void **state)
{
	struct kit *k = *state;
	int r;

	st_close(k->s);
	if (k->database[0]) {
		char text[128];

		snprintf(text, sizeof(text), "DROP DATABASE %s WITH (FORCE)", k->database);
		pg_number(getenv("CCFED_TEST_PG"), text);
	}
	r = chdir("/") ? -1 : nftw(k->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(k);
	return r;
}

struct kit *kit_of(void **state)
{
	struct kit *k = *state;

	if (!k->url[0]) {
		print_message("no CCFED_TEST_PG\n");
		skip();
	}
	return k;
}

struct st_conf kit_conf(const struct kit *k)
{
	return (struct st_conf){.url = k->url, .instance = "test", .migrate = true, .create = true};
}

struct st_store *kit_open(struct kit *k)
{
	struct st_conf conf = kit_conf(k);
	int r = st_open(&k->s, &conf, &k->why);

	if (r)
		fail_msg("open: %s", k->why.text);
	return k->s;
}

int64_t kit_in(double seconds)
{
	return cc_clock_ms() + (int64_t)(seconds * 1000);
}

/* ---- behind its back ---- */

static int octets(void *arg, int a_len, const void *a, int b_len, const void *b)
{
	int r = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));

	return r ? r : a_len - b_len;
}

static int first_number(void *arg, int n, char **columns, char **names)
{
	*(int64_t *)arg = n > 0 && columns[0] ? atoll(columns[0]) : -1;
	return 0;
}

static int64_t lite_number(const char *path, const char *text)
{
	int64_t found = -1;
	char *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	sqlite3_create_collation(db, "C", SQLITE_UTF8, NULL, octets);
	if (sqlite3_exec(db, text, first_number, &found, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	sqlite3_close(db);
	return found;
}

int64_t kit_number(const struct kit *k, const char *query)
{
	return k->postgres ? pg_number(k->url, query) : lite_number(strchr(k->url, ':') + 1, query);
}

void kit_sql(const struct kit *k, const char *text)
{
	kit_number(k, text);
}

/* ---- writes and reads ---- */

int kit_insert(struct st_tx *tx, void *arg)
{
	static const struct st_sql put = {
		"INSERT INTO job (name, state, updated) VALUES ($1, $2, $3)"};
	struct kit_row *row = arg;
	const struct st_value params[] = {st_text(row->name), st_text(row->state ? row->state : ""),
					  st_int(1)};
	int r;

	row->runs++;
	r = st_exec(tx, &put, params, 3, NULL);
	return r ? r : row->outcome;
}

int kit_write(struct kit *k, const char *name, const char *op)
{
	struct kit_row row = {.name = name};
	struct st_write w = {.signer = "urn:publicid:IDN+x+user+y",
			     .op = op,
			     .deadline = kit_in(20),
			     .run = kit_insert,
			     .arg = &row};

	k->why = (struct cc_note){0};
	return st_write(k->s, &w, &k->why);
}

struct count {
	const char *name;
	int64_t n;
};

static int count_rows(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {"SELECT COUNT(*) FROM job WHERE name LIKE $1"};
	struct count *c = arg;
	const struct st_value params[] = {st_text(c->name)};

	return st_number(tx, &sql, params, 1, &c->n);
}

int64_t kit_count(struct kit *k, const char *name)
{
	struct count c = {name, -1};

	return st_read(k->s, kit_in(20), count_rows, &c, &k->why) ? -1 : c.n;
}

void kit_verify(struct kit *k)
{
	struct st_audit_verdict v;

	if (st_audit_verify(k->s, kit_in(60), &v, &k->why))
		fail_msg("verify: %s", k->why.text);
	assert_string_equal(v.bad, "");
}
