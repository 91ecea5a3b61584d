/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "handlers/aggregate/nodes.h"
#include "lib/base/util.h"
#include "lib/rspec/advert.h"
#include "lib/rspec/manifest.h"

#define TEXT_MAX (11u << 20) /* compressed and in base64 it must still fit into a message */
#define ZLIB_LEVEL 6

/* What of one request is live. Its slivers stand one after another in `order`. */
struct part {
	int64_t id;
	unsigned first, n;
	char *text;
	size_t len;
};

struct making {
	struct agg_call *call;
	const struct agg_sliver **order; /* by request */
	struct part *parts;
	unsigned n, n_parts;
	/* what lib/rspec gets */
	struct rs_sliver *slivers;
	struct rs_part *out;
	void **arena;
	unsigned n_arena;
};

static int compare_requests(const void *a, const void *b)
{
	const struct agg_sliver *x = *(const struct agg_sliver *const *)a;
	const struct agg_sliver *y = *(const struct agg_sliver *const *)b;

	return x->request < y->request ? -1 : x->request > y->request;
}

static int collect(struct making *m, const struct agg_slivers *s, bool touched)
{
	m->order = calloc(s->n + 1, sizeof(*m->order));
	m->parts = calloc(s->n + 1, sizeof(*m->parts));
	m->out = calloc(s->n + 1, sizeof(*m->out));
	m->slivers = calloc(s->n + 1, sizeof(*m->slivers));
	m->arena = calloc(3 * (size_t)s->n + 1, sizeof(*m->arena));
	if (!m->order || !m->parts || !m->out || !m->slivers || !m->arena)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < s->n; i++)
		if (!touched || s->items[i].touched)
			m->order[m->n++] = &s->items[i];
	qsort(m->order, m->n, sizeof(*m->order), compare_requests);
	for (unsigned i = 0; i < m->n; i++) {
		if (i == 0 || m->order[i]->request != m->order[i - 1]->request)
			m->parts[m->n_parts++] =
				(struct part){.id = m->order[i]->request, .first = i};
		m->parts[m->n_parts - 1].n++;
	}
	return 0;
}

static void forget_texts(struct making *m)
{
	for (unsigned i = 0; i < m->n_parts; i++) {
		free(m->parts[i].text);
		m->parts[i].text = NULL;
	}
}

static int run_texts(struct st_tx *tx, void *arg)
{
	struct making *m = arg;
	int r = 0;

	forget_texts(m);
	for (unsigned i = 0; i < m->n_parts && !r; i++)
		r = agg_request_get(tx, m->parts[i].id, &m->parts[i].text, &m->parts[i].len);
	return r;
}

/* ---- one sliver ---- */

static void *room(struct making *m, size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p)
		m->arena[m->n_arena++] = p;
	return p;
}

static const char *text(const json_t *o, const char *key)
{
	const char *value = json_string_value(json_object_get(o, key));

	return value ? value : "";
}

static int take_logins(struct making *m, const struct agg_sliver *s, struct rs_sliver *out)
{
	struct rs_login *logins = room(m, json_array_size(s->login), sizeof(*logins));
	const json_t *login;
	size_t i;

	if (!logins)
		return cc_raise(CC_ENOMEM);
	json_array_foreach(s->login, i, login) logins[i] =
		(struct rs_login){text(login, "username"), text(login, "hostname"),
				  (unsigned)json_integer_value(json_object_get(login, "port"))};
	out->logins = logins;
	out->n_logins = (unsigned)json_array_size(s->login);
	return 0;
}

