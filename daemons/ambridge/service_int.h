/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the tables of service.h are made of. To add a method: a row in the table of its path, and, where
 * arguments or value are not what the bus has, a function beside the table.
 */
#include "daemons/ambridge/service.h"
#include "lib/xmlrpc/xmlrpc.h"

#define AB_ARGS_MAX 6
#define AB_DEPTH_MAX (CC_JSON_DEPTH - 1) /* of an argument or a value: the body is one level */

/* What an argument may be. */
enum ab_kind {
	AB_TEXT = 1, /* string; base64 of text is the same */
	AB_NAMES,    /* string, or a list of strings */
	AB_CREDS,    /* string, struct {geni_type, geni_version, geni_value}, or a list of those */
	AB_LIST,     /* list of anything */
	AB_TEXTS,    /* list of strings */
	AB_AM_CREDS, /* list of the same, of which types that somebody may read are kept as structs */
	AB_STRUCT,   /* struct of anything */
	AB_DATE,     /* string, dateTime.iso8601 */
	AB_ANY,
};

struct ab_arg {
	const char *name; /* for faults; NULL ends the list */
	const char *key;  /* in the body; NULL: looked at, and left out */
	enum ab_kind kind;
	bool optional; /* it, and all behind it, may be left out */
	bool nil;      /* nil is the same as left out */
};

/* How a path answers. */
enum ab_manner {
	AB_SFA = 1, /* bare values, faults with numbers of 2019 or 2011 and ": Method: " */
	AB_SFA2008, /* bare values, fault 1 with class and text */
	AB_CH,	    /* bare values, faults with numbers of 2019 */
	AB_AM,	    /* the return struct of the AM API; faults for calls that are none */
};

struct ab_method {
	const char *name;
	const char *type; /* of the CC request; NULL: known, but nothing behind it yet */
	enum ab_manner manner;
	bool first_contact;
	bool safe; /* it changes nothing: done twice is the same as once */
	struct ab_arg args[AB_ARGS_MAX + 1];
	/* Last touch of the body; may be NULL. @return 0, 1 (refused, why), -CC_ENOMEM. */
	int (*make)(json_t *body, struct cc_note *why);
	/*
	 * The value that the client gets, of the answer's body; NULL: its `value`. *out: a new reference.
	 * @return 0, 1 (refused, why), -CC_EFORMAT (not what this operation answers), -CC_ENOMEM.
	 */
	int (*value)(const json_t *answer, json_t **out, struct cc_note *why);
	/* Of the same name, what a request is that wants this: the row that its answer is made by. */
	bool (*is_other)(const json_t *body);
	const struct ab_method *other;
};

struct ab_service {
	const char *path, *name;
	enum ab_manner manner;
	const struct ab_method *methods; /* name NULL ends them */
	const char *const *others; /* NULL-ended: of the originals, but not served; NULL: none */
};

/* One per path, and the methods of 2008, which share /registry. */
extern const struct ab_service ab_registry, ab_ch, ab_am3;
extern const struct ab_method ab_registry_2008[];

/* ---- JSON of lib/xmlrpc and of the bus (service_json.c) ---- */

/** dateTime.iso8601 of RFC 3339 in UTC; what is none stays. NULL: no memory. */
json_t *ab_json_date(const json_t *text);
/** Appends a text without what XML cannot have; cut where it does not fit, at a whole character. */
void ab_text_put(char *out, size_t size, const char *text);

/* ---- arguments (service_args.c) ---- */

/**
 * Puts the arguments into body. @return 0, 1 (refused, why: as the originals said it), -CC_ENOMEM.
 */
int ab_args_take(const struct ab_method *m, const json_t *params, json_t *body,
		 struct cc_note *why);

/* ---- outcomes (service_outcome.c) ---- */

/* What one outcome is called by those who ask. */
struct ab_outcome {
	const char *word;      /* class of fault, or code of the bus */
	const char *name_2008; /* class of 2008 */
	const char *lead;      /* of the text; NULL: none */
	int sfa, sfa_2011;     /* numbers of faults */
	int geni;	       /* geni_code */
};

/** The row of a word; words that nobody knows are failures of ours. Never NULL. */
const struct ab_outcome *ab_outcome_find(const char *word);
/** Whether there is a row of that word. */
bool ab_outcome_is_known(const char *word);

/** Fills a reply with a refusal in the manner of a method. @return 0, -CC_ENOMEM. */
int ab_reply_refuse(const struct ab_method *m, const struct ab_outcome *o, const char *msg,
		    const struct ab_style *style, struct ab_reply *out);

/* ---- the AM API's answers (service_am_reply.c) ---- */

/** The refusal of a row of the table, in the return struct. @return 0, -CC_ENOMEM. */
int ab_am_refuse(const struct ab_method *m, const struct ab_outcome *o, const char *output,
		 struct ab_reply *out);
/** What the aggregate signed as an error: its own code, text and hint go before the table's. */
int ab_am_error(const struct ab_method *m, const struct ab_outcome *o, const json_t *said,
		struct ab_reply *out);
/** A success. @return 0, -CC_EFORMAT (not of the form of the bus), -CC_ELIMIT, -CC_ENOMEM. */
int ab_am_answer(const struct ab_method *m, const struct cc_answer *a, struct ab_reply *out);
