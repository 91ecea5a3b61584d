/* SPDX-License-Identifier: ISC */
#include "lib/cc/replay_book.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"

void replay_book_init(struct replay_book *b)
{
	*b = (struct replay_book){0};
	for (size_t i = 0; i < REPLAY_MAPS; i++)
		cc_map_init(&b->maps[i]);
}

void replay_book_deinit(struct replay_book *b)
{
	while (replay_book_sweep(b, UINT32_MAX))
		;
	for (size_t i = 0; i < REPLAY_MAPS; i++)
		cc_map_deinit(&b->maps[i]);
	free(b->numbers);
}

uint64_t replay_book_bytes(const struct replay_book *b)
{
	uint64_t bytes = b->bytes + b->room * sizeof(*b->numbers);

	for (size_t i = 0; i < REPLAY_MAPS; i++)
		bytes += b->maps[i].n_buckets * sizeof(*b->maps[i].buckets);
	return bytes;
}

struct replay_slice *replay_slice_new(struct replay_book *b)
{
	struct replay_slice *slice = calloc(1, sizeof(*slice));

	if (slice)
		b->bytes += sizeof(*slice);
	return slice;
}

static void slice_free(struct replay_book *b, struct replay_slice *slice)
{
	b->bytes -= sizeof(*slice);
	free(slice);
}

void replay_slice_bury(struct replay_book *b, struct replay_slice *slice)
{
	slice->dead = true;
	slice->next_dead = b->dead;
	b->dead = slice;
}

#define KEY_MAX (1 + CC_SIGNER_NAME_MAX)

/* A class and a name that it knows, so that a stranger is not the one whose name he took. */
static size_t key_write(const struct cc_signer *s, uint8_t key[KEY_MAX])
{
	size_t len = strnlen(s->name, CC_SIGNER_NAME_MAX);

	key[0] = (uint8_t)s->cls;
	memcpy(key + 1, s->name, len);
	return 1 + len;
}

static struct cc_map *map_of(const struct replay_book *b, const uint8_t *key, size_t len)
{
	/* high bits: the map itself takes the low ones */
	return (struct cc_map *)&b->maps[(cc_map_hash(key, len) >> 32) % REPLAY_MAPS];
}

struct replay_signer *replay_signer_find(const struct replay_book *b, const struct cc_signer *s)
{
	uint8_t key[KEY_MAX];
	size_t len = key_write(s, key);
	struct cc_map_node *node = cc_map_find(map_of(b, key, len), key, len);

	return node ? cc_container_of(node, struct replay_signer, node) : NULL;
}

/* Used again when their signer has left every slice: 32 bits would not last for ever. */
static uint32_t number_take(struct replay_book *b)
{
	uint32_t number = b->first_free;

	if (number) {
		b->first_free = b->numbers[number - 1].next_free;
		return number;
	}
	if (b->n_numbers == b->room) {
		uint32_t room = b->room ? 2 * b->room : 16;
		struct replay_number *numbers = realloc(b->numbers, room * sizeof(*numbers));

		if (!numbers)
			return 0;
		b->numbers = numbers;
		b->room = room;
	}
	b->numbers[b->n_numbers] = (struct replay_number){0};
	return ++b->n_numbers;
}

static void number_give(struct replay_book *b, uint32_t number)
{
	b->numbers[number - 1] = (struct replay_number){.next_free = b->first_free};
	b->first_free = number;
}

static size_t signer_bytes(const struct replay_signer *signer)
{
	return sizeof(*signer) + signer->node.key_len + 1;
}

struct replay_signer *replay_signer_add(struct replay_book *b, const struct cc_signer *s)
{
	uint8_t key[KEY_MAX];
	size_t len = key_write(s, key);
	cc_cleanup(cc_freep) struct replay_signer *signer = calloc(1, sizeof(*signer) + len + 1);
	uint32_t number = signer ? number_take(b) : 0;

	if (number == 0)
		return NULL;
	memcpy(signer->key, key, len);
	signer->number = number;
	if (cc_map_add(map_of(b, key, len), &signer->node, signer->key, len) < 0) {
		number_give(b, number);
		return NULL;
	}
	b->numbers[number - 1].signer = signer;
	b->n_signers++;
	b->bytes += signer_bytes(signer);
	return cc_steal(&signer);
}

void replay_signer_drop(struct replay_book *b, struct replay_signer *signer)
{
	if (signer->shares)
		return;
	cc_map_remove(map_of(b, signer->key, signer->node.key_len), &signer->node);
	number_give(b, signer->number);
	b->n_signers--;
	b->bytes -= signer_bytes(signer);
	free(signer);
}

enum cc_signer_class replay_signer_class(const struct replay_signer *signer)
{
	return (enum cc_signer_class)signer->key[0];
}

const char *replay_signer_name(const struct replay_signer *signer)
{
	return (const char *)signer->key + 1;
}

uint64_t replay_signer_ids(const struct replay_signer *signer)
{
	uint64_t ids = 0;

	for (const struct replay_share *s = signer->shares; s; s = s->next_of_signer)
		ids += s->slice->dead ? 0 : s->count;
	return ids;
}

struct replay_share *replay_share_get(struct replay_book *b, struct replay_signer *signer,
				      struct replay_slice *slice)
{
	struct replay_share *share = signer->shares;

	while (share && share->slice != slice)
		share = share->next_of_signer;
	if (share)
		return share;
	share = malloc(sizeof(*share));
	if (!share)
		return NULL;
	*share = (struct replay_share){signer, slice, signer->shares, slice->shares, 0};
	signer->shares = slice->shares = share;
	b->bytes += sizeof(*share);
	return share;
}

static void leave_signer(struct replay_share *share)
{
	struct replay_share **at = &share->signer->shares;

	while (*at != share)
		at = &(*at)->next_of_signer;
	*at = share->next_of_signer;
}

static void share_free(struct replay_book *b, struct replay_share *share)
{
	leave_signer(share);
	replay_signer_drop(b, share->signer);
	b->bytes -= sizeof(*share);
	free(share);
}

void replay_share_undo(struct replay_book *b, struct replay_share *share)
{
	struct replay_share **at = &share->slice->shares;

	while (*at != share) /* few are newer */
		at = &(*at)->next_of_slice;
	*at = share->next_of_slice;
	share_free(b, share);
}

bool replay_book_sweep(struct replay_book *b, unsigned shares)
{
	while (b->dead && shares > 0) {
		struct replay_slice *slice = b->dead;
		struct replay_share *share = slice->shares;

		if (share) {
			slice->shares = share->next_of_slice;
			share_free(b, share);
			shares--;
		} else {
			b->dead = slice->next_dead;
			slice_free(b, slice);
		}
	}
	return b->dead != NULL;
}
