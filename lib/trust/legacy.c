/* SPDX-License-Identifier: ISC */
/*
 * From certificates with XML-RPC data to struct tr_legacy (spec sfa 1.3 to 1.6, 2.6). Embedded GIDs
 * are read as chains of certificates and no further: what data they carry themselves is not
 * followed, so that nesting costs nothing.
 */
#include "lib/trust/legacy_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/write.h"

struct reading {
	struct tr_legacy *l;
	struct tr_certs *certs;
	const char *whose; /* whose data it is, for refusals */
	struct cc_note *why;
};

struct member {
	const char *name;
	int (*read)(struct reading *rd, const char *name, const json_t *v);
};

static int wrong_type(struct reading *rd, const char *name)
{
	return cc_refuse(rd->why, CC_RULE_XML_ELEMENT, "%.100s: its %s is of another type or size",
			 rd->whose, name);
}

/* ---- members ---- */

static int read_gids(struct reading *rd, const char *name, const json_t *v, struct tr_gids *out)
{
	struct cc_note inner = {0};
	int r;

	if (json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return wrong_type(rd, name);
	r = tr_gids_read(rd->certs, json_string_value(v), json_string_length(v), out, &inner);
	if (r > 0)
		return cc_refuse(rd->why, (enum cc_rule)r, "%.60s, its %s: %.140s", rd->whose, name,
				 inner.text);
	return cc_trace(r);
}

static int read_caller(struct reading *rd, const char *name, const json_t *v)
{
	return read_gids(rd, name, v, &rd->l->caller);
}

static int read_object(struct reading *rd, const char *name, const json_t *v)
{
	return read_gids(rd, name, v, &rd->l->object);
}

/* Nobody wrote one in 2008; a date alone ends when it begins. */
static bool read_date(const char *text, int64_t *out)
{
	char day[32];
	int n = snprintf(day, sizeof(day), "%sT00:00:00Z", text);

	return xs_read_time(text, strlen(text), out) == 0 ||
	       (n > 0 && (size_t)n < sizeof(day) && xs_read_time(day, (size_t)n, out) == 0);
}

static int read_life_time(struct reading *rd, const char *name, const json_t *v)
{
	double seconds = json_number_value(v);
	int64_t end = 0;

	if (json_is_null(v))
		return 0;
	if (json_is_number(v) && fabs(seconds) < 1e15)
		end = (int64_t)seconds;
	else if (!json_is_string(v) || !read_date(json_string_value(v), &end))
		return wrong_type(rd, name);
	rd->l->life_time = end > 0 ? end : 1; /* 0 is for none */
	return 0;
}

static unsigned count_commas(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return len > 0 && len <= TR_PRIVILEGE_NAME_MAX;
}

/* "a,b,c"; their delegate bit stands in another member and is set when all are read. */
static int read_privileges(struct reading *rd, const char *name, const json_t *v)
{
	struct tr_legacy *l = rd->l;
	const char *p = json_string_value(v);
	unsigned count;

	if (json_is_null(v))
		return 0;
	if (!p)
		return wrong_type(rd, name);
	count = count_commas(p) + 1;
	if (!CC_RULE(CC_RULE_XML_LIMIT, count <= TR_PRIVILEGES_MAX))
		return cc_refuse(rd->why, CC_RULE_XML_LIMIT, "%.100s: more than %d privileges",
				 rd->whose, TR_PRIVILEGES_MAX);
	l->privileges = calloc(count, sizeof(*l->privileges));
	if (!l->privileges)
		return cc_raise(CC_ENOMEM);
	while (l->n_privileges < count) {
		size_t len = strcspn(p, ",");

		if (!is_name(p, len))
			return wrong_type(rd, name);
		memcpy(l->privileges[l->n_privileges++].name, p, len);
		p += len + 1;
	}
	return 0;
}

static int read_delegate(struct reading *rd, const char *name, const json_t *v)
{
	if (!json_is_boolean(v))
		return wrong_type(rd, name);
	rd->l->delegate = json_is_true(v);
	return 0;
}

static int read_text(struct reading *rd, const char *name, const json_t *v)
{
	return json_is_string(v) ? 0 : wrong_type(rd, name);
}

static int read_object_or_nil(struct reading *rd, const char *name, const json_t *v)
{
	return json_is_object(v) || json_is_null(v) ? 0 : wrong_type(rd, name);
}

/* Tags of a slice in 2008, an RSpec in 2011. */
static int read_rspec(struct reading *rd, const char *name, const json_t *v)
{
	return json_is_string(v) ? 0 : read_object_or_nil(rd, name, v);
}

/* ---- kinds ---- */

static const struct member gid_members[] = {{"uuid", read_text}, {"hrn", read_text}, {NULL}};
static const struct member cred_members[] = {
	{"gidCaller", read_caller},	 {"gidObject", read_object},  {"lifeTime", read_life_time},
	{"privileges", read_privileges}, {"delegate", read_delegate}, {NULL},
};
static const struct member ticket_members[] = {
	{"gidCaller", read_caller}, {"gidObject", read_object},	 {"attributes", read_object_or_nil},
	{"rspec", read_rspec},	    {"delegate", read_delegate}, {NULL},
};

/* By the member that only this kind has. */
static const struct kind {
	enum tr_legacy_kind kind;
	const char *mark;
	const struct member *members;
} kinds[] = {
	{TR_LEGACY_GID, "uuid", gid_members},
	{TR_LEGACY_CRED, "privileges", cred_members},
	{TR_LEGACY_TICKET, "attributes", ticket_members},
};

static const struct kind *kind_find(const json_t *data)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++) {
		if (json_object_get(data, kinds[i].mark))
			return &kinds[i];
	}
	return NULL;
}

