/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The proxy's table of requests: who waits for an answer and how long, only to be told
 * `unreachable` when none comes. The key is the whole route of the request, query id included, so
 * one peer cannot name another's.
 *
 * A request waits until its first answer, which takes it off (more answers pass by the table of
 * routes), or until its caller was told `unreachable`: then it stays as told for a while, so that
 * an answer that comes late is known and dropped.
 */
#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/base/wheel.h"
#include "lib/cc/msg.h"

#define PX_TOLD_LIFE_MS 60000

struct px_peer;
struct px_client; /* how many wait of one local identity */

struct px_request {
	struct cc_timer timer; /* first: the wheel hands it back */
	struct cc_map_node node;
	struct cc_list link; /* waiting: in its peer's list; told: in the table's */
	struct px_peer *peer;
	struct px_client *client; /* NULL once told */
	struct px_queued *queued; /* its message, while that still waits to be sent */
	bool told;
	uint8_t type_len;
	uint16_t key_len;
	uint8_t key[]; /* the route: length octet and octets of each frame; then the type */
};

struct px_requests {
	struct cc_map map;
	struct cc_map clients;
	struct cc_wheel wheel;
	struct cc_list told; /* oldest first */
	size_t max;
	size_t bytes;
};

void px_requests_init(struct px_requests *t, size_t max, int64_t now);
void px_requests_deinit(struct px_requests *t);
/**
 * Enters a request that waits at peer until now + budget. waiting: the peer's list. @return 0 with
 * *out (borrowed), -CC_EBUSY (the table is full of waiting requests), -CC_EEXIST (a second request
 * under the same route and id), -CC_ENOMEM.
 */
int px_requests_add(struct px_requests *t, const struct cc_msg *m, int64_t at, struct px_peer *peer,
		    struct cc_list *waiting, struct px_request **out);
/** The request that this message (an answer) names, or NULL. */
struct px_request *px_requests_find(struct px_requests *t, const struct cc_msg *m);
void px_requests_remove(struct px_requests *t, struct px_request *r);
/** Marks as told; it leaves its peer's list. */
void px_requests_tell(struct px_requests *t, struct px_request *r, int64_t now);
/**
 * A message with the request's route and type, to answer it with. NULL: no memory. Caller frees.
 */
struct cc_msg *px_request_msg(const struct px_request *r);
