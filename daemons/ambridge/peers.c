/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"

/* ::ffff:a.b.c.d of a socket for both families. */
static const uint8_t *mapped(const struct sockaddr *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

	return address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)
		       ? six->sin6_addr.s6_addr + 12
		       : NULL;
}

/* @return the key's length; 0: no IP address. */
static uint32_t make_key(const struct sockaddr *address, uint8_t key[9])
{
	const uint8_t *four = mapped(address);

	if (address->sa_family == AF_INET)
		four = (const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr;
	key[0] = four ? 4 : 6;
	if (four)
		memcpy(key + 1, four, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(key + 1, ((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr, 8);
	else
		return 0;
	return four ? 5 : 9;
}

void ab_peers_init(struct ab_peers *p)
{
	cc_map_init(&p->map);
}

void ab_peers_deinit(struct ab_peers *p)
{
	cc_map_deinit(&p->map);
}

static int add(struct ab_peers *p, const uint8_t *key, uint32_t len, struct ab_peer **out)
{
	struct ab_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return cc_raise(CC_ENOMEM);
	memcpy(peer->key, key, len);
	if (cc_map_add(&p->map, &peer->node, peer->key, len) != 0) {
		free(peer);
		return cc_raise(CC_ENOMEM);
	}
	*out = peer;
	return 0;
}

int ab_peers_enter(struct ab_peers *p, const struct sockaddr *address, unsigned max,
		   struct ab_peer **out)
{
	uint8_t key[9];
	uint32_t len = make_key(address, key);
	struct cc_map_node *node = len ? cc_map_find(&p->map, key, len) : NULL;
	struct ab_peer *peer = node ? cc_container_of(node, struct ab_peer, node) : NULL;
	int r;

	if (!len)
		return -CC_EFORMAT;
	if ((peer ? peer->connections : 0) >= max)
		return -CC_ELIMIT;
	if (!peer) {
		r = add(p, key, len, &peer);
		if (r)
			return r;
	}
	peer->connections++;
	*out = peer;
	return 0;
}

void ab_peers_leave(struct ab_peers *p, struct ab_peer *peer)
{
	if (--peer->connections > 0)
		return;
	cc_map_remove(&p->map, &peer->node);
	free(peer);
}

const char *ab_address_text(const struct sockaddr *address, char out[AB_ADDRESS_TEXT])
{
	const uint8_t *four = mapped(address);
	const void *octets = four;

	if (address->sa_family == AF_INET)
		octets = &((const struct sockaddr_in *)address)->sin_addr;
	else if (address->sa_family == AF_INET6 && !four)
		octets = &((const struct sockaddr_in6 *)address)->sin6_addr;
	if (!octets || !inet_ntop(address->sa_family == AF_INET || four ? AF_INET : AF_INET6,
				  octets, out, AB_ADDRESS_TEXT))
		snprintf(out, AB_ADDRESS_TEXT, "?");
	return out;
}