/* All keys of all users of a sliver, one after another. */
static int take_users(struct making *m, const struct agg_sliver *s, struct rs_sliver *out)
{
	struct rs_user *users = room(m, json_array_size(s->users), sizeof(*users));
	size_t i, k, n = 0;
	const json_t *user, *key;
	const char **keys;

	json_array_foreach(s->users, i, user) n += json_array_size(json_object_get(user, "keys"));
	keys = room(m, n, sizeof(*keys));
	if (!users || !keys)
		return cc_raise(CC_ENOMEM);
	json_array_foreach(s->users, i, user)
	{
		const json_t *list = json_object_get(user, "keys");

		users[i] = (struct rs_user){text(user, "urn"), text(user, "login"), keys,
					    (unsigned)json_array_size(list)};
		json_array_foreach(list, k, key) *keys++ = json_string_value(key);
	}
	out->users = users;
	out->n_users = (unsigned)json_array_size(s->users);
	return 0;
}

static int take_sliver(struct making *m, const struct agg_set *set, unsigned at)
{
	const struct agg_sliver *s = m->order[at];
	const struct agg_node *node = agg_set_find(set, s->component);
	struct rs_sliver *out = &m->slivers[at];
	int r;

	*out = (struct rs_sliver){.client_id = s->client_id,
				  .sliver_id = s->urn,
				  .component_id = s->component,
				  .component_name = node ? node->name : "",
				  .sliver_type = s->type,
				  .image = s->image,
				  .hardware = s->hardware,
				  .hostname = node ? node->hostname : "",
				  .country = node ? node->country : "",
				  .latitude = node ? node->latitude : "",
				  .longitude = node ? node->longitude : "",
				  .exclusive = s->exclusive};
	r = take_logins(m, s, out);
	return r ? r : take_users(m, s, out);
}

/* ---- the whole ---- */

static int read_requests(struct making *m)
{
	struct rs_fault fault;
	int r = 0;

	for (unsigned i = 0; i < m->n_parts && !r; i++) {
		m->out[i].slivers = &m->slivers[m->parts[i].first];
		m->out[i].n_slivers = m->parts[i].n;
		r = rs_request_reread(m->parts[i].text, m->parts[i].len, m->call->agg->urn,
				      &m->out[i].request, &fault);
		if (r > 0) /* it was read when it came */
			r = cc_note_set(&m->call->why, CC_EINTERNAL, "request %lld: %.150s",
					(long long)m->parts[i].id, fault.why.text);
	}
	return r;
}

static int write(struct making *m)
{
	cc_cleanup(agg_set_unrefp) struct agg_set *set = NULL;
	struct agg_call *c = m->call;
	struct cc_buf plain = CC_BUF_INIT(TEXT_MAX);
	int64_t expires = 0;
	bool packed;
	int r = agg_option_flag(c, "geni_compressed", &packed);

	if (!r && (r = agg_nodes_get(c->agg->nodes, c->deadline, &set, &c->why)))
		r = agg_store_code(c, r);
	for (unsigned i = 0; i < m->n && !r; i++) {
		r = take_sliver(m, set, i);
		if (!expires || m->order[i]->expires < expires)
			expires = m->order[i]->expires;
	}
	if (!r)
		r = read_requests(m);
	if (!r)
		r = rs_manifest_write(m->out, m->n_parts, c->agg->urn, expires,
				      packed ? &plain : &c->blob);
	if (!r && packed)
		r = rs_compress(plain.data, plain.len, ZLIB_LEVEL, &c->blob);
	cc_buf_deinit(&plain);
	if (r == -CC_ELIMIT)
		r = agg_refuse(c, AGG_TOOBIG,
			       "the manifest is larger than a message may be: ask for "
			       "fewer slivers at a time");
	return r;
}

int agg_manifest(struct agg_call *c, const struct agg_slivers *s, bool touched)
{
	struct making m = {.call = c};
	int r = collect(&m, s, touched);

	if (!r)
		r = agg_read(c, run_texts, &m);
	if (!r)
		r = write(&m);
	if (!r)
		c->blob_key = "geni_rspec";
	for (unsigned i = 0; m.out && i < m.n_parts; i++)
		rs_request_free(m.out[i].request);
	for (unsigned i = 0; i < m.n_arena; i++)
		free(m.arena[i]);
	forget_texts(&m);
	free(m.order);
	free(m.parts);
	free(m.out);
	free(m.slivers);
	free(m.arena);
	return r;
}
