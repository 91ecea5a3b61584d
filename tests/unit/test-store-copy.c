/* SPDX-License-Identifier: ISC */
/* Migrations, check, backup and restore. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/unit/storekit.h"

#define ROWS 200

struct seen {
	unsigned count;
	char last[256];
};

static void on_problem(void *arg, const char *text)
{
	struct seen *s = arg;

	s->count++;
	snprintf(s->last, sizeof(s->last), "%s", text);
}

static void on_migration(void *arg, int number, const char *name)
{
	struct seen *s = arg;

	assert_int_equal(number, (int)++s->count);
	snprintf(s->last, sizeof(s->last), "%s", name);
}

static void on_rows(void *arg, const char *table, int64_t rows)
{
	if (strcmp(table, "job") == 0)
		*(int64_t *)arg = rows;
}

static int64_t problems_of(const struct kit *k, struct seen *s)
{
	struct st_conf conf = kit_conf(k);
	struct cc_note why = {0};
	unsigned n = 99;

	*s = (struct seen){0};
	if (st_check(&conf, on_problem, s, &n, &why))
		fail_msg("check: %s", why.text);
	assert_int_equal(n, s->count);
	return n;
}

/* ---- migrations ---- */

static void test_migrate(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	struct st_stats stats;
	struct seen s = {0};

	conf.create = false;
	assert_int_equal(st_open(&k->s, &conf, &k->why), -CC_ENOTFOUND);
	assert_int_equal(st_migrate(&conf, on_migration, &s, &k->why), -CC_ENOTFOUND);
	conf.create = true;
	conf.migrate = false;
	assert_int_equal(st_open(&k->s, &conf, &k->why), -CC_ENOTFOUND);
	assert_int_equal(st_migrate(&conf, on_migration, &s, &k->why), 0);
	assert_true(s.count >= 2);
	assert_string_not_equal(s.last, "");
	assert_int_equal(st_open(&k->s, &conf, &k->why), 0);
	st_get_stats(k->s, &stats);
	assert_int_equal(stats.schema, s.count);
	/* again is nothing */
	s.count = 0;
	assert_int_equal(st_migrate(&conf, on_migration, &s, &k->why), 0);
	assert_int_equal(s.count, 0);
	assert_int_equal(problems_of(k, &s), 0);
}

/* A store that is not this program's is opened by nothing. */
static void test_migrations_differ(void **state)
{
	static const struct {
		const char *sql, *why;
	} rows[] = {
		{"UPDATE migration SET checksum = 'x' WHERE number = 1", "checksum differs"},
		{"INSERT INTO migration VALUES (1000, 'later', 'x', 1)", "newer program"},
		{"DELETE FROM migration WHERE number = 1", "not those before it"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct kit *k = kit_of(state);
		struct st_conf conf = kit_conf(k);
		struct seen s;

		if (i > 0) {
			int (*enter)(void **) = k->postgres ? kit_enter_postgres : kit_enter_sqlite;

			kit_leave(state);
			assert_int_equal(enter(state), 0);
			k = *state;
			conf = kit_conf(k);
		}
		kit_open(k);
		st_closep(&k->s);
		kit_sql(k, rows[i].sql);
		assert_int_equal(st_open(&k->s, &conf, &k->why), -CC_EDENIED);
		assert_non_null(strstr(k->why.text, rows[i].why));
		assert_int_equal(st_migrate(&conf, NULL, NULL, &k->why), -CC_EDENIED);
		assert_int_equal(st_backup(&conf, "backup", NULL, NULL, &k->why), -CC_EDENIED);
		assert_true(problems_of(k, &s) > 0);
	}
}

/* An older one is opened only by who may migrate it. */
static void test_older(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	struct seen s;

	kit_open(k);
	st_closep(&k->s);
	kit_sql(k,
		"DROP TABLE outbox; DROP TABLE sliver; DROP TABLE request; DROP TABLE component;"
		"DROP TABLE slice_shut; DROP TABLE tombstone; DROP TABLE terms;"
		"DROP TABLE job; DROP TABLE join_token; DROP TABLE node; DROP TABLE ticket;"
		"DROP TABLE attribute; DROP TABLE relation; DROP TABLE ssh_key; DROP TABLE record;"
		"ALTER TABLE op DROP COLUMN request;"
		"DELETE FROM migration WHERE number >= 2");
	conf.migrate = false;
	assert_int_equal(st_open(&k->s, &conf, &k->why), -CC_EDENIED);
	assert_true(problems_of(k, &s) > 0);
	conf.migrate = true;
	assert_int_equal(st_open(&k->s, &conf, &k->why), 0);
	assert_int_equal(kit_write(k, "one", NULL), 0);
}

static void test_foreign(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);

	kit_sql(k, "CREATE TABLE theirs (id BIGINT PRIMARY KEY)");
	assert_int_equal(st_open(&k->s, &conf, &k->why), -CC_EDENIED);
	assert_int_equal(st_migrate(&conf, NULL, NULL, &k->why), -CC_EDENIED);
	assert_int_equal(st_restore(&conf, "none", NULL, NULL, &k->why), -CC_ENOTFOUND);
}

