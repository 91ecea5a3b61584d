/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Canonical XML of one element and what is in it, at a cost that follows the element and not the
 * document: libxml2 walks the whole tree otherwise, which makes cost signatures times document.
 */
#include <libxml/tree.h>
#include <openssl/evp.h>

#include "lib/base/buf.h"

enum xs_c14n {
	XS_C14N_INCLUSIVE = 1, /* http://www.w3.org/TR/2001/REC-xml-c14n-20010315 */
	XS_C14N_EXCLUSIVE,     /* http://www.w3.org/2001/10/xml-exc-c14n# */
};

/**
 * Feeds the canonical octets into md. @return 0, -CC_ENOMEM, -CC_EFORMAT (there is no
 * canonical form: a namespace is a relative URI).
 */
int xs_c14n_digest(xmlNode *node, enum xs_c14n form, EVP_MD_CTX *md);
/** Appends them to out. @return 0, -CC_ENOMEM, -CC_ELIMIT, -CC_EFORMAT. */
int xs_c14n_write(xmlNode *node, enum xs_c14n form, struct cc_buf *out);
