/* SPDX-License-Identifier: ISC */
/*
 * What the front door makes of calls: a line of JSON [path, method, params] each on standard input, one
 * of {type, body}, {fault, text} or {value} on standard output. For tests/it/ambridge_wire.py.
 */
#include <stdio.h>
#include <string.h>

#include "daemons/ambridge/service.h"

static json_t *of_reply(struct ab_reply *reply)
{
	json_t *o = reply->value
			    ? json_pack("{s:O}", "value", reply->value)
			    : json_pack("{s:i, s:s}", "fault", reply->fault, "text", reply->text);

	ab_reply_deinit(reply);
	return o;
}

static json_t *ask(const struct ab_service *service, const char *name, const json_t *params)
{
	static const struct ab_style style;
	const struct ab_method *m = ab_method_find(service, name);
	struct ab_request rq;
	struct ab_reply reply;
	json_t *o;
	int r;

	if (!m) {
		ab_reply_unknown(service, name, &style, &reply);
		return of_reply(&reply);
	}
	r = ab_request_make(m, params, &style, &rq, &reply);
	if (r)
		return r == 1 ? of_reply(&reply) : NULL;
	o = json_pack("{s:s, s:O}", "type", rq.type, "body", rq.body);
	ab_request_deinit(&rq);
	return o;
}

static int answer(const char *line)
{
	json_t *call = json_loads(line, 0, NULL), *o = NULL;
	const char *path, *name;
	json_t *params;

	if (json_unpack(call, "[s, s, o]", &path, &name, &params) == 0 && ab_service_find(path))
		o = ask(ab_service_find(path), name, params);
	if (o) {
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
	}
	json_decref(o);
	json_decref(call);
	return o ? 0 : 1;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (!r && getline(&line, &size, stdin) > 0)
		r = answer(line);
	free(line);
	return r;
}