/* ---- check ---- */

static void test_check_finds(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	struct seen s;
	unsigned n;

	assert_int_equal(st_check(&conf, on_problem, &s, &n, &k->why), -CC_ENOTFOUND);
	kit_open(k);
	kit_write(k, "one", NULL);
	assert_int_equal(problems_of(k, &s), 0);
	kit_sql(k, k->postgres
			   ? "SET session_replication_role = replica;"
			     "INSERT INTO ssh_key (record, position, line) VALUES (77, 1, 'x')"
			   : "INSERT INTO ssh_key (record, position, line) VALUES (77, 1, 'x')");
	assert_int_equal(problems_of(k, &s), 1);
	assert_non_null(strstr(s.last, "ssh_key"));
	kit_sql(k, "UPDATE audit SET entries = 'forged'");
	assert_int_equal(problems_of(k, &s), 2);
	assert_non_null(strstr(s.last, "audit"));
}

/* ---- copies ---- */

static int put_values(struct st_tx *tx, void *arg)
{
	static const struct st_sql token = {"INSERT INTO join_token (hash, record, made, expires, "
					    "used) VALUES ($1, $2, $3, $4, $5)"};
	static const struct st_sql record = {
		"INSERT INTO record (id, name, type, authority, hrn, urn, uuid, email, pointer, "
		"gid,"
		" public_key, key_hash, info, created, updated, expires, version)"
		" VALUES ($1, $2, 'node', '', $3, '', '', '', 0, '', '', $4, '', $5, $6, 0, 1)"};
	static const char text[] =
		"\"quoted\" \\ line\nfeed\ttab \x01 \xc3\xa9 \xf0\x9f\x98\x80 \x7f";
	static const uint8_t octets[] = {0, 1, 0xff, '\n', 0x80, 0};
	const struct st_value r[] = {st_int(7), st_text("a.n"),	   st_text(text),
				     st_null(), st_int(INT64_MIN), st_int(INT64_MAX)};
	const struct st_value t[] = {st_bytes(octets, sizeof(octets)), st_int(7), st_int(-1),
				     st_int(0), st_int(1)};
	const struct st_value empty[] = {st_bytes("", 0), st_int(7), st_int(0), st_int(0),
					 st_int(0)};
	int e = st_exec(tx, &record, r, 6, NULL);

	if (!e)
		e = st_exec(tx, &token, t, 5, NULL);
	return e ? e : st_exec(tx, &token, empty, 5, NULL);
}

static int same_values(struct st_tx *tx, void *arg)
{
	static const struct st_sql get = {"SELECT r.hrn, r.created, r.updated, r.key_hash, t.hash"
					  " FROM record r JOIN join_token t ON t.record = r.id"
					  " ORDER BY t.made"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;

	assert_int_equal(st_query(tx, &get, NULL, 0, &rows), 0);
	assert_int_equal(st_next(rows), 1);
	assert_string_equal(st_get_text(rows, 0),
			    "\"quoted\" \\ line\nfeed\ttab \x01 \xc3\xa9 \xf0\x9f\x98\x80 \x7f");
	assert_true(st_get_int(rows, 1) == INT64_MIN);
	assert_true(st_get_int(rows, 2) == INT64_MAX);
	assert_int_equal(st_get(rows, 3).kind, ST_NULL);
	assert_int_equal(st_get(rows, 4).kind, ST_BYTES);
	assert_int_equal(st_get(rows, 4).len, 6);
	assert_memory_equal(st_get(rows, 4).data, "\0\1\xff\n\x80", 6);
	assert_int_equal(st_next(rows), 1);
	assert_int_equal(st_get(rows, 4).kind, ST_BYTES);
	assert_int_equal(st_get(rows, 4).len, 0);
	assert_int_equal(st_next(rows), 0);
	return 0;
}

static void fill_store(struct kit *k)
{
	struct st_write w = {.run = put_values, .deadline = kit_in(20)};

	kit_open(k);
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	for (int i = 0; i < ROWS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "job %03d", i);
		assert_int_equal(kit_write(k, name, name), 0);
	}
	st_note(k->s, "{}", 2);
}

