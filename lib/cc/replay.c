/* SPDX-License-Identifier: ISC */
#include "lib/cc/replay.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/cc/replay_int.h"

#define TIME_MAX (INT64_MAX / 8) /* no sum of a few times is out of bounds */
#define SWEEP_WASTE 8		 /* arrays freed per message */

static int64_t clamp(int64_t t)
{
	return t > TIME_MAX ? TIME_MAX : t < -TIME_MAX ? -TIME_MAX : t;
}

static bool conf_good(const struct cc_replay_conf *c)
{
	return c->back_ms > 0 && c->back_ms <= TIME_MAX && c->ahead_ms >= 0 &&
	       c->ahead_ms <= TIME_MAX && c->max_ids > 0 && c->max_ids <= CC_REPLAY_IDS_MAX &&
	       c->max_signer_ids > 0;
}

int cc_replay_new(struct cc_replay **out, const struct cc_replay_conf *conf, int64_t now_ms)
{
	struct cc_replay *r;

	if (!conf_good(conf))
		return cc_raise(CC_EINVAL);
	r = calloc(1, sizeof(*r));
	if (!r)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&r->lock, NULL);
	for (size_t i = 0; i < REPLAY_SHARDS; i++)
		pthread_mutex_init(&r->shards[i].lock, NULL);
	r->conf = *conf;
	r->floor = clamp(now_ms) + conf->ahead_ms;
	replay_book_init(&r->book);
	*out = r;
	return 0;
}

