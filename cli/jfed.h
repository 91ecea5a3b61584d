/* SPDX-License-Identifier: ISC */
#pragma once
/* What jFed is told of a testbed (spec jfed 3), made of the configurations that it runs on. */
#include <jansson.h>
#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/trust/name.h"

#define JFED_FLAGS_MAX 16

struct jfed_testbed {
	char *urn, *url;		      /* of the aggregate */
	char *certificates;		      /* PEM, the server's own first; NULL: not known */
	char authority[TR_NAME_MAX + 1];      /* of the URN */
	char base[TR_NAME_MAX + 1];	      /* scheme, host and port of the URL */
	char id[64];			      /* letters only */
	const char *id_option, *name, *terms; /* options; NULL: none */
	const char *flags[JFED_FLAGS_MAX];
	size_t n_flags;
	bool links;
};

/**
 * Adds what a configuration says: of a section with handler = aggregate its URN and URL; of a front
 * door's [d:ambridge] the certificates of the listener that offers /am/3.0. @return 0, -CC_EINVAL (two
 * that differ), or of reading files; why.
 */
int jfed_read(struct jfed_testbed *t, const char *path, struct cc_note *why);
/** Reads the certificates of a file, and nothing else of it. @return as jfed_read. */
int jfed_read_certificates(struct jfed_testbed *t, const char *path, struct cc_note *why);
/** Checks that all is there, and derives the rest. @return 0, -CC_EINVAL with why. */
int jfed_settle(struct jfed_testbed *t, struct cc_note *why);
void jfed_deinit(struct jfed_testbed *t);

/** The file ~/.jFed/extra_testbeds/ID.json. NULL: no memory. */
json_t *jfed_json(const struct jfed_testbed *t);
/**
 * What jFed's developers ask of a testbed; what the configuration does not say is null. answers: of the
 * operator, by the same keys, or NULL. NULL: no memory.
 */
json_t *jfed_questionnaire(const struct jfed_testbed *t, const json_t *answers);
/** Whether the questionnaire has a key that an operator answers. */
bool jfed_has_question(const char *key);