/* From either backend into either. */
static void restore_into(struct kit *from, void **to_state)
{
	struct kit *to = kit_of(to_state);
	struct st_conf conf = kit_conf(from), to_conf = kit_conf(to);
	struct cc_buf kept = CC_BUF_INIT(100);
	int64_t told = 0;
	char id[33];
	struct seen s;

	fill_store(from);
	strcpy(id, st_id(from->s));
	assert_int_equal(st_backup(&conf, "/tmp/none/x", NULL, NULL, &from->why), -CC_ESYS);
	if (st_backup(&conf, "backup", on_rows, &told, &from->why))
		fail_msg("backup: %s", from->why.text);
	assert_int_equal(told, ROWS);
	told = 0;
	if (st_restore(&to_conf, "backup", on_rows, &told, &to->why))
		fail_msg("restore: %s", to->why.text);
	assert_int_equal(told, ROWS);
	kit_open(to);
	assert_string_not_equal(st_id(to->s), id);
	assert_int_equal(kit_count(to, "%"), ROWS);
	assert_int_equal(st_read(to->s, kit_in(20), same_values, NULL, &to->why), 0);
	assert_int_equal(st_op_find(to->s, "urn:publicid:IDN+x+user+y", "job 007", NULL, kit_in(20),
				    &kept, &to->why),
			 0);
	kit_verify(to);
	assert_int_equal(problems_of(to, &s), 0);
	/* it goes on from there: the chain of the same instance, too */
	assert_int_equal(kit_write(to, "later", NULL), 0);
	kit_verify(to);
	assert_int_equal(st_restore(&to_conf, "backup", NULL, NULL, &to->why), -CC_EEXIST);
	assert_int_equal(kit_count(to, "%"), ROWS + 1);
	cc_buf_deinit(&kept);
}

static void test_restore(void **state, bool to_postgres)
{
	struct kit *from = kit_of(state);
	void *to = NULL;

	if (to_postgres && !getenv("CCFED_TEST_PG"))
		skip();
	assert_int_equal(to_postgres ? kit_enter_postgres(&to) : kit_enter_sqlite(&to), 0);
	restore_into(from, &to);
	assert_int_equal(kit_leave(&to), 0);
}

static void test_restore_to_sqlite(void **state)
{
	test_restore(state, false);
}

static void test_restore_to_postgres(void **state)
{
	test_restore(state, true);
}

/* ---- bad copies ---- */

static void try_altered(struct kit *k, const char *text, size_t len, const char *what)
{
	struct st_conf conf = {.url = "sqlite:other.db"};
	int r;

	assert_int_equal(cc_file_write("altered", text, len, 0600, false, &k->why), 0);
	r = st_restore(&conf, "altered", NULL, NULL, &k->why);
	if (r != -CC_EFORMAT)
		fail_msg("%s: %d %s", what, r, k->why.text);
	/* what is refused makes no store */
	assert_int_not_equal(access("other.db", F_OK), 0);
}

static void test_altered(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	char *text, *at;
	struct stat st;
	size_t len;

	fill_store(k);
	assert_int_equal(st_backup(&conf, "backup", NULL, NULL, &k->why), 0);
	assert_int_equal(stat("backup", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(cc_file_read("backup", 1 << 24, &text, &len, &k->why), 0);
	try_altered(k, text, 0, "empty");
	try_altered(k, text, len - 1, "without its last line feed");
	try_altered(k, text, len / 2, "the first half");
	at = strstr(text, "job 100");
	at[6] = '1';
	try_altered(k, text, len, "another octet");
	at[6] = '0';
	at = strchr(text, '\n') + 1;
	try_altered(k, at, len - (size_t)(at - text), "without its header");
	at = memrchr(text, '\n', len - 1);
	at = at + 1;
	try_altered(k, text, (size_t)(at - text), "without its end");
	text = realloc(text, 2 * len);
	assert_non_null(text);
	memcpy(text + len, text, len);
	try_altered(k, text, 2 * len, "twice");
	free(text);
}

/* Whatever stands where a backup is made is replaced whole. */
static void test_backup_replaces(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	struct st_conf other = {.url = "sqlite:other.db"};

	kit_open(k);
	assert_int_equal(cc_file_write("backup", "old", 3, 0644, false, &k->why), 0);
	assert_int_equal(st_backup(&conf, "backup", NULL, NULL, &k->why), 0);
	assert_int_equal(st_restore(&other, "backup", NULL, NULL, &k->why), 0);
	assert_int_equal(st_backup(&other, "again", NULL, NULL, &k->why), 0);
}

static const struct CMUnitTest tests[] = {
	STORE_TEST(test_migrate),
	STORE_TEST(test_migrations_differ),
	STORE_TEST(test_older),
	STORE_TEST(test_foreign),
	STORE_TEST(test_check_finds),
	STORE_TEST(test_restore_to_sqlite),
	STORE_TEST(test_restore_to_postgres),
	STORE_TEST(test_altered),
	STORE_TEST(test_backup_replaces),
};

TEST_MAIN(tests)
