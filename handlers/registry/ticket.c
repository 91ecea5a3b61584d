/* SPDX-License-Identifier: ISC */
/*
 * get_ticket: the promise of one component to one slice. What a slice's attributes say of tangible
 * resources is an RSpec, all else (image, initscript, tags) is an attribute of the ticket, as in the
 * design document: without an RSpec of the caller's, those tags make one.
 */
#include <string.h>

#include "handlers/registry/registry.h"
#include "handlers/registry/trust.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/rspec/component.h"
#include "lib/xml/write.h"

#define REDEEM_SECONDS 3600

/* Tags of PlanetLab that stand for a share of the machine (spec plc, NodeManager's rspec). */
static const char *const tangible[] = {"cpu_",	 "disk_max",	 "net_",	"memlock",
				       "memory", "ip_addresses", "capabilities"};

static bool is_tangible(const char *name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(tangible); i++)
		if (strncmp(name, tangible[i], strlen(tangible[i])) == 0)
			return true;
	return false;
}

struct promise {
	struct reg_call *call;
	struct rg_name slice, component;
	struct rg_record record, node; /* of the slice, of the component */
	char epoch[TR_TICKET_WORD_MAX + 1], serial[CC_ID_HEX + 1];
	json_t *users; /* of their HRNs: {urn, keys} */
	const char *rspec;
	size_t rspec_len;
	struct cc_buf made; /* an RSpec of the slice's tags */
	int64_t redeem_before, expires;
	const char *owner;
};

/* ---- what the store knows ---- */

static int read_epoch(struct st_tx *tx, struct promise *p)
{
	static const struct st_sql sql = {"SELECT epoch FROM node WHERE record = $1"};
	const struct st_value params[] = {st_int(p->node.id)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &sql, params, 1, &rows);

	if (!r)
		r = st_next(rows);
	if (r != 1)
		return r ? r
			 : reg_refuse(p->call, REG_NO_RECORD,
				      "Record not found: node %s has not "
				      "joined",
				      p->component.hrn);
	snprintf(p->epoch, sizeof(p->epoch), "%s", st_get_text(rows, 0));
	return 0;
}

static int add_user(struct st_tx *tx, struct promise *p, const char *hrn)
{
	struct rg_name name;
	struct rg_record user = {.id = 0};
	json_t *one;
	int r = rg_name_read(hrn, "user", &name, NULL) ? -CC_EINTERNAL : 0;

	if (!r)
		r = rg_find(tx, name.name, RG_USER, RG_WHOLE, &user);
	if (!r) {
		one = json_pack("{s:s, s:O}", "urn", user.urn, "keys", user.keys);
		r = json_array_append_new(p->users, one) ? cc_raise(CC_ENOMEM) : 0;
	}
	rg_record_deinit(&user);
	return r == -CC_ENOTFOUND ? 0 : r;
}

static int run_gather(struct st_tx *tx, void *arg)
{
	struct promise *p = arg;
	const json_t *hrn;
	size_t i;
	int r;

	rg_record_deinit(&p->record);
	rg_record_deinit(&p->node);
	json_array_clear(p->users);
	r = rg_find(tx, p->slice.name, RG_SLICE, RG_WHOLE, &p->record);
	if (r == -CC_ENOTFOUND)
		return reg_refuse(p->call, REG_NO_RECORD, "Record not found: %s", p->slice.hrn);
	if (!r)
		r = rg_find(tx, p->component.name, RG_NODE, RG_SHALLOW, &p->node);
	if (r == -CC_ENOTFOUND)
		return reg_refuse(p->call, REG_NO_RECORD, "Record not found: %s", p->component.hrn);
	if (!r)
		r = read_epoch(tx, p);
	json_array_foreach(p->record.related[RG_RESEARCHER], i, hrn)
	{
		if (!r)
			r = add_user(tx, p, json_string_value(hrn));
	}
	return r;
}

/* ---- the RSpec ---- */

