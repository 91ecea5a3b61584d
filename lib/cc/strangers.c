/* SPDX-License-Identifier: ISC */
#include "lib/cc/strangers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_NS 100000000ll /* over which the share is kept */
#define CELLS 64	      /* peers told apart; two in one cell share its part */

struct cc_strangers {
	pthread_mutex_t lock;
	unsigned threads, percent;
	int64_t begin; /* of the window */
	int64_t spent, cells[CELLS];
	uint64_t asking,
		asked; /* cells that ask in this window, and did in the last: one bit each */
};

struct cc_strangers *cc_strangers_new(unsigned threads, unsigned percent)
{
	struct cc_strangers *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	s->threads = threads;
	s->percent = percent;
	return s;
}

void cc_strangers_free(struct cc_strangers *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void cc_strangers_configure(struct cc_strangers *s, unsigned percent)
{
	pthread_mutex_lock(&s->lock);
	s->percent = percent;
	pthread_mutex_unlock(&s->lock);
}

static void enter_window(struct cc_strangers *s, int64_t now)
{
	if (now - s->begin < WINDOW_NS && now >= s->begin)
		return;
	s->asked = now - s->begin < 2 * WINDOW_NS ? s->asking : 0;
	s->asking = 0;
	s->begin = now;
	s->spent = 0;
	memset(s->cells, 0, sizeof(s->cells));
}

bool cc_strangers_admit(struct cc_strangers *s, uint64_t peer, int64_t now)
{
	unsigned cell = peer % CELLS;
	int64_t share;
	bool may;

	pthread_mutex_lock(&s->lock);
	enter_window(s, now);
	s->asking |= 1ull << cell; /* who is turned away counts: the others' parts get smaller */
	share = WINDOW_NS * s->threads / 100 * s->percent;
	may = s->spent < share &&
	      s->cells[cell] < share / __builtin_popcountll(s->asking | s->asked);
	pthread_mutex_unlock(&s->lock);
	return may;
}

void cc_strangers_spent(struct cc_strangers *s, uint64_t peer, int64_t ns)
{
	pthread_mutex_lock(&s->lock);
	s->spent += ns;
	s->cells[peer % CELLS] += ns;
	pthread_mutex_unlock(&s->lock);
}
