/* SPDX-License-Identifier: ISC */
/*
 * Nodes: the token by which one joins, the joining, and what it tells of its hardware. A token is good
 * once, for one name, for a day; the store has its hash only. A node proves its key twice: its
 * message and its certificate request are signed with it.
 */
#include <stdio.h>
#include <string.h>

#include "handlers/registry/registry.h"
#include "handlers/registry/stores.h"
#include "handlers/registry/trust.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/cc/curve.h"
#include "lib/cc/envelope.h"
#include "lib/cc/keys.h"
#include "lib/store/digest.h"

#define TOKEN_SECONDS 86400
#define TOKEN_OCTETS 24
#define TOKEN_TEXT (TOKEN_OCTETS * 2 + 1 + TR_NAME_MAX + 1)
#define NODE_CERT_DAYS 365
#define INVENTORY_MAX (256u << 10)
#define INVENTORY_DEADLINE_MS 2000

/* ---- tokens ---- */

struct token {
	struct reg_call *call;
	const struct rg_name *name;
	char text[TOKEN_TEXT];
	uint8_t hash[ST_SHA];
};

static int run_token(struct st_tx *tx, void *arg)
{
	static const struct st_sql clear = {
		"DELETE FROM join_token WHERE record = $1 OR expires < $2"};
	static const struct st_sql add = {
		"INSERT INTO join_token (hash, record, made, expires, used) VALUES ($1, $2, $3, $4,"
		" 0)"};
	struct token *t = arg;
	struct st_value params[] = {st_bytes(t->hash, ST_SHA), st_int(0), st_int(t->call->now),
				    st_int(t->call->now + TOKEN_SECONDS)};
	struct st_value old[] = {st_int(0), st_int(t->call->now - TOKEN_SECONDS)};
	struct rg_record node;
	int r = rg_find(tx, t->name->name, RG_NODE, RG_SHALLOW, &node);

	if (r == -CC_ENOTFOUND)
		r = reg_refuse(t->call, REG_NO_RECORD, "Record not found: %s", t->name->hrn);
	params[1] = old[0] = st_int(node.id);
	rg_record_deinit(&node);
	if (!r)
		r = st_exec(tx, &clear, old, 2, NULL); /* the newest one counts */
	return r ? r : st_exec(tx, &add, params, 4, NULL);
}

/*
 * RANDOM, or RANDOM@AUTHORITY where the records of the node's authority are in a store of their own:
 * it says where to look, no more. The hash that is looked for is of the whole, and what it is of is
 * what that store says.
 */
static int make_token(struct reg_call *c, const struct rg_name *name, char out[TOKEN_TEXT])
{
	bool ours = true;
	int r = reg_one_store(c, "", name->authority, &ours);

	if (!r)
		r = st_random_hex(TOKEN_OCTETS, out);
	if (!r && !ours)
		snprintf(out + strlen(out), TOKEN_TEXT - strlen(out), "@%s", name->authority);
	return r;
}

int reg_node_token(struct reg_call *c)
{
	struct rg_name name;
	struct token t = {.call = c, .name = &name};
	int r = reg_arg_name(c, "node", &name);

	if (!r && name.type != RG_NODE)
		r = reg_refuse(c, REG_TYPE, "%s is no node", name.hrn);
	if (!r)
		r = reg_allow(c, "register", REG_ABOVE, &name);
	if (!r)
		r = make_token(c, &name, t.text);
	if (!r)
		r = st_sha(t.text, strlen(t.text), t.hash);
	if (r)
		return r;
	c->value = json_true(); /* what is kept for the op tells no token */
	r = reg_write(c, name.authority, run_token, &t);
	if (r)
		return r;
	if (c->repeated)
		return reg_refuse(c, REG_CHANGED,
				  "this op made a token already: ask with a new one");
	json_decref(c->value);
	c->value = json_string(t.text);
	return c->value ? 0 : cc_raise(CC_ENOMEM);
}

/* ---- joining ---- */

struct joining {
	struct reg_call *call;
	const char *epoch, *csr, *hostname;
	uint8_t hash[ST_SHA];
	struct rg_name where; /* the authority in whose store the token is sought; "" is ours */
	char node[TR_NAME_MAX + 1]; /* name of the record that the token is for */
	struct rg_record record;
};

static int run_token_find(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"SELECT record.name FROM join_token JOIN record ON record.id = join_token.record"
		" WHERE join_token.hash = $1 AND join_token.used = 0 AND join_token.expires > $2"};
	struct joining *j = arg;
	const struct st_value params[] = {st_bytes(j->hash, ST_SHA), st_int(j->call->now)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &sql, params, 2, &rows);

	if (!r)
		r = st_next(rows);
	if (r != 1)
		return r ? r
			 : reg_refuse(j->call, REG_FORBIDDEN,
				      "this token is not known, was used, or is older than a day: "
				      "ccfed node add gives another");
	snprintf(j->node, sizeof(j->node), "%s", st_get_text(rows, 0));
	return 0;
}

