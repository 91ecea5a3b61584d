/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Socket options of spec cc-bus B2 (zmq_*), shared by [ccserver] and every handler that opens a
 * socket.
 */
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/conf/opt.h"

struct cc_curve_link;

struct cc_sock_conf {
	int64_t hwm; /* messages in libzmq's pipe per peer */
	int64_t linger_ms;
	uint64_t rcvbuf, sndbuf; /* octets; 0: leave */
	int64_t keepalive, keepalive_intvl, keepalive_idle, keepalive_cnt;
	const struct cc_curve_link *curve; /* to connect to a server that has a key; NULL: none */
};

/**
 * Rows of an option table for a struct cc_sock_conf at `member` of `struct_type`; hwm_default as
 * text.
 */
#define CC_SOCK_OPTS(struct_type, member, hwm_default)                                             \
	{.name = "zmq_hwm",                                                                        \
	 .type = CF_INT,                                                                           \
	 .offset = offsetof(struct_type, member.hwm),                                              \
	 .def = hwm_default,                                                                       \
	 .min = 1,                                                                                 \
	 .max = 1000000,                                                                           \
	 .help = "messages that wait in one peer's pipe"},                                         \
		{.name = "zmq_linger",                                                             \
		 .type = CF_INT,                                                                   \
		 .offset = offsetof(struct_type, member.linger_ms),                                \
		 .def = "500",                                                                     \
		 .min = 0,                                                                         \
		 .max = 60000,                                                                     \
		 .help = "ms to go on sending at close"},                                          \
		{.name = "zmq_rcvbuf",                                                             \
		 .type = CF_SIZE,                                                                  \
		 .offset = offsetof(struct_type, member.rcvbuf),                                   \
		 .def = "0",                                                                       \
		 .help = "SO_RCVBUF; 0: the system's"},                                            \
		{.name = "zmq_sndbuf",                                                             \
		 .type = CF_SIZE,                                                                  \
		 .offset = offsetof(struct_type, member.sndbuf),                                   \
		 .def = "0",                                                                       \
		 .help = "SO_SNDBUF; 0: the system's"},                                            \
		{.name = "zmq_tcp_keepalive",                                                      \
		 .type = CF_INT,                                                                   \
		 .offset = offsetof(struct_type, member.keepalive),                                \
		 .def = "1",                                                                       \
		 .min = 0,                                                                         \
		 .max = 1,                                                                         \
		 .help = "TCP keepalive on or off"},                                               \
		{.name = "zmq_tcp_keepalive_intvl",                                                \
		 .type = CF_INT,                                                                   \
		 .offset = offsetof(struct_type, member.keepalive_intvl),                          \
		 .def = "15",                                                                      \
		 .min = 1,                                                                         \
		 .max = 32767,                                                                     \
		 .help = "seconds between keepalive probes"},                                      \
		{.name = "zmq_tcp_keepalive_idle",                                                 \
		 .type = CF_INT,                                                                   \
		 .offset = offsetof(struct_type, member.keepalive_idle),                           \
		 .def = "240",                                                                     \
		 .min = 1,                                                                         \
		 .max = 32767,                                                                     \
		 .help = "seconds of silence before the first probe"},                             \
	{                                                                                          \
		.name = "zmq_tcp_keepalive_cnt", .type = CF_INT,                                   \
		.offset = offsetof(struct_type, member.keepalive_cnt), .def = "4", .min = 1,       \
		.max = 127, .help = "unanswered probes before the connection is dead"              \
	}

/** The defaults above, for programs without a file. */
void cc_sock_conf_default(struct cc_sock_conf *conf);
/** Sets everything on a fresh socket, and ZMQ_MAXMSGSIZE to CC_FRAME_MAX. @return 0, -CC_ESYS. */
int cc_sock_apply(void *socket, const struct cc_sock_conf *conf);
/** Whether an endpoint stays on this host: ipc, inproc, or tcp on 127.0.0.0/8, [::1], localhost. */
bool cc_sock_is_local(const char *endpoint);
/**
 * Checks the text of an endpoint: tcp://ADDRESS:PORT or ipc://PATH (at most 107 octets). @return 0,
 * -CC_EINVAL.
 */
int cc_sock_check(const char *endpoint, struct cc_note *why);
/**
 * Checks, before a checked endpoint is bound, that an ipc path is nobody's: libzmq removes what is
 * there, be it the socket of a live server or no socket at all. One that nobody listens on is free.
 * @return 0, -CC_EEXIST (taken), -CC_ESYS (not to be told), with why.
 */
int cc_sock_check_free(const char *endpoint, struct cc_note *why);