void cc_replay_free(struct cc_replay *r)
{
	if (!r)
		return;
	replay_forget_all(r);
	replay_waste_free(r->waste);
	replay_book_deinit(&r->book);
	for (size_t i = 0; i < REPLAY_SHARDS; i++)
		pthread_mutex_destroy(&r->shards[i].lock);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

int cc_replay_configure(struct cc_replay *r, const struct cc_replay_conf *conf, int64_t now_ms)
{
	if (!conf_good(conf))
		return cc_raise(CC_EINVAL);
	pthread_mutex_lock(&r->lock);
	if (conf->back_ms > r->conf.back_ms)
		replay_raise_floor(r, clamp(now_ms) - r->conf.back_ms);
	r->conf = *conf;
	pthread_mutex_unlock(&r->lock);
	return 0;
}

/* The earliest and the latest time that a message may bear now. */
static int64_t earliest(const struct cc_replay *r, int64_t now)
{
	int64_t back = now - r->conf.back_ms;

	return back > r->floor ? back : r->floor;
}

static bool in_window(const struct cc_replay *r, int64_t sent, int64_t now)
{
	return sent >= earliest(r, now) && sent <= now + r->conf.ahead_ms;
}

int64_t cc_replay_earliest(struct cc_replay *r, int64_t now_ms)
{
	int64_t t;

	pthread_mutex_lock(&r->lock);
	t = earliest(r, clamp(now_ms));
	pthread_mutex_unlock(&r->lock);
	return t;
}

/* What a message was let in as. */
struct claim {
	int64_t sent, now;
	struct replay_slice *slice;
	uint64_t slice_serial;
	struct replay_share *share; /* NULL: there is no room, only a known id passes */
	uint32_t number;
	int64_t last_ms; /* of the signer, before */
};

static bool has_room(const struct cc_replay *r, const struct replay_signer *known,
		     const struct cc_signer *signer)
{
	if (r->ids >= r->conf.max_ids)
		return false;
	if (signer->cls == CC_CLASS_GID && r->gid_ids >= r->conf.max_ids / 4)
		return false;
	return !known || replay_signer_ids(known) < r->conf.max_signer_ids;
}

static void count(struct cc_replay *r, struct replay_share *share, int by)
{
	bool gid = replay_signer_class(share->signer) == CC_CLASS_GID;

	share->count += (uint32_t)by;
	share->slice->ids += (uint64_t)by;
	r->ids += (uint64_t)by;
	if (gid) {
		share->slice->gid_ids += (uint64_t)by;
		r->gid_ids += (uint64_t)by;
	}
}

static int claim_share(struct cc_replay *r, struct replay_signer *known, struct claim *c)
{
	c->share = replay_share_get(&r->book, known, c->slice);
	if (!c->share) {
		replay_signer_drop(&r->book, known);
		return cc_raise(CC_ENOMEM);
	}
	c->last_ms = known->last_ms;
	known->last_ms = c->now;
	count(r, c->share, 1);
	return CC_REPLAY_NEW;
}

/* Counts an id before it is looked for, because that is done without this lock. */
static int claim_make(struct cc_replay *r, const struct cc_signer *signer, struct claim *c)
{
	struct replay_signer *known;
	bool room;
	int v;

	replay_expire(r, c->now);
	if (!in_window(r, c->sent, c->now))
		return CC_REPLAY_OLD;
	v = replay_slice_get(r, c->sent, &c->slice);
	if (v != CC_REPLAY_NEW)
		return v;
	c->slice_serial = c->slice->serial;
	known = replay_signer_find(&r->book, signer);
	room = has_room(r, known, signer);
	if (!known && !room)
		return CC_REPLAY_FULL;
	if (!known)
		known = replay_signer_add(&r->book, signer);
	if (!known)
		return cc_raise(CC_ENOMEM);
	c->number = known->number;
	return room ? claim_share(r, known, c) : CC_REPLAY_NEW;
}

/* The slice may have ended meanwhile, and with it all that the claim points at. */
static void claim_undo(struct cc_replay *r, const struct claim *c)
{
	struct replay_signer *signer;

	pthread_mutex_lock(&r->lock);
	if (replay_slice_find(r, c->sent) == c->slice && c->slice->serial == c->slice_serial) {
		signer = c->share->signer;
		if (signer->last_ms == c->now)
			signer->last_ms = c->last_ms;
		count(r, c->share, -1);
		if (c->share->count == 0)
			replay_share_undo(&r->book, c->share);
	}
	pthread_mutex_unlock(&r->lock);
}

static int verdict_of(int found)
{
	static const enum cc_replay_verdict verdicts[] = {
		[REPLAY_ADDED] = CC_REPLAY_NEW,
		[REPLAY_SAME] = CC_REPLAY_NEW,
		[REPLAY_OTHER] = CC_REPLAY_SEEN,
		[REPLAY_ABSENT] = CC_REPLAY_FULL,
	};

	return found < 0 ? found : (int)verdicts[found];
}

/* Called with the lock, which it gives back. */
static int note(struct cc_replay *r, const struct claim *c, struct replay_entry *e)
{
	unsigned slot = c->slice->slot;
	struct replay_shard *shard;
	uint64_t hash;
	int found;

	e->signer = c->number;
	hash = replay_entry_hash(e);
	shard = &r->shards[replay_shard_of(hash)];
	pthread_mutex_lock(&shard->lock);
	pthread_mutex_unlock(&r->lock);
	found = replay_table_note(&shard->tables[slot], hash, e, c->share != NULL);
	pthread_mutex_unlock(&shard->lock);
	if (found != REPLAY_ADDED && c->share)
		claim_undo(r, c);
	return verdict_of(found);
}

int cc_replay_add(struct cc_replay *r, const struct cc_signer *signer, const uint8_t id[16],
		  uint32_t serial, int64_t sent_ms, int64_t now_ms)
{
	struct claim c = {.sent = sent_ms, .now = clamp(now_ms)};
	struct replay_entry e = {.serial = serial};
	struct replay_waste *waste;
	int v;

	memcpy(e.id, id, sizeof(e.id));
	pthread_mutex_lock(&r->lock);
	v = claim_make(r, signer, &c);
	waste = replay_waste_take(r, SWEEP_WASTE);
	if (v == CC_REPLAY_NEW)
		v = note(r, &c, &e);
	else
		pthread_mutex_unlock(&r->lock);
	replay_waste_free(waste);
	return v;
}