static int write_rspec(struct promise *p)
{
	struct cc_buf *b = &p->made;
	const json_t *a;
	size_t i;

	cc_buf_puts(b, "<rspec xmlns=\"http://www.geni.net/resources/rspec/3\" type=\"request\">"
		       "<node client_id=\"sliver\" component_id=\"");
	xs_put_attribute(b, p->component.urn, strlen(p->component.urn));
	cc_buf_puts(b, "\" exclusive=\"false\">");
	json_array_foreach(p->record.attributes, i, a)
	{
		const char *name = json_string_value(json_object_get(a, "name"));
		const char *value = json_string_value(json_object_get(a, "value"));

		if (!is_tangible(name))
			continue;
		cc_buf_puts(b, "<resource xmlns=\"urn:ccfed:resource:1\" name=\"");
		xs_put_attribute(b, name, strlen(name));
		cc_buf_puts(b, "\" value=\"");
		xs_put_attribute(b, value, strlen(value));
		cc_buf_puts(b, "\"/>");
	}
	cc_buf_puts(b, "</node></rspec>");
	p->rspec = (const char *)b->data;
	p->rspec_len = b->len;
	return b->err;
}

static int read_component(struct reg_call *c, struct promise *p)
{
	char urn[RS_COMPONENT_MAX + 1];
	const char *said;
	int r = reg_arg_text(c, "rspec", false, &p->rspec);

	if (!r)
		r = reg_arg_text(c, "component", false, &said);
	if (r)
		return r;
	p->rspec_len = strlen(p->rspec);
	if (!p->rspec_len && !*said)
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid rspec value: it is missing, and so is "
				  "component");
	if (p->rspec_len > TR_TICKET_RSPEC_MAX)
		return reg_refuse(c, REG_ARGUMENT, "Invalid rspec value: more than %u octets",
				  TR_TICKET_RSPEC_MAX);
	if (p->rspec_len && rs_component(p->rspec, p->rspec_len, urn, &c->why) != 0)
		return REG_ARGUMENT;
	return reg_name(c, p->rspec_len ? urn : said, "node", &p->component);
}

/* ---- the ticket ---- */

struct parts {
	struct tr_attribute attributes[TR_TICKET_ATTRIBUTES];
	struct tr_ticket_user *users;
	char **keys;
	unsigned n_attributes, n_users;
};

static void parts_deinit(struct parts *parts)
{
	free(parts->users);
	free(parts->keys);
}

/* Texts stay those of the JSON: a request borrows. */
static char *text_of(const json_t *o, const char *key)
{
	return (char *)json_string_value(json_object_get(o, key));
}

static int collect(const struct promise *p, struct parts *out)
{
	size_t n = json_array_size(p->users), i, k, used = 0;
	const json_t *o, *line;

	out->users = calloc(n + 1, sizeof(*out->users));
	out->keys = calloc(n * TR_TICKET_KEYS + 1, sizeof(*out->keys));
	if (!out->users || !out->keys)
		return cc_raise(CC_ENOMEM);
	json_array_foreach(p->record.attributes, i, o)
	{
		if (!is_tangible(text_of(o, "name")))
			out->attributes[out->n_attributes++] =
				(struct tr_attribute){text_of(o, "name"), text_of(o, "value")};
	}
	json_array_foreach(p->users, i, o)
	{
		struct tr_ticket_user *u = &out->users[out->n_users++];

		*u = (struct tr_ticket_user){.urn = text_of(o, "urn"), .keys = out->keys + used};
		json_array_foreach(json_object_get(o, "keys"), k, line)
		{
			if (u->n_keys < TR_TICKET_KEYS)
				u->keys[u->n_keys++] = (char *)json_string_value(line);
		}
		used += u->n_keys;
	}
	return 0;
}