static const struct member *member_find(const struct member *m, const char *name)
{
	while (m->name && strcmp(m->name, name) != 0)
		m++;
	return m->name ? m : NULL;
}

/* A member that we do not know could be a condition: the whole is refused. */
static int read_members(struct reading *rd)
{
	const struct kind *kind = kind_find(rd->l->data);
	const char *name;
	json_t *v;
	int r = 0;

	if (!kind)
		return cc_refuse(rd->why, CC_RULE_CRED_TYPE,
				 "%.100s carries neither GID, credential nor ticket", rd->whose);
	rd->l->kind = kind->kind;
	json_object_foreach(rd->l->data, name, v)
	{
		const struct member *m = member_find(kind->members, name);

		if (m)
			r = m->read(rd, name, v);
		else if (!CC_RULE(CC_RULE_CRED_TYPE, false))
			r = cc_refuse(rd->why, CC_RULE_CRED_TYPE,
				      "%.100s: \"%.64s\" does not belong there", rd->whose, name);
		if (r != 0)
			return r;
	}
	for (unsigned i = 0; i < rd->l->n_privileges; i++)
		rd->l->privileges[i].can_delegate = rd->l->delegate;
	return 0;
}

int tr_legacy_read_one(struct tr_certs *certs, const struct tr_gid *cert, struct tr_legacy **out,
		       struct cc_note *why)
{
	cc_cleanup(tr_legacy_freep) struct tr_legacy *l = calloc(1, sizeof(*l));
	struct reading rd = {l, certs, tr_gid_label(cert), why};
	int r;

	if (!l)
		return cc_raise(CC_ENOMEM);
	if (!cert->params)
		return cc_refuse(why, CC_RULE_CRED_TYPE, "%.100s is a certificate without data",
				 rd.whose);
	r = tr_params_read(cert->params, cert->params_len, &l->data, why);
	if (r == 0)
		r = read_members(&rd);
	if (r != 0)
		return cc_trace(r);
	*out = cc_steal(&l);
	return 0;
}

/* ---- the whole ---- */

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define DER_START "MII" /* base64 of a SEQUENCE of 256 octets or more */

bool tr_legacy_is(const char *text, size_t len)
{
	const char *tag = memchr(text, '<', len);
	size_t head = tag ? (size_t)(tag - text) : len;

	while (head > 0 && strchr(" \t\r\n", *text)) {
		text++;
		head--;
	}
	return memmem(text, head, BEGIN, strlen(BEGIN)) ||
	       (!tag && head > strlen(DER_START) &&
		memcmp(text, DER_START, strlen(DER_START)) == 0);
}

int tr_legacy_read(struct tr_certs *certs, const char *text, size_t len, struct tr_legacy **out,
		   struct cc_note *why)
{
	cc_cleanup(tr_legacy_freep) struct tr_legacy *l = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	int r = tr_gids_read(certs, text, len, &chain, why);

	if (r == 0)
		r = tr_legacy_read_one(certs, chain.items[0], &l, why);
	if (r != 0)
		return cc_trace(r);
	l->chain = chain;
	chain.count = 0;
	*out = cc_steal(&l);
	return 0;
}

void tr_legacy_free(struct tr_legacy *l)
{
	if (!l)
		return;
	tr_gids_deinit(&l->chain);
	tr_gids_deinit(&l->caller);
	tr_gids_deinit(&l->object);
	free(l->privileges);
	json_decref(l->data);
	free(l);
}

void tr_legacy_freep(struct tr_legacy **l)
{
	tr_legacy_free(*l);
	*l = NULL;
}
