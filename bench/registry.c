/* SPDX-License-Identifier: ISC */
/*
 * What the libraries below the registry do without it, with what bench-registry-make made in DIR.
 *
 *   bench-registry resolve DIR KEYSTORE THREADS SECONDS   EVP verify, tr_cred_verify from memory, a prepared
 *                                                         SELECT of the row, EVP sign of an answer's octets
 *   bench-registry register DIR CLIENTS SECONDS SKIP      EVP verify, tr_cred_verify of a new credential, an
 *                                                         RSA-2048 signature, a durable INSERT, batched by one thread
 *   bench-registry import FROM TO                         the rows of file FROM, read before, inserted into TO
 *
 * Requests are those of DIR; register leaves out SKIP of them. Prints {"rate", "cpu_us"}, import {"seconds", "cpu_us", "rows"}.
 */
#include <openssl/evp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/cc/keyfile.h"
#include "lib/registry/rows.h"
#include "lib/trust/hierarchy.h"
#include "lib/trust/roots_folder.h"

#define THREADS_MAX 64
#define SAMPLES 1000	 /* requests of resolve that are met over and over */
#define CERTIFICATE 1000 /* octets that a GID's signature is over */
#define REMEMBERED 512	 /* as each of two verifiers of the registry */
#define IMPORT_BATCH 500 /* as ccfed registry import */
#define SIGNATURE_MAX 512
#define COLUMNS                                                                                    \
	"id, type, name, authority, hrn, urn, uuid, email, pointer, gid, public_key, key_hash, "   \
	"info, created, updated, expires, version"

struct request {
	char *octets; /* the body */
	size_t len;
	uint8_t signature[SIGNATURE_MAX];
	size_t signature_len;
	EVP_PKEY *key; /* of who signed it */
	char *name, *credential;
};

struct raw {
	const char *dir;
	struct request *requests;
	size_t count;
	_Atomic size_t next;
	struct tr_roots *roots;
	EVP_PKEY *key; /* of the server, or of the authority */
	char *answer;  /* octets that an answer has */
	size_t answer_len;
	int64_t now;
	double seconds;
};

struct side {
	pthread_t thread;
	struct raw *raw;
	unsigned number;
	uint64_t done;
	size_t octets; /* of the columns read, so that they are looked at */
};

static atomic_bool stop;

/* ---- keys and requests ---- */

static char *read_file(const char *dir, const char *name)
{
	char path[1024];
	struct cc_note why = {0};
	char *text;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (cc_file_read(path, 1u << 20, &text, &len, &why) != 0)
		bench_die("%s: %s", path, why.text);
	return text;
}

static EVP_PKEY *read_key(const char *dir, const char *name)
{
	cc_cleanup(cc_freep) char *pem = read_file(dir, name);
	EVP_PKEY *key = NULL;

	bench_must(tr_key_read(pem, strlen(pem), &key, NULL), name);
	return key;
}

static size_t sign(EVP_PKEY *key, const void *octets, size_t octets_len, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = SIGNATURE_MAX;

	if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(ctx, out, &len, octets, octets_len) != 1)
		bench_die("EVP_DigestSign failed");
	EVP_MD_CTX_free(ctx);
	return len;
}

static void verify(const struct request *r)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, r->key) != 1 ||
	    EVP_DigestVerify(ctx, r->signature, r->signature_len, (const uint8_t *)r->octets,
			     r->len) != 1)
		bench_die("EVP_DigestVerify failed");
	EVP_MD_CTX_free(ctx);
}

static void read_request(struct raw *raw, const char *line, struct request *out)
{
	static json_t *keys;
	json_t *o = json_loads(line, 0, NULL), *body = json_object_get(o, "body"), *known;
	json_t *hrns = json_object_get(body, "hrns");
	const char *signer = json_string_value(json_object_get(o, "signer"));
	char name[64];

	if (!body || !signer)
		bench_die("no request: %.100s", line);
	if (!keys)
		keys = json_object();
	known = json_object_get(keys, signer);
	if (!known) {
		snprintf(name, sizeof(name), "%s.key", signer);
		known = json_integer((json_int_t)(uintptr_t)read_key(raw->dir, name));
		json_object_set_new(keys, signer, known);
	}
	out->key = (EVP_PKEY *)(uintptr_t)json_integer_value(known);
	out->octets = json_dumps(body, JSON_COMPACT);
	out->len = strlen(out->octets);
	out->signature_len = sign(out->key, out->octets, out->len, out->signature);
	out->name = strdup(hrns ? json_string_value(json_array_get(hrns, 0)) : "");
	out->credential =
		strdup(json_string_value(json_array_get(json_object_get(body, "credentials"), 0)));
	json_decref(o);
}

