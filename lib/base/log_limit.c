/* SPDX-License-Identifier: ISC */
/* At most one line per (kind, source) and minute. */
#include "lib/base/log.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/base/util.h"

#define PAIRS_MAX 1024
#define KIND_MAX 32
#define SOURCE_MAX 64
#define PERIOD_MS 60000

struct pair {
	struct cc_map_node node;
	struct cc_list age; /* in pairs, the longest silent first */
	char key[KIND_MAX + SOURCE_MAX];
	unsigned key_len;
	unsigned held;
	int64_t logged_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cc_map map;
static struct cc_list ages = {&ages, &ages};
static struct pair pairs[PAIRS_MAX];
static size_t n_pairs;

static struct pair *pair_oldest(void)
{
	struct pair *p;

	if (n_pairs < PAIRS_MAX)
		return &pairs[n_pairs++];
	p = cc_container_of(ages.next, struct pair, age);
	cc_map_remove(&map, &p->node);
	cc_list_remove(&p->age);
	return p;
}

static struct pair *pair_new(const char *key, unsigned key_len)
{
	struct pair *p = pair_oldest();

	memcpy(p->key, key, key_len);
	p->key_len = key_len;
	p->held = 0;
	if (cc_map_add(&map, &p->node, p->key, key_len) < 0) {
		n_pairs--; /* only the first pair can fail: its slot is the last one handed out */
		return NULL;
	}
	cc_list_init(&p->age);
	return p;
}

static bool pair_pass(struct pair *p, int64_t now, unsigned *held)
{
	*held = p->held;
	p->held = 0;
	p->logged_ms = now;
	cc_list_remove(&p->age);
	cc_list_add_tail(&ages, &p->age);
	return true;
}

static bool allowed(const char *key, unsigned key_len, unsigned *held)
{
	struct cc_map_node *node = cc_map_find(&map, key, key_len);
	struct pair *p = node ? cc_container_of(node, struct pair, node) : NULL;
	int64_t now = cc_clock_ms();

	if (p && now - p->logged_ms < PERIOD_MS) {
		p->held++;
		return false;
	}
	if (!p)
		p = pair_new(key, key_len);
	/* what cannot be remembered is not logged: no memory must not open the log to a flood */
	return p && pair_pass(p, now, held);
}

bool cc_log_allowed(const char *kind, const void *source, unsigned len, unsigned *held)
{
	char key[KIND_MAX + SOURCE_MAX] = {0};
	unsigned source_len = len < SOURCE_MAX ? len : SOURCE_MAX;
	bool pass;

	strncpy(key, kind, KIND_MAX - 1);
	if (source_len > 0)
		memcpy(key + KIND_MAX, source, source_len);
	*held = 0;
	pthread_mutex_lock(&lock);
	pass = allowed(key, KIND_MAX + source_len, held);
	pthread_mutex_unlock(&lock);
	return pass;
}
