/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/slivers.h"

#include <stdlib.h>
#include <string.h>

#include "handlers/aggregate/place.h"
#include "handlers/aggregate/states.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

#define TOMBSTONE_SECONDS AGG_DAY

/* ---- lists ---- */

static void sliver_deinit(struct agg_sliver *s)
{
	free(s->urn);
	free(s->slice);
	free(s->slice_urn);
	free(s->owner);
	free(s->client_id);
	free(s->component);
	free(s->type);
	free(s->image);
	free(s->hardware);
	free(s->why);
	json_decref(s->users);
	json_decref(s->login);
}

void agg_slivers_deinit(struct agg_slivers *s)
{
	for (unsigned i = 0; i < s->n; i++)
		sliver_deinit(&s->items[i]);
	free(s->items);
	memset(s, 0, sizeof(*s));
}

struct agg_sliver *agg_slivers_add(struct agg_slivers *s)
{
	if (s->n == s->room) {
		unsigned room = s->room ? s->room * 2 : 8;
		struct agg_sliver *items = realloc(s->items, room * sizeof(*items));

		if (!items)
			return NULL;
		/* their words may stand in themselves */
		for (unsigned i = 0; i < s->n; i++) {
			if (items[i].words[0][0])
				items[i].allocation = items[i].words[0];
			if (items[i].words[1][0])
				items[i].operational = items[i].words[1];
		}
		s->items = items;
		s->room = room;
	}
	memset(&s->items[s->n], 0, sizeof(s->items[0]));
	return &s->items[s->n++];
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
	"urn, slice, slice_urn, owner, client_id, component, type, image, hardware, why, users, "  \
	"login, allocation, operational, request, slots, generation, made, expires, exclusive"

static json_t *json_of(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	return json ? json : json_array();
}

static void word(char out[32], const char *text)
{
	snprintf(out, 32, "%s", text);
}

static int take_row(const struct st_rows *row, struct agg_slivers *out)
{
	struct agg_sliver *s = agg_slivers_add(out);
	char **texts[] = {s ? &s->urn : NULL,	s ? &s->slice : NULL,	  s ? &s->slice_urn : NULL,
			  s ? &s->owner : NULL, s ? &s->client_id : NULL, s ? &s->component : NULL,
			  s ? &s->type : NULL,	s ? &s->image : NULL,	  s ? &s->hardware : NULL,
			  s ? &s->why : NULL};

	if (!s)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < CC_ARRAY_SIZE(texts); i++) {
		*texts[i] = strdup(st_get_text(row, i));
		if (!*texts[i])
			return cc_raise(CC_ENOMEM);
	}
	s->users = json_of(st_get_text(row, 10));
	s->login = json_of(st_get_text(row, 11));
	word(s->words[0], st_get_text(row, 12));
	word(s->words[1], st_get_text(row, 13));
	s->allocation = s->words[0];
	s->operational = s->words[1];
	s->request = st_get_int(row, 14);
	s->slots = st_get_int(row, 15);
	s->generation = st_get_int(row, 16);
	s->made = st_get_int(row, 17);
	s->expires = st_get_int(row, 18);
	s->exclusive = st_get_int(row, 19) != 0;
	return s->users && s->login ? 0 : cc_raise(CC_ENOMEM);
}

static int read_rows(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params,
		     unsigned n, struct agg_slivers *out)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, sql, params, n, &rows);

	while (!r && (r = st_next(rows)) > 0)
		r = take_row(rows, out);
	return r;
}

int agg_slivers_of(struct st_tx *tx, const char *slice, int64_t now, struct agg_slivers *out)
{
	static const struct st_sql sql = {"SELECT " COLUMNS " FROM sliver WHERE slice = $1 AND "
					  "expires > $2 ORDER BY slice, client_id"};

	return read_rows(tx, &sql, (struct st_value[]){st_text(slice), st_int(now)}, 2, out);
}

int agg_slivers_named(struct st_tx *tx, const json_t *urns, int64_t now, struct agg_slivers *out)
{
	static const struct st_sql sql = {"SELECT " COLUMNS
					  " FROM sliver WHERE urn = $1 AND expires > $2"};
	const json_t *urn;
	size_t i;
	int r = 0;

	json_array_foreach(urns, i, urn)
	{
		r = read_rows(tx, &sql,
			      (struct st_value[]){st_text(json_string_value(urn)), st_int(now)}, 2,
			      out);
		if (r)
			break;
	}
	return r;
}

int agg_slivers_over(struct st_tx *tx, const char *slice, int64_t now, unsigned limit,
		     struct agg_slivers *out)
{
	static const struct st_sql any = {"SELECT " COLUMNS " FROM sliver WHERE expires <= $1 "
					  "ORDER BY expires LIMIT $2"};
	static const struct st_sql of_slice = {"SELECT " COLUMNS
					       " FROM sliver WHERE slice = $3 AND "
					       "expires <= $1 LIMIT $2"};
	const struct st_value params[] = {st_int(now), st_int(limit), st_text(slice)};

