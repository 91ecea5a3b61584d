/* SPDX-License-Identifier: ISC */
/* What is remembered, for people. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/cc/replay_int.h"

#define BATCH 1024 /* signers looked at under one lock */

/* Ends what is forgotten already but not freed yet, without holding up others for long. */
static void sweep_all(struct cc_replay *r)
{
	bool more = true;

	while (more) {
		struct replay_waste *waste;

		pthread_mutex_lock(&r->lock);
		more = replay_book_sweep(&r->book, BATCH);
		waste = replay_waste_take(r, BATCH);
		more = more || r->waste;
		pthread_mutex_unlock(&r->lock);
		replay_waste_free(waste);
	}
}

void cc_replay_get_stats(struct cc_replay *r, struct cc_replay_stats *out)
{
	sweep_all(r);
	pthread_mutex_lock(&r->lock);
	*out = (struct cc_replay_stats){
		.ids = r->ids,
		.signers = r->book.n_signers,
		.bytes = sizeof(*r) + replay_book_bytes(&r->book) + r->waste_bytes,
	};
	for (size_t i = 0; i < REPLAY_SHARDS; i++) {
		pthread_mutex_lock(&r->shards[i].lock);
		for (size_t k = 0; k < REPLAY_SLOTS; k++)
			out->bytes += replay_table_bytes(&r->shards[i].tables[k]);
		pthread_mutex_unlock(&r->shards[i].lock);
	}
	pthread_mutex_unlock(&r->lock);
}

/* Most ids first; of as many, by name. */
static bool comes_before(const struct replay_signer *signer, uint64_t ids,
			 const struct cc_replay_signer *other)
{
	return ids != other->ids ? ids > other->ids
				 : strcmp(replay_signer_name(signer), other->name) < 0;
}

static size_t list_add(struct cc_replay_signer *out, size_t n, size_t max,
		       const struct replay_signer *signer)
{
	uint64_t ids = replay_signer_ids(signer);
	size_t at = n;

	while (at > 0 && comes_before(signer, ids, &out[at - 1]))
		at--;
	if (ids == 0 || at == max)
		return n;
	n -= n == max; /* the last falls off */
	memmove(&out[at + 1], &out[at], (n - at) * sizeof(*out));
	out[at] = (struct cc_replay_signer){
		.cls = replay_signer_class(signer), .ids = ids, .last_ms = signer->last_ms};
	memcpy(out[at].name, replay_signer_name(signer), signer->node.key_len);
	return n + 1;
}

size_t cc_replay_list(struct cc_replay *r, struct cc_replay_signer *out, size_t max)
{
	size_t n = 0;
	bool more = max > 0;

	for (uint32_t i = 0, end; more; i = end) {
		pthread_mutex_lock(&r->lock);
		end = i + BATCH < r->book.n_numbers ? i + BATCH : r->book.n_numbers;
		more = end < r->book.n_numbers;
		for (; i < end; i++) {
			if (r->book.numbers[i].signer)
				n = list_add(out, n, max, r->book.numbers[i].signer);
		}
		pthread_mutex_unlock(&r->lock);
	}
	return n;
}
