/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Certificates of a PEM file, judged as the gate judges those of a message: what `ccfed policy test`
 * asks a policy about. The holder's own stands first, what its chain needs behind it.
 */
#include "lib/cc/cms.h"

#define CC_CERTFILE_CERTS 16 /* in one file */

/**
 * Who would sign with the first certificate: class bus when its chain ends in the roots of ks, else
 * class gid. ks: with roots, or NULL: no chain is looked at. *out: a new reference. @return 0, a
 * cc_cms_fault (no receiver would take it), -CC_ENOTFOUND, -CC_EFORMAT, -CC_ELIMIT, -CC_ESYS,
 * -CC_ECRYPTO, -CC_ENOMEM with why.
 */
int cc_certfile_signer(const struct cc_keystore *ks, const char *path, const struct cc_signer **out,
		       struct cc_note *why);
/**
 * What a front door that states this caller says of him: the publicid URN of the first certificate,
 * "" when it has none. @return 0, CC_CALLER_UNREADABLE (lib/cc/caller.h), or as above.
 */
int cc_certfile_caller(const char *path, char urn[CC_SIGNER_NAME_MAX + 1], struct cc_note *why);
