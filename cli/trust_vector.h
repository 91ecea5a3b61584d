/* SPDX-License-Identifier: ISC */
#pragma once
/* One recorded document, judged and compared with what should become of it: ccfed cred vectors. */
#include "cli/text.h"
#include "cli/trust_judge.h"

#define TRUST_VECTOR_DAY 86400 /* documents are judged as of a day after they were recorded */

struct trust_run {
	struct cli_table table;
	json_t *rows; /* of --json; NULL: a table */
	bool failed;  /* a row is missing for want of memory */
	unsigned count, wrong;
};

struct trust_folder {
	struct trust_run *run;
	const char *dir, *name; /* name: the last part of dir, name_len octets of it */
	int name_len;
	struct tr_verifier *verifier;
	int64_t now;
};

/** Opens the verifier of a folder under the roots in these files (an array of names in it). */
int trust_vector_open(struct trust_folder *f, const json_t *names, bool legacy,
		      struct cc_note *why);
int trust_vector_read(const struct trust_folder *f, const char *name, char **text, size_t *len,
		      struct cc_note *why);
int trust_vector_gids(const struct trust_folder *f, const char *name, struct tr_gids *out,
		      struct cc_note *why);
/**
 * Judges a file, twice: the second time from memory, and it must say the same. q: without text and
 * time. caller: a file of certificates; NULL: anybody. @return 0, or an error: it cannot be read.
 */
int trust_vector_run(const struct trust_folder *f, const char *vector, const char *file,
		     const char *caller, bool accept, struct trust_question q, struct cc_note *why);
/** Adds a row. r: the verdict of this vector; why: its reason. */
void trust_vector_add(const struct trust_folder *f, const char *vector, bool accept, int r,
		      const struct cc_note *why);

/** A text of an object, "" when there is none. */
static inline const char *trust_vector_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/** Runs what verdicts.json says: an array. */
int trust_vectors_gcf(struct trust_folder *f, const json_t *verdicts, struct cc_note *why);
