/* SPDX-License-Identifier: ISC */
#pragma once
/* What the commands that make things share: options, the files they read, the one they write. */
#include "cli/trust.h"
#include "lib/trust/hierarchy.h"
#include "lib/trust/signer.h"

#define TRUST_DAYS 31 /* of a credential, ticket or statement, when nothing is said */
#define TRUST_GID_DAYS 365
#define TRUST_AUTHORITY_DAYS 1825
#define TRUST_DAY 86400
#define TRUST_BACKDATE 300 /* a GID is good a little before it was made: clocks differ */

/* What the options of any of them say; texts are borrowed from the command line. */
struct trust_make {
	const char *dir, *authority, *out, *email;
	const char *urn, *uuid, *public_key, *csr, *ssh_key, *new_key;
	const char *owner, *target, *to, *user, *tool, *key;
	const char *component, *epoch, *rspec;
	const char *end; /* --expires, as given */
	int64_t now, expires;
	int days, redeem_in; /* 0: not said */
	bool p256, no_delegate, json;
	struct tr_privilege privileges[TR_PRIVILEGES_MAX];
	unsigned n_privileges;
	const char *attributes[TR_TICKET_ATTRIBUTES], *users[TR_TICKET_USERS]; /* NAME=REST */
	unsigned n_attributes, n_users;
};

enum trust_make_option {
	TRUST_OPT_DIR = 1,
	TRUST_OPT_AUTHORITY,
	TRUST_OPT_OUT,
	TRUST_OPT_EMAIL,
	TRUST_OPT_URN,
	TRUST_OPT_UUID,
	TRUST_OPT_PUBLIC_KEY,
	TRUST_OPT_CSR,
	TRUST_OPT_SSH_KEY,
	TRUST_OPT_NEW_KEY,
	TRUST_OPT_OWNER,
	TRUST_OPT_TARGET,
	TRUST_OPT_TO,
	TRUST_OPT_USER,
	TRUST_OPT_TOOL,
	TRUST_OPT_KEY,
	TRUST_OPT_COMPONENT,
	TRUST_OPT_EPOCH,
	TRUST_OPT_RSPEC,
	TRUST_OPT_EXPIRES,
	TRUST_OPT_DAYS,
	TRUST_OPT_REDEEM_IN,
	TRUST_OPT_P256,
	TRUST_OPT_NO_DELEGATE,
	TRUST_OPT_JSON,
	TRUST_OPT_PRIVILEGE,
	TRUST_OPT_ATTRIBUTE,
	TRUST_OPT_TICKET_USER,
	TRUST_OPT_HELP,
};

#define TRUST_DIR_HELP                                                                             \
	"  --dir DIR         folder of the authorities (CCFED_AUTHORITIES, else ./authorities)\n"
#define TRUST_OUT_HELP "  --out FILE        writes it there (default: standard output)\n"
#define TRUST_END_HELP                                                                             \
	"  --expires TIME    until then, as 2026-11-22T12:00:00Z, or\n"                            \
	"  --days N          for so long (default 31, or less when a certificate ends before)\n"

/** Reads the options; operands stand from optind. @return -1: go on, else the exit code. */
int trust_make_parse(const struct cli_command *cmd, struct trust_make *m,
		     const struct option *options, int argc, char **argv);
/** The same for a command without operands. */
int trust_make_parse_only(const struct cli_command *cmd, struct trust_make *m,
			  const struct option *options, int argc, char **argv);

/** When it is to end: as the options say, else in TRUST_DAYS or at `latest`. */
int64_t trust_make_end(const struct trust_make *m, int64_t latest);
/** Reads a private key; caller frees. @return 0, negative error; why names the file. */
int trust_make_key(const char *path, EVP_PKEY **out, struct cc_note *why);
/** Opens the authority that signs. @return as tr_hierarchy_signer. */
int trust_make_signer(const struct trust_make *m, struct tr_signer **out, struct cc_note *why);
/** Writes what was made to --out, or prints it. @return 0, -CC_ESYS, -CC_ENOMEM. */
int trust_make_write(const struct trust_make *m, const struct cc_buf *text, struct cc_note *why);
/** Prints why nothing was made; returns CLI_FAILED. */
int trust_make_refused(const struct cli_command *cmd, const struct cc_note *why, int r);
