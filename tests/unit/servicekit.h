/* SPDX-License-Identifier: ISC */
#pragma once
/* Calls and answers of a front door's paths in text, for its tests. JSON is written with ' for ". */
#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>

#include "daemons/ambridge/service.h"
#include "lib/base/util.h"

#define REG "/registry"
#define AM "/am/3.0"

static const struct ab_style style_2019, style_2011 = {.faults_2011 = true};

/** JSON of text with ' for ". */
static inline json_t *json_of(const char *text)
{
	cc_cleanup(cc_freep) char *copy = strdup(text);
	json_error_t error;
	json_t *value;

	assert_non_null(copy);
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	value = json_loads(copy, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (!value)
		fail_msg("%s: %s", text, error.text);
	return value;
}

/** Text of a value with ' for ", keys sorted; the caller frees. */
static inline char *text_of(const json_t *value)
{
	char *text = json_dumps(value, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(text);
	for (char *p = text; *p; p++)
		if (*p == '"')
			*p = '\'';
	return text;
}

static inline void assert_json(const json_t *got, const char *wanted, const char *where)
{
	json_t *w = json_of(wanted);
	cc_cleanup(cc_freep) char *text = text_of(got);

	if (!json_equal(got, w))
		fail_msg("%s: %s, not %s", where, text, wanted);
	json_decref(w);
}

static inline const struct ab_method *method_of(const char *path, const char *name)
{
	const struct ab_service *s = ab_service_find(path);
	const struct ab_method *m = s ? ab_method_find(s, name) : NULL;

	if (!m)
		fail_msg("%s has no %s", path, name);
	return m;
}

/** Makes the request of a call. @return as ab_request_make. */
static inline int call_make(const char *path, const char *name, const char *params,
			    const struct ab_style *style, struct ab_request *rq,
			    struct ab_reply *reply)
{
	json_t *p = json_of(params);
	int r = ab_request_make(method_of(path, name), p, style, rq, reply);

	json_decref(p);
	return r;
}

/** Says of a call that it becomes this request. */
static inline void assert_request(const char *path, const char *name, const char *params,
				  const char *type, const char *body)
{
	struct ab_request rq;
	struct ab_reply reply;
	char where[512];
	int r = call_make(path, name, params, &style_2019, &rq, &reply);

	snprintf(where, sizeof(where), "%s%s", name, params);
	if (r)
		fail_msg("%s: %d, %s", where, r, r == 1 ? reply.text : "");
	assert_string_equal(rq.type, type);
	assert_json(rq.body, body, where);
	ab_request_deinit(&rq);
}

/** Says of a call that it is refused by this fault. */
static inline void assert_refused(const char *path, const char *name, const char *params,
				  const struct ab_style *style, int fault, const char *text)
{
	struct ab_request rq;
	struct ab_reply reply;
	int r = call_make(path, name, params, style, &rq, &reply);

	if (r != 1)
		fail_msg("%s%s: %d, not refused", name, params, r);
	if (reply.value || reply.status != 200 || reply.fault != fault ||
	    strcmp(reply.text, text) != 0)
		fail_msg("%s%s: fault %d %s, not %d %s", name, params, reply.fault, reply.text,
			 fault, text);
	ab_reply_deinit(&reply);
}

/** What an answer of the bus becomes; json NULL: none. The caller calls ab_reply_deinit. */
static inline void answer_make(const struct ab_method *m, enum cc_outcome outcome, const char *type,
			       const char *code, const char *json, const struct ab_style *style,
			       struct ab_reply *out)
{
	struct cc_answer a = {.outcome = outcome, .json = json ? json_of(json) : NULL};

	a.type = (struct cc_bytes){(const uint8_t *)type, strlen(type)};
	snprintf(a.code, sizeof(a.code), "%s", code);
	assert_int_equal(ab_reply_make(m, &a, style, out), 0);
	json_decref(a.json);
}

/** Says what value the client gets of an answer's body. */
static inline void assert_value(const char *path, const char *name, const char *type,
				const char *json, const char *value)
{
	struct ab_reply reply;

	answer_make(method_of(path, name), CC_OUT_ANSWER, type, "", json, &style_2019, &reply);
	if (!reply.value || reply.status != 200)
		fail_msg("%s %s: %u, fault %d %s", name, json, reply.status, reply.fault,
			 reply.text);
	assert_json(reply.value, value, name);
	ab_reply_deinit(&reply);
}
