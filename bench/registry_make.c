/* SPDX-License-Identifier: ISC */
/*
 * Makes what the rows of the registry work on.
 *
 *   bench-registry-make DIR RECORDS USERS REQUESTS
 *
 * DIR/authorities and DIR/roots: a registry of authority plc (RSA-2048). DIR/plc.db: its store, with
 * plc.kids, which has 100 children, USERS users plc.people.uN with keys (P-256) and RECORDS others,
 * 100 to a site. The GIDs of those others are one text: nobody reads it. DIR/uN.gid and uN.key: the
 * users'. DIR/resolve.jsonl, list.jsonl, register.jsonl: as many requests for bench-load: of records
 * at random by the users in turn, each with his own credential; by u0 of the hundred children, and of
 * new users with a credential that occurs once.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/bench.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/registry/rows.h"
#include "lib/trust/hierarchy.h"

#define BATCH 2000
#define CHILDREN 100
#define DAY 86400
#define DEADLINE_MS 120000

struct user {
	struct tr_gids chain;
	EVP_PKEY *key;
	char *pem, *credential;
};

struct make {
	const char *dir;
	long records, users, requests;
	int64_t now;
	struct tr_signer *signer;
	struct user *people;
	struct st_store *store;
	/* of the batch that is written */
	long from, upto;
};

static void path_of(const struct make *m, const char *name, char out[1024])
{
	snprintf(out, 1024, "%s/%s", m->dir, name);
}