static int sign(struct reg_call *c, struct promise *p, struct tr_signer *signer,
		const struct tr_gids *target, const struct parts *parts, struct cc_buf *out)
{
	struct tr_ticket_request rq = {.serial = p->serial,
				       .component = p->component.urn,
				       .epoch = p->epoch,
				       .owner = &c->caller.chain,
				       .target = target,
				       .rspec = p->rspec,
				       .rspec_len = p->rspec_len,
				       .attributes = parts->attributes,
				       .n_attributes = parts->n_attributes,
				       .users = parts->users,
				       .n_users = parts->n_users};
	int64_t latest = tr_signer_latest(signer, &c->caller.chain, target, c->now);
	struct cc_note why = {0};
	int r;

	p->redeem_before = c->now + REDEEM_SECONDS;
	p->expires = p->record.expires && p->record.expires < latest ? p->record.expires : latest;
	if (p->expires <= p->redeem_before)
		p->redeem_before = p->expires;
	rq.redeem_before = p->redeem_before;
	rq.expires = p->expires;
	r = tr_signer_make_ticket(signer, &rq, c->now, out, &why);
	if (r > 0)
		return reg_refuse_rule(c, REG_PERMISSION, r, &why);
	return r == -CC_EINVAL || r == -CC_ELIMIT
		       ? reg_refuse(c, REG_ARGUMENT, "no ticket can be made: %.200s", why.text)
		       : r;
}

static int make(struct reg_call *c, struct promise *p)
{
	cc_cleanup(reg_signer_givep) struct reg_signer *signer = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids target = {.count = 0};
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(2u << 20);
	cc_cleanup(parts_deinit) struct parts parts = {.n_users = 0};
	int r = reg_signer_take(c->reg->trust, p->node.authority, &signer, &c->why);

	if (r)
		return reg_refuse(c, REG_NO_AUTHORITY, "Missing authority: %s", p->node.authority);
	r = reg_need_gid(c, &p->record);
	if (!r)
		r = reg_gids_of(c, &p->record, &target);
	if (!r)
		r = collect(p, &parts);
	if (!r)
		r = cc_request_id(p->serial);
	if (!r)
		r = sign(c, p, reg_signer_of(signer), &target, &parts, &text);
	if (!r) {
		c->value = json_stringn((char *)text.data, text.len);
		r = c->value ? 0 : cc_raise(CC_ENOMEM);
	}
	return r;
}

/* A promise is a row before it leaves. */
static int run_insert(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"INSERT INTO ticket (serial, slice, owner, component, epoch, issued, redeem_before,"
		" expires, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
	struct promise *p = arg;
	struct reg_call *c = p->call;
	const struct st_value params[] = {
		st_text(p->serial),
		st_text(p->record.name),
		st_text(az_caller_real(&c->caller)->urn),
		st_text(p->node.name),
		st_text(p->epoch),
		st_int(c->now),
		st_int(p->redeem_before),
		st_int(p->expires),
		st_text(json_string_value(c->value)),
	};

	return st_exec(tx, &sql, params, CC_ARRAY_SIZE(params), NULL);
}

static int promise_it(struct reg_call *c, struct promise *p)
{
	int r = reg_read(c, p->slice.authority, run_gather, p);

	if (!r && p->record.expires && p->record.expires <= c->now)
		r = reg_refuse(c, REG_EXPIRED, "%s has ended", p->slice.hrn);
	if (!r && !p->rspec_len)
		r = write_rspec(p);
	if (!r)
		r = make(c, p);
	return r ? r : reg_write(c, p->slice.authority, run_insert, p);
}

int reg_get_ticket(struct reg_call *c)
{
	struct promise p = {.call = c, .users = json_array(), .made = CC_BUF_INIT(1u << 20)};
	int r = p.users ? reg_arg_name(c, "slice", &p.slice) : cc_raise(CC_ENOMEM);

	if (!r && p.slice.type != RG_SLICE)
		r = reg_refuse(c, REG_TYPE, "%s is no slice", p.slice.hrn);
	if (!r)
		r = read_component(c, &p);
	if (!r)
		r = reg_allow(c, "getticket", REG_SELF, &p.slice);
	if (!r)
		r = reg_seek_op(c, p.slice.authority);
	if (!r && !c->repeated)
		r = promise_it(c, &p);
	rg_record_deinit(&p.record);
	rg_record_deinit(&p.node);
	json_decref(p.users);
	cc_buf_deinit(&p.made);
	return r;
}
