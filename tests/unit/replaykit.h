/* SPDX-License-Identifier: ISC */
#pragma once
/* Messages as their verdicts see them: signer, number for an id, times after T0. */
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/cc/replay.h"
#include "tests/test.h"

#define START 1700000000000 /* wall clock when the server starts */
#define BACK 300000
#define AHEAD 2000
#define T0 (START + AHEAD) /* the first time that is taken */

static const struct cc_replay_conf usual = {BACK, AHEAD, 1000000, 1000000};

static inline struct cc_replay *replay_new(const struct cc_replay_conf *conf)
{
	struct cc_replay *r = NULL;

	assert_int_equal(cc_replay_new(&r, conf, START), 0);
	return r;
}

static inline void signer_init(struct cc_signer *s, enum cc_signer_class cls, const char *name)
{
	memset(s, 0, sizeof(*s));
	s->cls = cls;
	snprintf(s->name, sizeof(s->name), "%s", name);
}

/* "gid:NAME" is of class gid, "NAME" of class bus. */
static inline const struct cc_signer *signer(const char *name)
{
	static struct cc_signer s;
	bool gid = strncmp(name, "gid:", 4) == 0;

	signer_init(&s, gid ? CC_CLASS_GID : CC_CLASS_BUS, gid ? name + 4 : name);
	return &s;
}

/* The message's number is its id; as many serials as there are calls, unless one is given. */
static inline int add_serial(struct cc_replay *r, const char *name, uint64_t number,
			     uint32_t serial, int64_t sent, int64_t now)
{
	uint8_t id[16] = {0};

	memcpy(id, &number, sizeof(number));
	return cc_replay_add(r, signer(name), id, serial, sent, now);
}

static uint32_t last_serial = 1000;

static inline int add(struct cc_replay *r, const char *name, uint64_t number, int64_t sent,
		      int64_t now)
{
	return add_serial(r, name, number, ++last_serial, sent, now);
}

static inline struct cc_replay_stats stats(struct cc_replay *r)
{
	struct cc_replay_stats s;

	cc_replay_get_stats(r, &s);
	return s;
}