	return slice ? read_rows(tx, &of_slice, params, 3, out)
		     : read_rows(tx, &any, params, 2, out);
}

/* ---- writing ---- */

static char *text_of(const json_t *json)
{
	return json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
}

int agg_sliver_insert(struct st_tx *tx, const struct agg_sliver *s)
{
	static const struct st_sql sql = {"INSERT INTO sliver (" COLUMNS
					  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
					  "$11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ON "
					  "CONFLICT (slice, client_id) DO "
					  "NOTHING"};
	cc_cleanup(cc_freep) char *users = text_of(s->users), *login = text_of(s->login);
	const struct st_value params[] = {
		st_text(s->urn),	st_text(s->slice),	 st_text(s->slice_urn),
		st_text(s->owner),	st_text(s->client_id),	 st_text(s->component),
		st_text(s->type),	st_text(s->image),	 st_text(s->hardware),
		st_text(s->why),	st_text(users),		 st_text(login),
		st_text(s->allocation), st_text(s->operational), st_int(s->request),
		st_int(s->slots),	st_int(s->generation),	 st_int(s->made),
		st_int(s->expires),	st_int(s->exclusive)};
	int64_t changed = 0;
	int r;

	if (!users || !login)
		return cc_raise(CC_ENOMEM);
	r = st_exec(tx, &sql, params, CC_ARRAY_SIZE(params), &changed);
	return r ? r : changed ? 0 : -CC_EEXIST;
}

int agg_sliver_update(struct st_tx *tx, const struct agg_sliver *s)
{
	static const struct st_sql sql = {
		"UPDATE sliver SET allocation = $2, operational = $3, why = $4, generation = $5, "
		"expires = $6, users = $7, login = $8 WHERE urn = $1"};
	cc_cleanup(cc_freep) char *users = text_of(s->users), *login = text_of(s->login);
	const struct st_value params[] = {st_text(s->urn),	   st_text(s->allocation),
					  st_text(s->operational), st_text(s->why),
					  st_int(s->generation),   st_int(s->expires),
					  st_text(users),	   st_text(login)};

	if (!users || !login)
		return cc_raise(CC_ENOMEM);
	return st_exec(tx, &sql, params, CC_ARRAY_SIZE(params), NULL);
}

static int outbox_insert(struct st_tx *tx, const struct agg_sliver *s, const char *command)
{
	static const struct st_sql sql = {
		"INSERT INTO outbox (id, component, sliver, generation, command, made) VALUES ($1, "
		"$2, $3, $4, $5, $6)"};
	int64_t id, now = (int64_t)(cc_clock_wall() * 1000);
	int r = st_take_numbers(tx, "outbox", 1, &id);

	if (r)
		return r;
	return st_exec(tx, &sql,
		       (struct st_value[]){st_int(id), st_text(s->component), st_text(s->urn),
					   st_int(s->generation), st_text(command), st_int(now)},
		       6, NULL);
}

int agg_sliver_command(struct st_tx *tx, struct agg_sliver *s, const char *command)
{
	s->generation++;
	return outbox_insert(tx, s, command);
}

/* The last sliver of a request takes it along. */
static int request_leave(struct st_tx *tx, int64_t id)
{
	static const struct st_sql less = {
		"UPDATE request SET slivers = slivers - 1 WHERE id = $1"};
	static const struct st_sql gone = {"DELETE FROM request WHERE id = $1 AND slivers = 0"};
	int r = st_exec(tx, &less, (struct st_value[]){st_int(id)}, 1, NULL);

	return r ? r : st_exec(tx, &gone, (struct st_value[]){st_int(id)}, 1, NULL);
}

/* What waits for its node is void; what the node has, it must give up. */
static int tell_removed(struct st_tx *tx, const struct agg_sliver *s, int64_t now)
{
	static const struct st_sql drop = {"DELETE FROM outbox WHERE sliver = $1"};
	static const struct st_sql keep = {"INSERT INTO tombstone (sliver, component, generation, "
					   "until) VALUES ($1, $2, $3, $4) "
					   "ON CONFLICT (sliver) DO NOTHING"};
	struct agg_sliver last = *s;
	int r = st_exec(tx, &drop, (struct st_value[]){st_text(s->urn)}, 1, NULL);

	if (r || strcmp(s->allocation, AGG_PROVISIONED) != 0)
		return r;
	r = agg_sliver_command(tx, &last, "delete");
	if (r)
		return r;
	return st_exec(tx, &keep,
		       (struct st_value[]){st_text(s->urn), st_text(s->component),
					   st_int(last.generation),
					   st_int(now + TOMBSTONE_SECONDS)},
		       4, NULL);
}

int agg_sliver_remove(struct st_tx *tx, const struct agg_sliver *s, int64_t now)
{
	static const struct st_sql sql = {"DELETE FROM sliver WHERE urn = $1"};
	int64_t changed = 0;
	int r = st_exec(tx, &sql, (struct st_value[]){st_text(s->urn)}, 1, &changed);

	/* another ccserver of this store was faster: it gave the slots back, too */
	if (r || !changed)
		return r;
	r = agg_is_broken("am-give") ? 0 : agg_place_give(tx, s->component, s->slots);
	if (!r)
		r = request_leave(tx, s->request);
	return r ? r : tell_removed(tx, s, now);
}