static void read_requests(struct raw *raw, const char *name, size_t skip, size_t max)
{
	char path[1024], *line = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", raw->dir, name);
	f = fopen(path, "re");
	raw->requests = calloc(max, sizeof(*raw->requests));
	if (!f || !raw->requests)
		bench_die("cannot read %s", path);
	for (size_t i = 0; i < skip && getline(&line, &room, f) > 0; i++)
		;
	while (raw->count < max && getline(&line, &room, f) > 0)
		read_request(raw, line, &raw->requests[raw->count++]);
	if (!raw->count)
		bench_die("%s has no more requests", path);
	free(line);
	fclose(f);
}

static void read_roots(struct raw *raw)
{
	struct tr_roots_folder from = {0};
	char roots[1024], authorities[1024], *own;
	struct cc_note why = {0};

	snprintf(roots, sizeof(roots), "%s/roots", raw->dir);
	snprintf(authorities, sizeof(authorities), "%s/authorities", raw->dir);
	if (tr_hierarchy_gid(authorities, "plc", &own, &why) != 0)
		bench_die("%s", why.text);
	from.dir = roots;
	from.own = own;
	if (tr_roots_load(&from, 1, &raw->roots, &why) != 0)
		bench_die("%s", why.text);
	free(own);
}

static struct tr_verifier *new_verifier(struct raw *raw)
{
	struct tr_verifier *v = NULL;

	bench_must(tr_verifier_new(&v, REMEMBERED), "tr_verifier_new");
	tr_verifier_use(v, raw->roots);
	return v;
}

static void verify_credential(struct tr_verifier *v, const struct raw *raw, const char *text)
{
	struct tr_grant *grant = NULL;
	struct cc_note why = {0};

	if (tr_cred_verify(v, text, strlen(text), raw->now, &grant, &why) != 0)
		bench_die("a good credential was refused: %s", why.text);
	tr_grant_unref(grant);
}

/* ---- SQLite ---- */

static sqlite3 *open_db(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
		    SQLITE_OK ||
	    sqlite3_exec(db,
			 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
			 NULL, NULL, NULL) != SQLITE_OK)
		bench_die("%s: %s", path, sqlite3_errmsg(db));
	return db;
}

static int no_order(void *arg, int a_len, const void *a, int b_len, const void *b)
{
	int r = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));

	(void)arg;
	return r ? r : a_len - b_len;
}

static sqlite3 *open_store(const char *path)
{
	sqlite3 *db = open_db(path);

	if (sqlite3_create_collation(db, "C", SQLITE_UTF8, NULL, no_order) != SQLITE_OK)
		bench_die("no collation");
	return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		bench_die("%s: %s", sql, sqlite3_errmsg(db));
	return stmt;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		bench_die("%s: %s", sql, sqlite3_errmsg(db));
}

/* An empty store of our schema. */
static void make_store(const char *path)
{
	char url[1100];
	const struct st_conf conf = {.url = url, .migrate = true, .create = true};
	struct st_store *store;
	struct cc_note why = {0};

	snprintf(url, sizeof(url), "sqlite:%s", path);
	if (st_open(&store, &conf, &why) != 0)
		bench_die("%s", why.text);
	st_close(store);
}

/* ---- threads ---- */

