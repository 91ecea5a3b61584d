/* SPDX-License-Identifier: ISC */
#include "lib/store/chain.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/digest.h"

static void put_number(struct st_sha *s, int64_t n)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	st_sha_put(s, octets, sizeof(octets));
}

int st_chain_hash(const struct st_audit_row *row, uint8_t out[ST_HASH])
{
	struct st_sha s;

	st_sha_begin(&s);
	st_sha_put(&s, row->previous, ST_HASH);
	st_sha_put(&s, row->instance, strlen(row->instance) + 1);
	put_number(&s, row->number);
	put_number(&s, row->at);
	st_sha_put(&s, row->entries, row->len);
	return st_sha_end(&s, out);
}

int st_chain_find(struct st_tx *tx, struct st_chain *chain)
{
	static const struct st_sql last = {"SELECT number, hash FROM audit WHERE instance = $1"
					   " ORDER BY number DESC LIMIT 1"};
	const struct st_value params[] = {st_text(chain->instance)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	struct st_value hash;
	int r = st_query(tx, &last, params, 1, &rows);

	if (!r)
		r = st_next(rows);
	if (r < 0)
		return r;
	chain->number = r ? st_get_int(rows, 0) : 0;
	memset(chain->hash, 0, ST_HASH);
	hash = st_get(rows, 1);
	if (hash.kind == ST_BYTES && hash.len == ST_HASH)
		memcpy(chain->hash, hash.data, ST_HASH);
	return 0;
}

int st_chain_add(struct st_tx *tx, const struct st_chain *chain, const void *entries, size_t len,
		 struct st_chain *next)
{
	static const struct st_sql add = {
		"INSERT INTO audit (instance, number, at, entries, previous, hash)"
		" VALUES ($1, $2, $3, $4, $5, $6)"};
	struct st_audit_row row = {.instance = chain->instance,
				   .number = chain->number + 1,
				   .at = (int64_t)(cc_clock_wall() * 1000),
				   .entries = len ? entries : "",
				   .len = len};
	int r;

	memcpy(row.previous, chain->hash, ST_HASH);
	r = st_chain_hash(&row, row.hash);
	if (!r) {
		const struct st_value params[] = {st_text(row.instance),
						  st_int(row.number),
						  st_int(row.at),
						  st_textn(row.entries, row.len),
						  st_bytes(row.previous, ST_HASH),
						  st_bytes(row.hash, ST_HASH)};

		r = st_exec(tx, &add, params, CC_ARRAY_SIZE(params), NULL);
	}
	if (r)
		return r;
	*next = (struct st_chain){.instance = chain->instance, .number = row.number};
	memcpy(next->hash, row.hash, ST_HASH);
	return 0;
}