static void write_file(const struct make *m, const char *name, const void *data, size_t len)
{
	char path[1024];
	FILE *f;

	path_of(m, name, path);
	f = fopen(path, "we");
	if (!f || fchmod(fileno(f), 0600) != 0 || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		bench_die("cannot write %s", path);
}

/* ---- principals ---- */

static void make_authority(struct make *m)
{
	const struct tr_authority_request rq = {.hrn = "plc", .kind = TR_KEY_RSA2048, .days = 365};
	struct cc_note why = {0};
	char path[1024];

	path_of(m, "roots", path);
	mkdir(path, 0755);
	path_of(m, "authorities", path);
	mkdir(path, 0700);
	if (tr_hierarchy_create(path, &rq, m->now - 600, &why) != 0 ||
	    tr_hierarchy_signer(path, "plc", &m->signer, &why) != 0)
		bench_die("plc: %s", why.text);
}

static char *pem_of(const struct tr_gids *chain)
{
	struct cc_buf pem = {0};

	bench_must(tr_gids_write(chain, &pem), "tr_gids_write");
	return cc_buf_take(&pem);
}

/* A credential of plc; end: days from now, in seconds, which tells two from each other. */
static char *make_credential(struct make *m, const struct tr_gids *owner,
			     const struct tr_gids *target, const char *right, int64_t end)
{
	struct tr_privilege privileges[3] = {{"refresh", true}, {"resolve", true}, {"info", true}};
	struct tr_cred_request rq = {.owner = owner, .target = target, .privileges = privileges};
	struct cc_buf text = {0};
	struct cc_note why = {0};

	rq.n_privileges = right ? 1 : 3;
	if (right)
		snprintf(privileges[0].name, sizeof(privileges[0].name), "%s", right);
	rq.expires = m->now + end;
	if (tr_signer_make_cred(m->signer, &rq, m->now, &text, &why) != 0)
		bench_die("a credential: %s", why.text);
	return cc_buf_take(&text);
}

static void make_user(struct make *m, long i)
{
	struct user *u = &m->people[i];
	struct tr_gid_request rq = {.not_before = m->now - 300, .not_after = m->now + 300 * DAY};
	struct cc_buf key = {0};
	struct cc_note why = {0};
	char urn[128], name[64];

	snprintf(urn, sizeof(urn), "urn:publicid:IDN+plc:people+user+u%ld", i);
	bench_must(tr_key_new(TR_KEY_P256, &u->key), "tr_key_new");
	rq.urn = urn;
	rq.key = u->key;
	if (tr_signer_make_gid(m->signer, &rq, m->now, &u->chain, &why) != 0)
		bench_die("%s: %s", urn, why.text);
	u->pem = pem_of(&u->chain);
	bench_must(tr_key_write(u->key, &key), "tr_key_write");
	snprintf(name, sizeof(name), "u%ld.gid", i);
	write_file(m, name, u->pem, strlen(u->pem));
	snprintf(name, sizeof(name), "u%ld.key", i);
	write_file(m, name, key.data, key.len);
	cc_buf_deinit(&key);
	u->credential = make_credential(m, &u->chain, &u->chain, NULL, 30 * DAY);
}

/* ---- records ---- */

static void fill(const struct make *m, struct rg_record *r, const char *hrn, const char *type,
		 const char *gid)
{
	struct rg_name name;
	struct cc_note why = {0};

	if (rg_name_read(hrn, type, &name, &why) != 0)
		bench_die("%s: %s", hrn, why.text);
	memset(r, 0, sizeof(*r));
	r->type = name.type;
	strcpy(r->name, name.name);
	strcpy(r->authority, name.authority);
	strcpy(r->hrn, name.hrn);
	strcpy(r->urn, name.urn);
	strcpy(r->uuid, "12345678-1234-4123-8123-123456789abc");
	r->gid = strdup(gid);
	r->pointer = -1;
	r->created = r->updated = m->now;
	if (cc_random(r->key_hash, sizeof(r->key_hash)) != 0)
		bench_die("no random");
	r->has_key = true;
	r->info = json_pack("{s:s, s:s}", "first_name", "Ada", "last_name", name.hrn);
	if (r->type == RG_USER && asprintf(&r->email, "%s@example.net", name.hrn) < 0)
		bench_die("no memory");
}

static int insert(struct st_tx *tx, struct rg_record *r)
{
	json_t *keys = NULL;
	bool key;
	int err = st_take_numbers(tx, "record", 1, &r->id);

	if (!err)
		err = rg_insert(tx, r, &key);
	if (!err && r->type == RG_USER) {
		keys = json_pack("[s]", "ecdsa-sha2-nistp256 "
					"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA "
					"ada@example");
		err = rg_set_keys(tx, r->id, keys);
	}
	json_decref(keys);
	rg_record_deinit(r);
	return err;
}

static int run_first(struct st_tx *tx, void *arg)
{
	struct make *m = arg;
	const struct tr_gids *chain = tr_signer_chain(m->signer);
	cc_cleanup(cc_freep) char *gid = pem_of(chain);
	const char *sample = m->people[0].pem;
	struct rg_record r;
	char hrn[64];
	int err;

	fill(m, &r, "plc", "authority", gid);
	memcpy(r.key_hash, tr_gids_leaf(chain)->key_hash, RG_KEY_HASH);
	err = insert(tx, &r);
	fill(m, &r, "plc.people", "authority", sample);
	err = err ? err : insert(tx, &r);
	fill(m, &r, "plc.kids", "authority", sample);
	err = err ? err : insert(tx, &r);
	for (int i = 0; i < CHILDREN && !err; i++) {
		snprintf(hrn, sizeof(hrn), "plc.kids.k%d", i);
		fill(m, &r, hrn, "user", sample);
		err = insert(tx, &r);
	}
	for (long i = 0; i < m->users && !err; i++) {
		snprintf(hrn, sizeof(hrn), "plc.people.u%ld", i);
		fill(m, &r, hrn, "user", m->people[i].pem);
		memcpy(r.key_hash, tr_gids_leaf(&m->people[i].chain)->key_hash, RG_KEY_HASH);
		err = insert(tx, &r);
	}
	return err;
}

static void name_record(long i, char hrn[64])
{
	snprintf(hrn, 64, i % 100 ? "plc.s%ld.u%ld" : "plc.s%ld", i / 100, i);
}

static int run_batch(struct st_tx *tx, void *arg)
{
	struct make *m = arg;
	struct rg_record r;
	char hrn[64];
	int err = 0;

	for (long i = m->from; i < m->upto && !err; i++) {
		name_record(i, hrn);
		fill(m, &r, hrn, i % 100 ? "user" : "authority", m->people[0].pem);
		err = insert(tx, &r);
	}
	return err;
}

static void write_with(struct make *m, st_run_fn *run)
{
	struct st_write write = {.deadline = cc_clock_ms() + DEADLINE_MS, .run = run, .arg = m};
	struct cc_note why = {0};

	if (st_write(m->store, &write, &why) != 0)
		bench_die("the store: %s", why.text);
}

static void make_store(struct make *m)
{
	struct cc_note why = {0};
	char url[1100];
	const struct st_conf conf = {.url = url, .migrate = true, .create = true};

	snprintf(url, sizeof(url), "sqlite:%s/plc.db", m->dir);
	if (st_open(&m->store, &conf, &why) != 0)
		bench_die("%s", why.text);
	write_with(m, run_first);
	for (m->from = 0; m->from < m->records; m->from = m->upto) {
		m->upto = m->from + BATCH < m->records ? m->from + BATCH : m->records;
		write_with(m, run_batch);
	}
	st_close(m->store);
}

/* ---- requests ---- */

static void put_line(FILE *f, long user, const char *type, json_t *body)
{
	char signer[32];
	json_t *o;

	snprintf(signer, sizeof(signer), "u%ld", user);
	o = json_pack("{s:s, s:s, s:o}", "signer", signer, "type", type, "body", body);
	if (!o || json_dumpf(o, f, JSON_COMPACT) != 0 || fputc('\n', f) == EOF)
		bench_die("cannot write a request");
	json_decref(o);
}

static json_t *resolve_body(const struct make *m, long user)
{
	char hrn[64];
	uint64_t at;

	if (cc_random(&at, sizeof(at)) != 0)
		bench_die("no random");
	name_record((long)(at % (uint64_t)m->records), hrn);
	return json_pack("{s:[s], s:[s]}", "hrns", hrn, "credentials", m->people[user].credential);
}

static json_t *list_body(const struct make *m, long user)
{
	return json_pack("{s:s, s:{s:i}, s:[s]}", "hrn", "plc.kids", "options", "limit", CHILDREN,
			 "credentials", m->people[user].credential);
}

static json_t *register_body(struct make *m, long i)
{
	cc_cleanup(cc_freep) char *credential = NULL;
	struct cc_buf pem = {0};
	EVP_PKEY *key = NULL;
	char hrn[64];
	json_t *body;

	credential = make_credential(m, &m->people[0].chain, tr_signer_chain(m->signer),
				     "authority", 30 * DAY - i);
	bench_must(tr_key_new(TR_KEY_P256, &key), "tr_key_new");
	bench_must(tr_key_write_public(key, &pem), "tr_key_write_public");
	snprintf(hrn, sizeof(hrn), "plc.new%ld", i);
	body = json_pack("{s:{s:s, s:s, s:s, s:s}, s:[s]}", "record", "hrn", hrn, "type", "user",
			 "email", "new@example.net", "key", (char *)pem.data, "credentials",
			 credential);
	EVP_PKEY_free(key);
	cc_buf_deinit(&pem);
	return body;
}

static void make_requests(struct make *m)
{
	static const char *const names[] = {"resolve", "list", "register"};

	for (unsigned k = 0; k < CC_ARRAY_SIZE(names); k++) {
		char path[1024], type[32];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s.jsonl", m->dir, names[k]);
		snprintf(type, sizeof(type), "reg.%s", names[k]);
		f = fopen(path, "we");
		if (!f)
			bench_die("cannot write %s", path);
		for (long i = 0; i < m->requests; i++) {
			long user = k == 0 ? i % m->users : 0;

			put_line(f, user, type,
				 k == 0	  ? resolve_body(m, user)
				 : k == 1 ? list_body(m, user)
					  : register_body(m, i));
		}
		if (fclose(f) != 0)
			bench_die("cannot write %s", path);
	}
}

int main(int argc, char **argv)
{
	struct make m = {.now = cc_clock_seconds()};

	if (argc != 5) {
		fprintf(stderr, "usage: bench-registry-make DIR RECORDS USERS REQUESTS\n");
		return 2;
	}
	m.dir = argv[1];
	m.records = (long)bench_number("RECORDS", argv[2], 1);
	m.users = (long)bench_number("USERS", argv[3], 1);
	m.requests = (long)bench_number("REQUESTS", argv[4], 1);
	m.people = calloc((size_t)m.users, sizeof(*m.people));
	make_authority(&m);
	for (long i = 0; i < m.users; i++)
		make_user(&m, i);
	make_store(&m);
	make_requests(&m);
	puts("{}");
	return 0;
}
