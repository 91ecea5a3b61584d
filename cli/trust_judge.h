/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * One document judged as a server would: the document itself, who uses it, for what. verify asks
 * once, vectors asks for every recorded document.
 */
#include "cli/facts.h"
#include "cli/trust_doc.h"
#include "lib/trust/cred.h"
#include "lib/trust/ticket.h"

/* All borrowed; NULL: not asked. */
struct trust_question {
	enum trust_kind kind;
	const char *text;
	size_t len;
	int64_t now;
	const struct tr_gids *caller;  /* holds the key of the owner, or of the GID */
	const char *op, *target;       /* names of operations, URN */
	const char *sliver;	       /* URN: a sliver credential, signed by */
	const struct tr_gids *signer;  /* this component */
	const char *component, *epoch; /* of a ticket */
	const char *statement;	       /* speaks-for: the caller is */
	size_t statement_len;
	const struct tr_gids *tool; /* this tool, and acts for */
	const char *user;	    /* this user */
};

/* What was found good; only what the kind has is set. */
struct trust_verdict {
	struct tr_gids gids;
	struct tr_chain chain;
	struct tr_grant *grant;
	struct tr_ticket *ticket;
	struct tr_gid *user; /* whom the tool speaks for */
	int64_t from, until; /* all of it is in force between them */
};

/** @return 0, a rule, negative error. Deinit also after a failure. */
int trust_judge(struct tr_verifier *v, const struct trust_question *q, struct trust_verdict *out,
		struct cc_note *why);
void trust_verdict_deinit(struct trust_verdict *v);

/** Prints what a good document grants. @return CLI_*. */
int trust_answer_valid(const struct cli_command *cmd, const struct trust_question *q, bool json,
		       const struct trust_verdict *verdict);
/** Prints which rule refuses it, why, and what somebody can do. @return CLI_FAILED. */
int trust_answer_refused(const struct cli_command *cmd, const struct trust_question *q, bool json,
			 int r, const struct cc_note *why);
