/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The JSON body of a CC message (spec cc-bus A3): bounded reading, and the keys that every message
 * carries.
 */
#include <jansson.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/cc/msg.h"

enum cc_json_fault {
	CC_JSON_SYNTAX = 1, /* not JSON, or not UTF-8, or something after it */
	CC_JSON_TOO_DEEP,   /* nested deeper than CC_JSON_DEPTH */
	CC_JSON_DUPLICATE,  /* a key twice in one object */
	CC_JSON_NOT_OBJECT, /* the root is not an object */
};

/**
 * Parses a body. The depth is checked on the octets before the parser runs, so a bomb costs one
 * scan. *out: a new reference for the caller. @return 0, a positive cc_json_fault, -CC_ENOMEM.
 */
int cc_json_parse(const void *text, size_t len, json_t **out);
/** Nesting depth of well-formed JSON text; at most limit + 1 is returned (scan stops there). */
unsigned cc_json_depth(const void *text, size_t len, unsigned limit);
/**
 * Appends the text as Python's json.dumps writes it (", " and ": ", ASCII only). @return 0,
 * -CC_ENOMEM, -CC_ELIMIT, -CC_EINVAL.
 */
int cc_json_write(const json_t *json, struct cc_buf *out);

/**
 * A JSON string of text that may come from a file or a peer: where it is no UTF-8, its octets from
 * 0x80 on become \xNN. NULL: no memory.
 */
json_t *cc_json_textn(const char *text, size_t len);
json_t *cc_json_text(const char *text);

/** Host name of this machine as every message carries it (read once). */
const char *cc_hostname(void);
/**
 * Sets req, time, hostname and blob_hash in body, as every library-made message has them; `blob`
 * may have data NULL (no blob frame). sha1: the original's hash form. @return 0, -CC_ENOMEM,
 * -CC_ECRYPTO.
 */
int cc_envelope_fill(json_t *body, const char *type, struct cc_bytes blob, bool sha1);
#define CC_BLOB_HASH_SIZE 80
/**
 * blob_hash of octets: "SHA-256:<hex>", or "SHA-1:<hex>" as the original writes. @return 0,
 * -CC_ECRYPTO.
 */
int cc_blob_hash(struct cc_bytes blob, bool sha1, char out[CC_BLOB_HASH_SIZE]);

/** Random octets of the kernel, len <= 256. @return 0, -CC_ESYS. */
int cc_random(void *out, size_t len);
/** A fresh request id: 32 hex digits of randomness. @return 0, -CC_ESYS. */
int cc_request_id(char out[CC_ID_HEX + 1]);
bool cc_request_id_valid(const char *id);
