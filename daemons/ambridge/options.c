/* SPDX-License-Identifier: ISC */
/* Options of [d:ambridge] and [l:NAME]. */
#include <string.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/listener.h"
#include "daemons/ambridge/names.h"
#include "lib/base/util.h"

static const char *const clients[] = {[AB_TRUSTED] = "trusted", [AB_ANY] = "any", NULL};
static const char *const faults[] = {"2019", "2011", NULL};

#define ROW(key, kind, member, default_, text, ...)                                                \
	{                                                                                          \
		.name = key, .type = kind, .offset = offsetof(struct ambridge, member),            \
		.def = default_, .help = text, __VA_ARGS__                                         \
	}
#define RANGE(low, high) .min = low, .max = high
#define RELOAD .reload = true

const struct cf_opt ab_options[] = {
	ROW("listeners", CF_LIST, names, "", "sections of listeners: l:NAME, a list", RELOAD),
	ROW("urn", CF_STR, urn, "",
	    "URN of the aggregate: urn:publicid:IDN+TESTBED+authority+am; must be set", RELOAD),
	ROW("public-host", CF_STR, public_host, "",
	    "DNS name in the testbed's URLs: certificates are checked for it", RELOAD),
	ROW("user", CF_STR, user, "",
	    "whom it becomes after its sockets are open and its keys read"),
	ROW("status", CF_STR, status, "",
	    "address:port of this host for /healthz and /metrics without TLS; empty: none"),
	ROW("access-log", CF_FILE, access_log, "",
	    "file of the line per request, opened anew at a reload; empty: the log", RELOAD),
	ROW("deadline", CF_MSEC, deadline, "60", "seconds that a call may take on the bus",
	    RANGE(100, CC_DEADLINE_MAX_MS), RELOAD),
	ROW("max-requests", CF_INT, max_requests, "256", "calls on the bus at a time",
	    RANGE(1, 100000), RELOAD),
	ROW("max-connections", CF_INT, max_connections, "1000", "connections at a time",
	    RANGE(1, 100000)),
	ROW("max-address-connections", CF_INT, max_address_connections, "64",
	    "connections of one IPv4 address or one IPv6 /64", RANGE(1, 100000), RELOAD),
	ROW("request-memory", CF_SIZE, request_memory, "128M",
	    "octets of requests held at a time; one address has a quarter of it",
	    RANGE(1 << 20, 1ll << 36), RELOAD),
	ROW("session-cache", CF_INT, session_cache, "1000",
	    "TLS sessions of each listener that may be resumed within 300 s; 0: none",
	    RANGE(0, 100000), RELOAD),
	ROW("handshake-timeout", CF_MSEC, handshake_timeout, "10",
	    "seconds for a whole TLS handshake", RANGE(100, 600000), RELOAD),
	ROW("request-timeout", CF_MSEC, request_timeout, "30",
	    "seconds from the first octet of a request to its last", RANGE(100, 600000), RELOAD),
	ROW("write-timeout", CF_MSEC, write_timeout, "30", "seconds for a client to take an answer",
	    RANGE(100, 600000), RELOAD),
	ROW("idle-timeout", CF_MSEC, idle_timeout, "60",
	    "seconds that a connection may wait for its next request", RANGE(100, 3600000), RELOAD),
	ROW("shutdown-grace", CF_MSEC, shutdown_grace, "4",
	    "seconds that calls have to end when it stops", RANGE(0, 600000), RELOAD),
	{0},
};

#undef ROW
#define ROW(key, kind, member, default_, text, ...)                                                \
	{                                                                                          \
		.name = key, .type = kind, .offset = offsetof(struct ab_listener_conf, member),    \
		.def = default_, RELOAD, .help = text, __VA_ARGS__                                 \
	}

static const struct cf_opt listener_options[] = {
	ROW("listen", CF_LIST, listen, NULL, "address:port, a list: 0.0.0.0:443, [::]:443"),
	ROW("certificate", CF_FILE, certificate, NULL,
	    "server certificate and its issuers, PEM, in their order"),
	ROW("key", CF_FILE, key, NULL, "its private key, PEM"),
	ROW("client-certificates", CF_CHOICE, client_certificates, "trusted",
	    "trusted: who has none that a root vouches for is refused; any: and may ask first "
	    "contact",
	    .choices = clients),
	ROW("roots", CF_FILE, roots, NULL,
	    "folder of trusted roots: *.gid and *.pem; section [roots] may say more of them"),
	ROW("crls", CF_LIST, crls, "", "files of CRLs"),
	ROW("services", CF_LIST, services, NULL,
	    "paths that are offered: /am/3.0, /registry, /ch, /healthz, /metrics"),
	ROW("default-service", CF_STR, default_service, "",
	    "path whose service answers at / and /RPC2, too; empty: none"),
	ROW("sfa-faults", CF_CHOICE, sfa_faults, "2019", "numbers of SFA faults: 2019 or 2011",
	    .choices = faults),
	{0},
};

const struct dm_parts ab_parts = {
	.help = "a listener, named by `listeners`",
	.sample = "l:NAME",
	.options = listener_options,
	.size = sizeof(struct ab_listener_conf),
	.names = offsetof(struct ambridge, names),
	.array = offsetof(struct ambridge, conf),
};

const char *ab_listener_name(const char *section)
{
	return strncmp(section, "l:", 2) == 0 && section[2] ? section + 2 : section;
}

static int check_path(const char *path, bool service, struct cc_note *why)
{
	if (ab_service_find(path) ||
	    (!service && (strcmp(path, "/healthz") == 0 || strcmp(path, "/metrics") == 0)))
		return 0;
	return cc_note_set(why, CC_EINVAL, "\"%.64s\" is no path that could be offered", path);
}

static int check_listener(const struct ab_listener_conf *c, struct cc_note *why)
{
	int r = c->listen.count == 0 || c->listen.count > AB_SOCKETS_MAX
			? cc_note_set(why, CC_EINVAL, "listen wants 1 to %d addresses",
				      AB_SOCKETS_MAX)
			: 0;

	for (size_t i = 0; i < c->listen.count && !r; i++)
		r = ab_socket_check(c->listen.items[i], false, why);
	for (size_t i = 0; i < c->services.count && !r; i++)
		r = check_path(c->services.items[i], false, why);
	if (!r && *c->default_service)
		r = check_path(c->default_service, true, why);
	return r;
}

int ab_check(const void *state, struct cc_note *why)
{
	const struct ambridge *ab = state;
	int r = ab_names_check(ab->urn, ab->public_host, why);

	if (!r && *ab->status)
		r = ab_socket_check(ab->status, true, why);
	if (!r && ab->names.count == 0)
		r = cc_note_set(why, CC_EINVAL, "listeners is empty: nobody could call");
	if (!r && ab->names.count > AB_LISTENERS_MAX)
		r = cc_note_set(why, CC_EINVAL, "more than %d listeners", AB_LISTENERS_MAX);
	for (size_t i = 0; i < ab->names.count && !r; i++) {
		struct cc_note inner = {0};

		r = check_listener(&ab->conf[i], &inner);
		if (r)
			cc_note_set(why, inner.code, "[%.40s]: %.200s", ab->names.items[i],
				    inner.text);
	}
	return r;
}
