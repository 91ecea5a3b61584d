/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The contract between ccserver and its handlers.
 *
 * A handler is a descriptor: name, roles, where it runs, options, functions. It sees messages and
 * the host's operations, nothing else: no socket, no thread, no other handler. So each is tested
 * against lib/handler/fakehost.h. To add one: a file handlers/NAME.c, its row in handlers/table.c,
 * docs/handlers/NAME.md, a test (HACKING.md).
 *
 * Where it runs (`run`):
 *
 *  CC_RUN_ROUTER   in the routing thread, on messages nobody has verified or parsed: only for
 *                  handlers that move or drop them unread.
 *  CC_RUN_ONE      one thread owns the state and takes verified messages in arrival order.
 *  CC_RUN_POOL     any worker, several at once; the state is read-only after init, or locked.
 */
#include <jansson.h>

#include "lib/cc/gate.h"
#include "lib/cc/msg.h"
#include "lib/cc/sock.h"
#include "lib/conf/opt.h"

enum cc_role { CC_ROLE_LOCAL = 1, CC_ROLE_REMOTE = 2 };

enum cc_run { CC_RUN_ROUTER = 1, CC_RUN_ONE, CC_RUN_POOL };

/**
 * Documented outcomes of handle, beside 0 (done) and a negative error (counted as crashed, logged).
 */
enum cc_handled {
	CC_DROPPED = 1, /* not for this handler, or over a bound: counted */
	CC_DENIED,	/* the sender may not */
};

struct cc_host;
struct cc_dealer; /* a DEALER socket of the host's, opened for a handler */

/** One message as a handler gets it; all borrowed for the call. */
struct cc_in {
	struct cc_msg *msg; /* CC_RUN_ROUTER handlers may take the frames (leave it empty) */
	const struct cc_gate_result *gate; /* verdict PASS; NULL under CC_RUN_ROUTER */
	bool shared; /* CC_RUN_ROUTER: others get it, and may answer: who drops it says nothing */
};

struct cc_handler {
	const char *name; /* what `handler =` says */
	const char *help; /* one line */
	unsigned roles;	  /* CC_ROLE_* */
	enum cc_run run;
	bool answers;	   /* requests itself: at most one such section may get a message */
	size_t state_size; /* zeroed by the host; options are bound into it */
	const struct cf_opt *options; /* NULL: none */
	const char *const *counters;  /* NULL-ended names for cc_host_count, may be NULL */

	/**
	 * Checks bound options beyond what the table can (a section that is named must exist, ...);
	 * nothing is opened. Called before init, and on fresh options before a reload. May be NULL.
	 * @return 0 or a negative error with why.
	 */
	int (*check)(const void *state, struct cc_host *host, struct cc_note *why);
	/** @return 0 or a negative error with why; fini runs in both cases. */
	int (*init)(void *state, struct cc_host *host, struct cc_note *why);
	/** @return 0, enum cc_handled, or a negative error. */
	int (*handle)(void *state, struct cc_host *host, struct cc_in *in);
	/* tick, dealer_in, dealer_up and drain run in the routing thread, whatever `run` says. */
	/** Called when a time asked for by cc_host_wake_at has come. */
	void (*tick)(void *state, struct cc_host *host, int64_t now);
	/** A message from a dealer this handler opened; msg's frames may be taken. */
	void (*dealer_in)(void *state, struct cc_host *host, void *peer, struct cc_msg *msg);
	/** The dealer's connection came up or went down. */
	void (*dealer_up)(void *state, struct cc_host *host, void *peer, bool up);
	/**
	 * Takes fresh options (bound and checked; `fresh` is of state_size, freed by the host after
	 * the call: swap what is kept) at a reload; cannot fail. Also called when only other
	 * sections of the file changed, for handlers that read them. In the routing thread, whatever
	 * `run` says, while handle may run in another. NULL: a section that changed gets a new
	 * instance, and the old one ends when its messages are done.
	 */
	void (*reload)(void *state, struct cc_host *host, void *fresh);
	/**
	 * An orderly stop begins; routing goes on while busy says so. In the routing thread. NULL:
	 * nothing to do before the drain.
	 */
	void (*stop)(void *state, struct cc_host *host);
	/**
	 * Last chance to send what waits; called once at an orderly stop, before the sockets close.
	 */
	void (*drain)(void *state, struct cc_host *host);
	/** Whether somebody still waits for something, so that a stop goes on waiting, too. */
	bool (*busy)(const void *state);
	void (*fini)(void *state);
};

/** What a handler reaches the world through. One per handler instance and thread. */
struct cc_host {
	const struct cc_host_ops *ops;
	const char *section;  /* name of the handler's section */
	const char *job_name; /* of the server */
};

struct cc_target; /* another handler section, resolved by cc_host_target */

