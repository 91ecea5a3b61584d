/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Who may connect (architecture section 3, "Keeping strangers out of memory"): libzmq holds
 * unfinished messages of whoever is connected, so endpoints beyond this host let in only addresses
 * of cc-allow, and with cc-curve only programs that hold a key.
 *
 * libzmq asks by ZAP (ZeroMQ RFC 27) at each handshake; a thread of its own answers, so that the
 * routing thread never keeps a handshake waiting. libzmq takes the options of a socket when an
 * endpoint is bound, so one ROUTER has guarded endpoints and, bound before, open ones: ipc and
 * loopback.
 */
#include "ccserver/options.h"
#include "lib/cc/curve.h"

#define SRV_ZAP_NETS_MAX 4096 /* items of cc-allow */
#define SRV_ZAP_KEYS_MAX 4096 /* items of cc-curve-clients */

/** Lists and keys of one configuration; immutable. */
struct srv_zap_rules;

/** Why a connection is refused. */
enum srv_zap_verdict {
	SRV_ZAP_FORM = 1, /* what asks is not the libzmq that we know */
	SRV_ZAP_MECHANISM,
	SRV_ZAP_ADDRESS,
	SRV_ZAP_KEY,
};

/**
 * Makes the rules of a configuration: reads networks, and keys from the key store. @return 0,
 * -CC_EINVAL, -CC_ELIMIT, -CC_ENOMEM, or as cc_curve_read_pair, with why.
 */
int srv_zap_rules_load(const struct srv_conf *conf, struct srv_zap_rules **out,
		       struct cc_note *why);
void srv_zap_rules_free(struct srv_zap_rules *r);
void srv_zap_rules_freep(struct srv_zap_rules **r);
/** Whether anything keeps strangers out: cc-curve or cc-allow. */
bool srv_zap_rules_guard(const struct srv_zap_rules *r);
/**
 * Judges a peer by its address and its CURVE key (NULL: it spoke no CURVE). @return 0: it may
 * connect, else enum srv_zap_verdict.
 */
int srv_zap_rules_check(const struct srv_zap_rules *r, const char *address, const uint8_t *key);

/** The thread that answers. */
struct srv_zap;

/**
 * Starts it, in the context of the sockets that it guards, before any endpoint that is guarded is
 * bound. rules: borrowed, until others replace them. @return 0, -CC_ESYS, -CC_ENOMEM.
 */
int srv_zap_start(struct srv_zap **out, void *zctx, const struct srv_zap_rules *rules,
		  struct cc_note *why);
/**
 * Has endpoints that a socket binds from now on ask it, by CURVE where the rules have a key.
 * @return 0, -CC_ESYS.
 */
int srv_zap_guard(struct srv_zap *z, void *socket);
/**
 * Handshakes from now on are judged by other rules (borrowed); who is connected stays. The key of
 * this server stays, too, and so does whether CURVE is spoken. NULL z is nothing.
 */
void srv_zap_replace(struct srv_zap *z, const struct srv_zap_rules *rules);
/** Connections refused so far; any thread. NULL z: 0. */
uint64_t srv_zap_refused(const struct srv_zap *z);
/**
 * Ends the thread, after the guarded sockets were closed and before their context ends. NULL is
 * nothing.
 */
void srv_zap_stop(struct srv_zap *z);
