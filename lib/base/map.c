/* SPDX-License-Identifier: ISC */
#include "lib/base/map.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/err.h"

#define MAP_MIN 16

static uint64_t map_key[2];
static pthread_once_t map_key_once = PTHREAD_ONCE_INIT;

static void map_key_init(void)
{
	ssize_t n;

	do {
		n = getrandom(map_key, sizeof(map_key), 0);
	} while (n < 0 && errno == EINTR);
	/* a guessable key would hand every bucket to a stranger: a kernel without randomness is no host */
	if (n != (ssize_t)sizeof(map_key))
		abort();
}

static inline uint64_t rotl(uint64_t x, int b)
{
	return (x << b) | (x >> (64 - b));
}

static inline __attribute__((always_inline)) void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

/* Octets as a little-endian number, whatever the machine's order: eight, or the last few. */
static uint64_t load_le8(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return le64toh(x);
}

static uint64_t load_le(const uint8_t *p, size_t len)
{
	uint64_t x = 0;

	for (size_t i = 0; i < len; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static inline __attribute__((always_inline)) void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint64_t cc_map_hash(const void *key, size_t len)
{
	const uint8_t *p = key;
	size_t left = len;
	uint64_t v[4];

	pthread_once(&map_key_once, map_key_init);
	v[0] = map_key[0] ^ 0x736f6d6570736575;
	v[1] = map_key[1] ^ 0x646f72616e646f6d;
	v[2] = map_key[0] ^ 0x6c7967656e657261;
	v[3] = map_key[1] ^ 0x7465646279746573;
	for (; left >= 8; p += 8, left -= 8)
		sip_word(v, load_le8(p));
	sip_word(v, (uint64_t)len << 56 | load_le(p, left));
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void cc_map_init(struct cc_map *m)
{
	*m = (struct cc_map){0};
}

void cc_map_deinit(struct cc_map *m)
{
	free(m->buckets);
	cc_map_init(m);
}

static struct cc_map_node **map_bucket(const struct cc_map *m, uint64_t hash)
{
	return &m->buckets[hash & (m->n_buckets - 1)];
}

static void map_link(struct cc_map *m, struct cc_map_node *node)
{
	struct cc_map_node **bucket = map_bucket(m, node->hash);

	node->next = *bucket;
	*bucket = node;
}

static int map_grow(struct cc_map *m)
{
	struct cc_map old = *m;
	size_t n = old.n_buckets ? old.n_buckets * 2 : MAP_MIN;
	struct cc_map_node **buckets = calloc(n, sizeof(struct cc_map_node *));

	if (!buckets)
		return -CC_ENOMEM;
	m->buckets = buckets;
	m->n_buckets = n;
	for (size_t i = 0; i < old.n_buckets; i++) {
		for (struct cc_map_node *node = old.buckets[i], *next; node; node = next) {
			next = node->next;
			map_link(m, node);
		}
	}
	free(old.buckets);
	return 0;
}

struct cc_map_node *cc_map_find(const struct cc_map *m, const void *key, size_t len)
{
	uint64_t hash;

	if (m->count == 0)
		return NULL;
	hash = cc_map_hash(key, len);
	for (struct cc_map_node *node = *map_bucket(m, hash); node; node = node->next) {
		if (node->hash == hash && node->key_len == len &&
		    (len == 0 || memcmp(node->key, key, len) == 0))
			return node;
	}
	return NULL;
}

int cc_map_add(struct cc_map *m, struct cc_map_node *node, const void *key, size_t len)
{
	/* a full table still works, only slower: no memory matters to the first node alone */
	if (m->count >= m->n_buckets && map_grow(m) < 0 && m->n_buckets == 0)
		return cc_raise(CC_ENOMEM);
	node->key = key;
	node->key_len = (uint32_t)len;
	node->hash = cc_map_hash(key, len);
	map_link(m, node);
	m->count++;
	return 0;
}

void cc_map_remove(struct cc_map *m, struct cc_map_node *node)
{
	struct cc_map_node **at = map_bucket(m, node->hash);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	m->count--;
}

struct cc_map_node *cc_map_next(const struct cc_map *m, const struct cc_map_node *node)
{
	size_t i = 0;

	if (node) {
		if (node->next)
			return node->next;
		i = (node->hash & (m->n_buckets - 1)) + 1;
	}
	for (; i < m->n_buckets; i++) {
		if (m->buckets[i])
			return m->buckets[i];
	}
	return NULL;
}
