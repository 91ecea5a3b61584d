/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * How a node joins: the operator's word for it (`node add`), and what is done with it on the node
 * (`node init`). docs/nodes.md has the form of a token.
 */
#include "cli/user.h"

#define NODE_TOKEN_PREFIX "ccnode1."
#define NODE_TOKEN_MAX 4096 /* octets of a token */
#define NODE_SHA256 32

struct node_token {
	char *token;		     /* the registry's own */
	char *hrn, *cc, *realm;	     /* realm: "" is none */
	char *curve;		     /* public key of the server; "" is none */
	uint8_t sha256[NODE_SHA256]; /* of the certificate that must sign the answer */
};
void node_token_deinit(struct node_token *t);
/** Writes the one line. Caller frees. @return 0, -CC_EINVAL (too long), -CC_ENOMEM. */
int node_token_write(const struct node_token *t, char **out, struct cc_note *why);
/** @return 0, -CC_EFORMAT, -CC_ENOMEM. */
int node_token_read(const char *text, struct node_token *out, struct cc_note *why);

/* The parts of the commands (node_init.c). */
extern const char node_init_details[];
int node_init(const struct cli_command *cmd, int argc, char **argv);

/* What the registry answers to reg.join; all borrowed from the answer. */
struct node_answer {
	const char *gid, *certificate, *ca, *realm;
	const json_t *roots; /* texts */
	const char *server;  /* who signed it, as [servers] names him */
};
/** Whether everything is there, and of this key and name. @return 0, -CC_EFORMAT, -CC_ENOMEM. */
int node_answer_read(const json_t *value, const EVP_PKEY *key, const char *hrn,
		     struct node_answer *out, struct cc_note *why);
/** Writes what was answered into the folder (node_files.c). @return 0, negative error. */
int node_answer_write(const struct node_answer *a, const char *dir, const struct node_token *t,
		      const char *cc, const char *epoch, struct cc_note *why);