struct cc_host_ops {
	int (*reply)(struct cc_host *h, const struct cc_in *in, const char *type, json_t *body,
		     struct cc_bytes blob);
	int (*hop_error)(struct cc_host *h, const struct cc_msg *msg, const char *code);
	int (*send)(struct cc_host *h, struct cc_msg *msg);
	int (*dealer_open)(struct cc_host *h, const char *url, const struct cc_sock_conf *conf,
			   void *peer, struct cc_dealer **out, struct cc_note *why);
	int (*dealer_send)(struct cc_host *h, struct cc_dealer *d, struct cc_msg *msg);
	int (*dealer_ping)(struct cc_host *h, struct cc_dealer *d, const char *target);
	void (*wake_at)(struct cc_host *h, int64_t at);
	void (*count)(struct cc_host *h, unsigned counter, uint64_t n);
	int (*target)(struct cc_host *h, const char *section, struct cc_target **out,
		      struct cc_note *why);
	int (*forward)(struct cc_host *h, struct cc_target *target, struct cc_msg *msg);
	const struct cf_ini *(*ini)(struct cc_host *h);
};

/**
 * Answers a message: body (borrowed) gets the envelope's keys and, where the request has an id,
 * `re`; it is signed and sent by the request's route. Not under CC_RUN_ROUTER. @return 0, -CC_EBUSY
 * (queue full: counted), -CC_EINVAL, -CC_ENOMEM, -CC_ECRYPTO.
 */
int cc_host_reply(struct cc_host *h, const struct cc_in *in, const char *type, json_t *body,
		  struct cc_bytes blob);
/** Answers `error` {req_type, code, msg}, signed. @return as cc_host_reply. */
int cc_host_error(struct cc_host *h, const struct cc_in *in, const char *code, const char *msg);
/**
 * Tells the sender of a request that this hop cannot pass it on (busy, noroute, unreachable):
 * unsigned, bounded in rate per peer; nothing for a message that is no request of ours.
 * CC_RUN_ROUTER only. @return 0, CC_DROPPED (no request, or over the rate).
 */
int cc_host_hop_error(struct cc_host *h, const struct cc_msg *msg, const char *code);
/**
 * Writes a message to the server's own socket, by its first route frame. Takes the frames on
 * success. CC_RUN_ROUTER only. @return 0, -CC_EBUSY (that peer's pipe is full), -CC_ENOTFOUND (no
 * such peer), -CC_ESYS.
 */
int cc_host_send(struct cc_host *h, struct cc_msg *msg);
/**
 * Opens a DEALER to url; dealer_in and dealer_up get `peer`. In init only; closed by the host after
 * fini. @return 0, -CC_EINVAL (bad url, why), -CC_ENOMEM, -CC_ESYS.
 */
int cc_host_dealer_open(struct cc_host *h, const char *url, const struct cc_sock_conf *conf,
			void *peer, struct cc_dealer **out, struct cc_note *why);
/** Sends without blocking; takes the frames on success. @return 0, -CC_EBUSY, -CC_ESYS. */
int cc_host_dealer_send(struct cc_host *h, struct cc_dealer *d, struct cc_msg *msg);
/**
 * Has a worker make and sign an echo.request for target and sends it by the dealer, without a
 * route. @return 0, -CC_EBUSY, -CC_ENOMEM.
 */
int cc_host_dealer_ping(struct cc_host *h, struct cc_dealer *d, const char *target);
/**
 * tick is called once at or soon after `at` (monotonic ms); an earlier time asked for stays. In
 * init and the routing thread.
 */
void cc_host_wake_at(struct cc_host *h, int64_t at);
/**
 * Resolves another handler section for cc_host_forward, making its instance if no route names it. In
 * init only. A ring of forwarding handlers is an error. @return 0, -CC_ENOTFOUND, -CC_EINVAL (a
 * ring) with why.
 */
int cc_host_target(struct cc_host *h, const char *section, struct cc_target **out,
		   struct cc_note *why);
/**
 * Gives a message to another handler, as a route would. CC_RUN_ROUTER only. Takes the frames on
 * success. @return 0, CC_DROPPED (that handler dropped it), -CC_EBUSY (its queue is full).
 */
int cc_host_forward(struct cc_host *h, struct cc_target *target, struct cc_msg *msg);
/**
 * For check: whether there is a section to forward to. @return 0, -CC_ENOTFOUND with why, which names
 * the option.
 */
int cc_host_check_section(struct cc_host *h, const char *option, const char *section,
			  struct cc_note *why);
/**
 * The configuration in force: in check, init and reload that which is being judged or taken.
 * Borrowed until the next reload returns.
 */
const struct cf_ini *cc_host_ini(struct cc_host *h);
/** Adds n to a counter of the descriptor's list. */
void cc_host_count(struct cc_host *h, unsigned counter, uint64_t n);

/**
 * The handler of a name, in either spelling ("echo", "cc.handler.echo", "dbhandler"), in a
 * NULL-ended sorted table; NULL: none.
 */
const struct cc_handler *cc_handler_find(const struct cc_handler *const *table, const char *name);
/**
 * The names of the original that a later version serves; such a section is accepted, its messages
 * have no route.
 */
bool cc_handler_is_later(const char *name);