static void run_threads(struct raw *raw, void *(*fn)(void *), unsigned n)
{
	static struct side sides[THREADS_MAX];
	struct timespec wait = {(time_t)raw->seconds,
				(long)((raw->seconds - (long)raw->seconds) * 1e9)};
	int64_t start = cc_clock_ns(), cpu = cc_clock_cpu_ns();
	uint64_t done = 0;

	for (unsigned i = 0; i < n; i++) {
		sides[i] = (struct side){.raw = raw, .number = i};
		if (pthread_create(&sides[i].thread, NULL, fn, &sides[i]) != 0)
			bench_die("cannot start a thread");
	}
	nanosleep(&wait, NULL);
	stop = true;
	for (unsigned i = 0; i < n; i++) {
		pthread_join(sides[i].thread, NULL);
		done += sides[i].done;
	}
	if (!done)
		bench_die("nothing was done");
	printf("{\"rate\": %.1f, \"cpu_us\": %.3f}\n",
	       (double)done * 1e9 / (double)(cc_clock_ns() - start),
	       (double)(cc_clock_cpu_ns() - cpu) / 1000 / (double)done);
}

static unsigned threads_of(const char *text)
{
	double n = bench_number("THREADS", text, 1);

	if (n > THREADS_MAX)
		bench_die("at most %d threads", THREADS_MAX);
	return (unsigned)n;
}

/* ---- resolve ---- */

static void read_row(sqlite3_stmt *stmt, const char *name, size_t *octets)
{
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_ROW)
		bench_die("no record %s", name);
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		if (sqlite3_column_type(stmt, i) == SQLITE_INTEGER)
			*octets += (size_t)sqlite3_column_int64(stmt, i);
		else if (sqlite3_column_blob(stmt, i))
			*octets += (size_t)sqlite3_column_bytes(stmt, i);
	}
	sqlite3_reset(stmt);
}

static void *resolve(void *arg)
{
	struct side *s = arg;
	struct raw *raw = s->raw;
	struct tr_verifier *v = new_verifier(raw);
	uint8_t signature[SIGNATURE_MAX];
	char path[1024];
	sqlite3_stmt *stmt;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/plc.db", raw->dir);
	db = open_store(path);
	stmt = prepare(db, "SELECT " COLUMNS " FROM record WHERE name = ?1");
	for (; !stop; s->done++) {
		const struct request *r =
			&raw->requests[atomic_fetch_add(&raw->next, 1) % raw->count];

		verify(r);
		verify_credential(v, raw, r->credential);
		read_row(stmt, r->name, &s->octets);
		sign(raw->key, raw->answer, raw->answer_len, signature);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	tr_verifier_free(v);
	return NULL;
}

static int keep_answer(void *arg, const struct rg_record *r)
{
	struct raw *raw = arg;
	json_t *body = json_pack("{s:[o]}", "value", rg_record_json(r, false));

	raw->answer = json_dumps(body, JSON_COMPACT);
	raw->answer_len = strlen(raw->answer);
	json_decref(body);
	return 1;
}

static int run_answer(struct st_tx *tx, void *arg)
{
	struct raw *raw = arg;
	struct rg_name name;

	if (rg_name_read(raw->requests[0].name, NULL, &name, NULL) != 0)
		bench_die("no name");
	return rg_find_all(tx, &name, keep_answer, raw);
}

static void find_answer(struct raw *raw)
{
	char url[1100];
	const struct st_conf conf = {.url = url};
	struct st_store *store;
	struct cc_note why = {0};

	snprintf(url, sizeof(url), "sqlite:%s/plc.db", raw->dir);
	if (st_open(&store, &conf, &why) != 0 ||
	    st_read(store, cc_clock_ms() + 10000, run_answer, raw, &why) != 1)
		bench_die("no answer: %s", why.text);
	st_close(store);
}

static int main_resolve(char **argv)
{
	struct raw raw = {.dir = argv[0], .now = cc_clock_seconds()};
	struct cc_note why = {0};

	raw.seconds = bench_number("SECONDS", argv[3], 0.01);
	if (cc_keyfile_read_key(argv[1], "local", &raw.key, &why) != 0)
		bench_die("%s", why.text);
	read_requests(&raw, "resolve.jsonl", 0, SAMPLES);
	read_roots(&raw);
	find_answer(&raw);
	run_threads(&raw, resolve, threads_of(argv[2]));
	return 0;
}

/* ---- register ---- */

/* Rows that wait for the thread that writes them. */
static struct queue {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	unsigned long waiting, written, number; /* in all */
	bool end;
} queue = {PTHREAD_MUTEX_INITIALIZER,
	   PTHREAD_COND_INITIALIZER,
	   PTHREAD_COND_INITIALIZER,
	   0,
	   0,
	   0,
	   false};

static const char insert_record[] = "INSERT INTO record (" COLUMNS
				    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
				    "?13, ?14, ?15, ?16, ?17)";

static void insert_one(sqlite3 *db, sqlite3_stmt *stmt, unsigned long number, const char *gid)
{
	char name[64];
	uint8_t hash[32] = {0};

	snprintf(name, sizeof(name), "plc.raw%lu", number);
	memcpy(hash, &number, sizeof(number));
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)number);
	sqlite3_bind_text(stmt, 2, "user", -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 4, "plc", -1, SQLITE_STATIC);
	for (int i = 5; i <= 8; i++)
		sqlite3_bind_text(stmt, i, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 9, -1);
	sqlite3_bind_text(stmt, 10, gid, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 11, "", -1, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 12, hash, sizeof(hash), SQLITE_STATIC);
	sqlite3_bind_text(stmt, 13, "{}", -1, SQLITE_STATIC);
	for (int i = 14; i <= 17; i++)
		sqlite3_bind_int64(stmt, i, 1);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		bench_die("insert: %s", sqlite3_errmsg(db));
	sqlite3_reset(stmt);
}