/* ---- requests ---- */

int agg_request_insert(struct st_tx *tx, const char *slice, const char *document, size_t len,
		       unsigned slivers, int64_t *id)
{
	static const struct st_sql sql = {
		"INSERT INTO request (id, slice, slivers, document) VALUES ($1, $2, $3, $4)"};
	int r = st_take_numbers(tx, "request", 1, id);

	if (r)
		return r;
	return st_exec(tx, &sql,
		       (struct st_value[]){st_int(*id), st_text(slice), st_int(slivers),
					   st_textn(document, len)},
		       4, NULL);
}

int agg_request_get(struct st_tx *tx, int64_t id, char **out, size_t *len)
{
	static const struct st_sql sql = {"SELECT document FROM request WHERE id = $1"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &sql, (struct st_value[]){st_int(id)}, 1, &rows);

	if (r || (r = st_next(rows)) <= 0)
		return r ? r : -CC_ENOTFOUND;
	*len = st_get(rows, 0).len;
	*out = malloc(*len + 1);
	if (!*out)
		return cc_raise(CC_ENOMEM);
	memcpy(*out, st_get(rows, 0).data, *len);
	(*out)[*len] = 0;
	return 0;
}

/* ---- slices ---- */

int agg_slice_is_shut(struct st_tx *tx, const char *slice)
{
	static const struct st_sql sql = {"SELECT 1 FROM slice_shut WHERE slice = $1"};
	int64_t one;
	int r = st_number(tx, &sql, (struct st_value[]){st_text(slice)}, 1, &one);

	return r == -CC_ENOTFOUND ? 0 : r ? r : 1;
}

int agg_slice_shut(struct st_tx *tx, const char *slice, int64_t now, const char *who, bool *changed)
{
	static const struct st_sql sql = {"INSERT INTO slice_shut (slice, at, who) VALUES ($1, $2, "
					  "$3) ON CONFLICT (slice) DO "
					  "NOTHING"};
	int64_t n = 0;
	int r = st_exec(tx, &sql, (struct st_value[]){st_text(slice), st_int(now), st_text(who)}, 3,
			&n);

	*changed = n != 0;
	return r;
}

int agg_slice_release(struct st_tx *tx, const char *slice, bool *changed)
{
	static const struct st_sql sql = {"DELETE FROM slice_shut WHERE slice = $1"};
	int64_t n = 0;
	int r = st_exec(tx, &sql, (struct st_value[]){st_text(slice)}, 1, &n);

	*changed = n != 0;
	return r;
}

/* ---- outbox ---- */

int agg_outbox_read(struct st_tx *tx, int64_t before, unsigned limit, struct agg_command *out,
		    unsigned *n)
{
	static const struct st_sql sql = {
		"SELECT id, sliver, generation, command FROM outbox WHERE "
		"made <= $1 ORDER BY id LIMIT $2"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &sql, (struct st_value[]){st_int(before), st_int(limit)}, 2, &rows);

	*n = 0;
	while (!r && *n < limit && (r = st_next(rows)) > 0) {
		struct agg_command *c = &out[(*n)++];

		c->id = st_get_int(rows, 0);
		c->generation = st_get_int(rows, 2);
		snprintf(c->sliver, sizeof(c->sliver), "%s", st_get_text(rows, 1));
		snprintf(c->command, sizeof(c->command), "%s", st_get_text(rows, 3));
		r = 0;
	}
	return r < 0 ? r : 0;
}

int agg_outbox_first(struct st_tx *tx, int64_t *made)
{
	static const struct st_sql sql = {"SELECT made FROM outbox ORDER BY id LIMIT 1"};
	int r = st_number(tx, &sql, NULL, 0, made);

	if (r == -CC_ENOTFOUND)
		*made = 0;
	return r == -CC_ENOTFOUND ? 0 : r;
}

int agg_outbox_remove(struct st_tx *tx, int64_t id)
{
	static const struct st_sql sql = {"DELETE FROM outbox WHERE id = $1"};

	return st_exec(tx, &sql, (struct st_value[]){st_int(id)}, 1, NULL);
}

int agg_tombstones_prune(struct st_tx *tx, int64_t now)
{
	static const struct st_sql sql = {"DELETE FROM tombstone WHERE until <= $1"};

	return st_exec(tx, &sql, (struct st_value[]){st_int(now)}, 1, NULL);
}

/* ---- JSON ---- */

json_t *agg_sliver_json(const struct agg_sliver *s)
{
	char expires[32];

	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "geni_sliver_urn", s->urn,
			 "geni_allocation_status", s->allocation, "geni_operational_status",
			 s->operational, "geni_expires", cc_clock_text(s->expires, expires),
			 "geni_error", s->error[0] ? s->error : s->why);
}
