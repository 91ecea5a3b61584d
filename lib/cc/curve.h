/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Keys of CURVE, ZeroMQ's own encryption of a connection (Curve25519). They say which programs may
 * connect, never who speaks: that is what signatures are for.
 *
 * In a key store: DIR/NAME.curve (public) and DIR/private/NAME.curve (secret), each one line of 40
 * characters of Z85.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

#define CC_CURVE_KEY 32	 /* octets of a key */
#define CC_CURVE_TEXT 40 /* characters of a key in Z85 */

struct cc_curve_pair {
	uint8_t public[CC_CURVE_KEY], secret[CC_CURVE_KEY];
};

/** What one needs to connect to a server that has a CURVE key. */
struct cc_curve_link {
	uint8_t server[CC_CURVE_KEY]; /* its public key */
	struct cc_curve_pair own;
};

/** Makes a fresh pair. @return 0, -CC_ESYS (libzmq without CURVE). */
int cc_curve_make(struct cc_curve_pair *out, struct cc_note *why);
/** Reads exactly the text of a key. @return 0, -CC_EFORMAT. */
int cc_curve_parse(const char *text, uint8_t out[CC_CURVE_KEY]);
void cc_curve_print(const uint8_t key[CC_CURVE_KEY], char out[CC_CURVE_TEXT + 1]);
/** Clears a struct of the above; for cc_cleanup too. */
void cc_curve_pair_wipe(struct cc_curve_pair *pair);
void cc_curve_link_wipe(struct cc_curve_link *link);

/**
 * Reads DIR/NAME.curve. @return 0, -CC_EINVAL (name), -CC_ENOTFOUND, -CC_EFORMAT, -CC_ELIMIT,
 * -CC_ESYS, -CC_ENOMEM.
 */
int cc_curve_read_public(const char *dir, const char *name, uint8_t out[CC_CURVE_KEY],
			 struct cc_note *why);
/**
 * Reads DIR/private/NAME.curve, with the care of cc_keyfile_read_key, and sees that DIR/NAME.curve,
 * where it is there, belongs to it. @return as above, -CC_EDENIED.
 */
int cc_curve_read_pair(const char *dir, const char *name, struct cc_curve_pair *out,
		       struct cc_note *why);
/**
 * Makes a pair and writes both files; folders are made as cc_keys_make_folders does. force: replace
 * what is there. @return 0, -CC_EINVAL (name), -CC_EEXIST, -CC_ESYS, -CC_ENOMEM.
 */
int cc_curve_write_new(const char *dir, const char *name, bool force, uint8_t public[CC_CURVE_KEY],
		       struct cc_note *why);
/**
 * Gathers what a connection needs. server: the name of a public key in the key store or, when it
 * has 40 characters of Z85, the key itself. own: the name of a pair; "" or NULL makes one for this
 * once. dir: the key store, "" or NULL: none. Wipe *out afterwards. @return 0, -CC_EINVAL, or as
 * above.
 */
int cc_curve_link_open(struct cc_curve_link *out, const char *dir, const char *server,
		       const char *own, struct cc_note *why);