static void *write_rows(void *arg)
{
	struct raw *raw = arg;
	cc_cleanup(cc_freep) char *gid = read_file(raw->dir, "u0.gid");
	char path[1024];
	sqlite3_stmt *stmt;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/raw.db", raw->dir);
	db = open_store(path);
	stmt = prepare(db, insert_record);
	pthread_mutex_lock(&queue.lock);
	while (!queue.end || queue.waiting > queue.written) {
		unsigned long upto = queue.waiting;

		if (upto == queue.written) {
			pthread_cond_wait(&queue.work, &queue.lock);
			continue;
		}
		pthread_mutex_unlock(&queue.lock);
		run(db, "BEGIN IMMEDIATE");
		for (unsigned long i = queue.written; i < upto; i++)
			insert_one(db, stmt, ++queue.number, gid);
		run(db, "COMMIT");
		pthread_mutex_lock(&queue.lock);
		queue.written = upto;
		pthread_cond_broadcast(&queue.done);
	}
	pthread_mutex_unlock(&queue.lock);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return NULL;
}

static void wait_for_row(void)
{
	unsigned long mine;

	pthread_mutex_lock(&queue.lock);
	mine = ++queue.waiting;
	pthread_cond_signal(&queue.work);
	while (queue.written < mine)
		pthread_cond_wait(&queue.done, &queue.lock);
	pthread_mutex_unlock(&queue.lock);
}

static void *register_one(void *arg)
{
	struct side *s = arg;
	struct raw *raw = s->raw;
	struct tr_verifier *v = new_verifier(raw);
	uint8_t certificate[CERTIFICATE] = {0}, signature[SIGNATURE_MAX];

	verify_credential(v, raw, raw->requests[0].credential); /* its chains are known now */
	for (; !stop; s->done++) {
		size_t at = 1 + atomic_fetch_add(&raw->next, 1);

		if (at >= raw->count)
			break;
		verify(&raw->requests[at]);
		verify_credential(v, raw, raw->requests[at].credential);
		memcpy(certificate, &at, sizeof(at));
		sign(raw->key, certificate, sizeof(certificate), signature);
		wait_for_row();
	}
	stop = true; /* no more requests */
	tr_verifier_free(v);
	return NULL;
}

static int main_register(char **argv)
{
	struct raw raw = {.dir = argv[0], .now = cc_clock_seconds()};
	char path[1024];
	pthread_t writer;

	raw.seconds = bench_number("SECONDS", argv[2], 0.01);
	read_requests(&raw, "register.jsonl", (size_t)bench_number("SKIP", argv[3], 0),
		      (size_t)(raw.seconds * 3000) + 100);
	read_roots(&raw);
	raw.key = read_key(raw.dir, "authorities/plc/plc.pkey");
	snprintf(path, sizeof(path), "%s/raw.db", raw.dir);
	make_store(path);
	if (pthread_create(&writer, NULL, write_rows, &raw) != 0)
		bench_die("cannot start a thread");
	run_threads(&raw, register_one, threads_of(argv[1]));
	pthread_mutex_lock(&queue.lock);
	queue.end = true;
	pthread_cond_signal(&queue.work);
	pthread_mutex_unlock(&queue.lock);
	pthread_join(writer, NULL);
	unlink(path);
	return 0;
}

