/* SPDX-License-Identifier: ISC */
/* Addresses to listen on. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "daemons/ambridge/listener.h"
#include "lib/base/util.h"

#define BACKLOG 1024

static int parse(const char *text, struct sockaddr_storage *out, int *len, struct cc_note *why)
{
	uint16_t port;

	*len = sizeof(*out);
	memset(out, 0, sizeof(*out));
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)out, len) != 0)
		return cc_note_set(why, CC_EINVAL,
				   "\"%.64s\" is no address with a port; write 192.0.2.1:443 or "
				   "[2001:db8::1]:443; 0.0.0.0 and [::] are all addresses",
				   text);
	port = out->ss_family == AF_INET6 ? ((struct sockaddr_in6 *)out)->sin6_port
					  : ((struct sockaddr_in *)out)->sin_port;
	return port ? 0 : cc_note_set(why, CC_EINVAL, "\"%.64s\" has no port", text);
}

static bool is_loopback(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
}

int ab_socket_check(const char *text, bool loopback, struct cc_note *why)
{
	struct sockaddr_storage address;
	int len, r = parse(text, &address, &len, why);

	if (!r && loopback && !is_loopback(&address))
		return cc_note_set(why, CC_EINVAL, "\"%.64s\" is not of this host alone", text);
	return r;
}

int ab_socket_open(const char *text, int *fd, struct cc_note *why)
{
	struct sockaddr_storage address;
	int on = 1, len, r = parse(text, &address, &len, why);
	cc_cleanup(cc_closep) int s = -1;

	if (r)
		return r;
	s = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* accepted sockets inherit TCP_NODELAY: without it each answer waits 40 ms (platform 6) */
	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    (address.ss_family == AF_INET6 &&
	     setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
	    bind(s, (struct sockaddr *)&address, (socklen_t)len) != 0 || listen(s, BACKLOG) != 0)
		return cc_note_set(why, CC_ESYS, "cannot listen on %.64s: %s", text,
				   strerror(errno));
	*fd = s;
	s = -1;
	return 0;
}