static int run_join(struct st_tx *tx, void *arg)
{
	static const struct st_sql use = {
		"UPDATE join_token SET used = $2 WHERE hash = $1 AND used = 0 AND expires > $2"};
	static const struct st_sql put = {
		"INSERT INTO node (record, epoch, joined, seen, inventory) VALUES ($1, $2, $3, $3,"
		" '') ON CONFLICT (record) DO UPDATE SET epoch = excluded.epoch,"
		" joined = excluded.joined"};
	struct joining *j = arg;
	const struct st_value token[] = {st_bytes(j->hash, ST_SHA), st_int(j->call->now)};
	const struct st_value node[] = {st_int(j->record.id), st_text(j->epoch),
					st_int(j->call->now)};
	int64_t changed = 0;
	int r = st_exec(tx, &use, token, 2, &changed);

	if (!r && changed != 1)
		return reg_refuse(j->call, REG_FORBIDDEN, "this token was used already");
	if (!r)
		r = rg_update(tx, &j->record);
	if (r == -CC_EEXIST)
		return reg_refuse(j->call, REG_EXISTS, "this key has another name already");
	if (r == -CC_ENOTFOUND)
		return reg_refuse(j->call, REG_CHANGED, "%s was changed meanwhile: ask again",
				  j->record.hrn);
	return r ? r : st_exec(tx, &put, node, 3, NULL);
}

static const char *server_option(struct reg_call *c, const char *key)
{
	const struct cf_section *s = cf_ini_section(cc_host_ini(c->host), "ccserver");
	const char *value = s ? cf_section_get(s, key) : NULL;

	return value ? value : "";
}

/* The PEM file of a certificate of the key store. */
static int read_ca(struct reg_call *c, char **pem)
{
	char path[4096];
	size_t len;

	snprintf(path, sizeof(path), "%s/%s.crt", server_option(c, "cms-keystore"),
		 c->reg->node_ca);
	return cc_file_read(path, 64 << 10, pem, &len, &c->why);
}

static int put_curve(struct reg_call *c, json_t *answer)
{
	const char *name = server_option(c, "cc-curve");
	uint8_t key[CC_CURVE_KEY];
	char text[CC_CURVE_TEXT + 1];
	int r;

	if (!*name)
		return 0;
	r = cc_curve_read_public(server_option(c, "cms-keystore"), name, key, &c->why);
	if (r)
		return r;
	cc_curve_print(key, text);
	return json_object_set_new(answer, "curve", json_string(text)) ? cc_raise(CC_ENOMEM) : 0;
}

static int sign_bus(struct reg_call *c, struct joining *j, char **pem)
{
	const char *leaf = strrchr(j->record.urn, '+') + 1;
	char cn[64];
	const struct cc_keys_request rq = {.dir = server_option(c, "cms-keystore"),
					   .name = "node",
					   .cn = cn,
					   .urn = j->record.urn,
					   .days = NODE_CERT_DAYS};
	struct cc_note why = {0};
	int r;

	snprintf(cn, sizeof(cn), "%.60s", leaf);
	r = cc_keys_sign_request(&rq, c->reg->node_ca, j->csr, pem, &why);
	if (r == -CC_EFORMAT || r == -CC_EINVAL)
		return reg_refuse(c, REG_ARGUMENT, "Invalid csr value: %.200s", why.text);
	if (r)
		c->why = why;
	return r;
}

/* The request is read by two readers, of which one takes other blocks, too: they must agree. */
static int check_bus(struct reg_call *c, const struct joining *j, const char *pem)
{
	uint8_t hash[RG_KEY_HASH];
	int r = tr_key_text_hash(pem, strlen(pem), hash, NULL);

	if (r == -CC_ENOMEM)
		return cc_trace(r);
	if (r || memcmp(hash, j->record.key_hash, RG_KEY_HASH) != 0)
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid csr value: expected one certificate request");
	return 0;
}

static int put_answer(struct reg_call *c, struct joining *j)
{
	cc_cleanup(cc_freep) char *cert = NULL;
	cc_cleanup(cc_freep) char *ca = NULL;
	json_t *answer;
	int r = sign_bus(c, j, &cert);

	if (!r)
		r = check_bus(c, j, cert);
	if (!r)
		r = read_ca(c, &ca);
	if (!r)
		r = reg_get_trusted_certs(c); /* into c->value */
	if (r)
		return r;
	answer = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "hrn", j->record.hrn, "urn",
			   j->record.urn, "gid", j->record.gid, "certificate", cert, "ca", ca,
			   "realm", server_option(c, "cc-realm"), "roots", c->value);
	c->value = answer;
	return answer ? put_curve(c, answer) : cc_raise(CC_ENOMEM);
}

/* The key of the message, of the request and of the GID are one. */
static int make_node_gid(struct reg_call *c, struct joining *j)
{
	int r = reg_make_gid(c, &j->record, j->csr);

	if (!r &&
	    memcmp(j->record.key_hash, az_caller_real(&c->caller)->key_hash, RG_KEY_HASH) != 0)
		r = reg_refuse(c, REG_KEY,
			       "the message and the certificate request are signed with "
			       "different keys");
	return r;
}