/* ---- import ---- */

struct rows {
	sqlite3_value **values;	   /* one row behind the other */
	size_t count, columns, at; /* at: the next to be inserted */
};

static struct rows read_rows(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = prepare(db, sql);
	struct rows rows = {.columns = (size_t)sqlite3_column_count(stmt)};
	size_t room = 0;

	while (sqlite3_step(stmt) == SQLITE_ROW) {
		if (rows.count == room) {
			room = room ? 2 * room : 4096;
			rows.values = reallocarray(rows.values, room * rows.columns,
						   sizeof(*rows.values));
			if (!rows.values)
				bench_die("no memory");
		}
		for (size_t i = 0; i < rows.columns; i++)
			rows.values[rows.count * rows.columns + i] =
				sqlite3_value_dup(sqlite3_column_value(stmt, (int)i));
		rows.count++;
	}
	sqlite3_finalize(stmt);
	return rows;
}

static int64_t id_of(const struct rows *rows, size_t i)
{
	return sqlite3_value_int64(rows->values[i * rows->columns]);
}

/* The next ones of a table, in the order of the records that they belong to. */
static void insert_next(sqlite3_stmt *stmt, struct rows *rows, size_t max, int64_t last)
{
	for (size_t n = 0; n < max && rows->at < rows->count && id_of(rows, rows->at) <= last;
	     n++, rows->at++) {
		for (size_t k = 0; k < rows->columns; k++)
			sqlite3_bind_value(stmt, (int)k + 1,
					   rows->values[rows->at * rows->columns + k]);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			bench_die("insert: %s", sqlite3_errmsg(sqlite3_db_handle(stmt)));
		sqlite3_reset(stmt);
	}
}

/* So many of the records to a transaction, and what hangs on them. */
static int main_import(char **argv)
{
	sqlite3 *from = open_store(argv[0]), *to;
	struct rows rows[3] = {
		read_rows(from, "SELECT " COLUMNS " FROM record ORDER BY id"),
		read_rows(from, "SELECT record, position, line FROM ssh_key ORDER BY record"),
		read_rows(from, "SELECT object, role, subject FROM relation ORDER BY object")};
	sqlite3_stmt *stmts[3];
	int64_t start, cpu;

	make_store(argv[1]);
	to = open_store(argv[1]);
	stmts[0] = prepare(to, insert_record);
	stmts[1] = prepare(to, "INSERT INTO ssh_key (record, position, line) VALUES (?1, ?2, ?3)");
	stmts[2] = prepare(to, "INSERT INTO relation (object, role, subject) VALUES (?1, ?2, ?3)");
	start = cc_clock_ns();
	cpu = cc_clock_cpu_ns();
	while (rows[0].at < rows[0].count) {
		run(to, "BEGIN IMMEDIATE");
		insert_next(stmts[0], &rows[0], IMPORT_BATCH, INT64_MAX);
		for (unsigned t = 1; t < 3; t++)
			insert_next(stmts[t], &rows[t], SIZE_MAX, id_of(&rows[0], rows[0].at - 1));
		run(to, "COMMIT");
	}
	printf("{\"seconds\": %.6f, \"cpu_us\": %.1f, \"rows\": %zu}\n",
	       (double)(cc_clock_ns() - start) / 1e9, (double)(cc_clock_cpu_ns() - cpu) / 1e3,
	       rows[0].count + rows[1].count + rows[2].count);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "resolve") == 0)
		return main_resolve(argv + 2);
	if (argc == 6 && strcmp(argv[1], "register") == 0)
		return main_register(argv + 2);
	if (argc == 4 && strcmp(argv[1], "import") == 0)
		return main_import(argv + 2);
	fprintf(stderr, "usage: bench-registry resolve DIR KEYSTORE THREADS SECONDS\n"
			"       bench-registry register DIR CLIENTS SECONDS SKIP\n"
			"       bench-registry import FROM TO\n");
	return 2;
}