static int join_as(struct reg_call *c, struct joining *j)
{
	struct rg_name name = {.type = RG_NODE};
	int r;

	strcpy(name.name, j->node);
	if (tr_hrn_parent(name.name, name.authority) != 0)
		return cc_raise(CC_EINTERNAL);
	r = reg_find(c, &name, RG_SHALLOW, &j->record);
	if (r)
		return r;
	strcpy(c->object.urn, j->record.urn);
	j->record.updated = c->now;
	if (*j->hostname &&
	    json_object_set_new(j->record.info, "hostname", json_string(j->hostname)) != 0)
		return cc_raise(CC_ENOMEM);
	r = make_node_gid(c, j);
	if (!r)
		r = put_answer(c, j);
	return r ? r : reg_write(c, j->record.authority, run_join, j);
}

static bool epoch_valid(const char *epoch)
{
	size_t len = strlen(epoch);

	return len >= 1 && len <= TR_TICKET_WORD_MAX &&
	       strspn(epoch,
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_-") == len;
}

/* A token that names no authority of ours is sought in our store, where it is not. */
static void read_where(const char *token, struct rg_name *out)
{
	const char *at = strchr(token, '@');

	if (!at || rg_name_read(at + 1, "authority", out, NULL) != 0)
		memset(out, 0, sizeof(*out));
}

static int read_join(struct reg_call *c, struct joining *j)
{
	const char *token;
	int r = reg_arg_text(c, "token", true, &token);

	if (!r)
		r = reg_arg_text(c, "epoch", true, &j->epoch);
	if (!r)
		r = reg_arg_text(c, "csr", true, &j->csr);
	if (!r)
		r = reg_arg_text(c, "hostname", false, &j->hostname);
	if (r)
		return r;
	if (!epoch_valid(j->epoch))
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid epoch value: expected 1 to %d of [A-Za-z0-9.:_-]",
				  TR_TICKET_WORD_MAX);
	if (*j->hostname && rg_line_wrong(json_object_get(c->args, "hostname"), 255))
		return reg_refuse(c, REG_ARGUMENT, "Invalid hostname value: %s",
				  rg_line_wrong(json_object_get(c->args, "hostname"), 255));
	read_where(token, &j->where);
	return st_sha(token, strlen(token), j->hash);
}

int reg_join(struct reg_call *c)
{
	struct joining j = {.call = c};
	int r;

	if (!*c->reg->node_ca)
		return reg_refuse(c, REG_FORBIDDEN, "nodes cannot join here: there is no node-ca");
	if (c->caller.asserted || !az_caller_real(&c->caller))
		return reg_refuse(c, REG_FORBIDDEN,
				  "a node joins with a message signed by its own "
				  "key");
	r = read_join(c, &j);
	if (!r)
		r = reg_seek_op(c, j.where.name);
	if (!r && !c->repeated)
		r = reg_read(c, j.where.name, run_token_find, &j);
	if (!r && !c->repeated)
		r = join_as(c, &j);
	rg_record_deinit(&j.record);
	return r;
}

/* ---- inventory ---- */

struct telling {
	const char *name;
	char *text;
	int64_t now;
};

static int run_inventory(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"UPDATE node SET inventory = $2, seen = $3 WHERE record ="
		" (SELECT id FROM record WHERE name = $1 AND type = 'node')"};
	struct telling *t = arg;
	const struct st_value params[] = {st_text(t->name), st_text(t->text), st_int(t->now)};
	int64_t changed = 0;
	int r = st_exec(tx, &sql, params, 3, &changed);

	return r ? r : changed == 1 ? 0 : REG_NO_RECORD;
}

/* Only of the node whose bus certificate signed it: a body names nobody. */
int reg_inventory(struct registry *reg, struct cc_host *host, struct cc_in *in)
{
	const struct cc_signer *signer = in->gate->signer;
	struct rg_name name;
	struct telling t = {.now = cc_clock_seconds()};
	struct st_write write = {
		.deadline = cc_clock_ms() + INVENTORY_DEADLINE_MS, .run = run_inventory, .arg = &t};
	struct st_store *store;
	struct cc_note why = {0};
	int r;

	if (!signer || signer->cls != CC_CLASS_BUS || !signer->has_urn ||
	    rg_name_read(signer->name, NULL, &name, NULL) != 0 || name.type != RG_NODE)
		return CC_DROPPED;
	t.name = name.name;
	t.text = json_dumps(in->gate->json, JSON_COMPACT);
	if (!t.text)
		return cc_raise(CC_ENOMEM);
	r = strlen(t.text) > INVENTORY_MAX ? CC_DROPPED : 0;
	if (!r)
		r = reg_store_of(reg->stores, name.authority, &store, &why);
	if (!r)
		r = st_write(store, &write, &why);
	free(t.text);
	if (r == 0)
		cc_host_count(host, REG_COUNT_INVENTORY, 1);
	return r > 0 ? CC_DROPPED : r;
}
