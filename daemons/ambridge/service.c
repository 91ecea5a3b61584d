/* SPDX-License-Identifier: ISC */
/* Paths, methods, and the requests that calls become. */
#include "daemons/ambridge/service.h"

#include <stdio.h>
#include <string.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"

static const struct ab_service *const services[] = {&ab_registry, &ab_ch, &ab_am3};

const struct ab_service *ab_service_find(const char *path)
{
	size_t len = strlen(path);

	if (len > 1 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < CC_ARRAY_SIZE(services); i++)
		if (strlen(services[i]->path) == len && memcmp(services[i]->path, path, len) == 0)
			return services[i];
	return NULL;
}

const char *ab_service_name(const struct ab_service *s)
{
	return s->name;
}

static const struct ab_method *find(const struct ab_method *table, const char *name)
{
	for (const struct ab_method *m = table; m && m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

const struct ab_method *ab_method_find(const struct ab_service *s, const char *name)
{
	const struct ab_method *m = find(s->methods, name);

	return m || s != &ab_registry ? m : find(ab_registry_2008, name);
}

const char *ab_method_name(const struct ab_method *m)
{
	return m->name;
}

bool ab_method_is_first_contact(const struct ab_method *m)
{
	return m->first_contact;
}

static bool is_count(const struct cc_note *why)
{
	return strncmp(why->text, "Expected ", 9) == 0;
}

/* A call that is none is a fault on every path, also where refusals are structs (spec geni-am 1). */
static int refuse_call(const struct ab_method *m, const struct cc_note *why,
		       const struct ab_style *style, struct ab_reply *out)
{
	const char *word = is_count(why) ? "InvalidArgumentCount" : "InvalidArgument";
	int r;

	if (m->manner != AB_AM) {
		r = ab_reply_refuse(m, ab_outcome_find(word), why->text, style, out);
		return r ? r : 1;
	}
	memset(out, 0, sizeof(*out));
	out->status = 200;
	out->fault = 1;
	snprintf(out->text, sizeof(out->text), "%s: ", m->name);
	ab_text_put(out->text, sizeof(out->text), why->text);
	return 1;
}

static int refuse_unsupported(const struct ab_method *m, const struct ab_style *style,
			      struct ab_reply *out)
{
	char text[160];
	int r;

	snprintf(text, sizeof(text), "%.100s is not served here yet", m->name);
	r = ab_reply_refuse(m, ab_outcome_find("unsupported"), text, style, out);
	return r ? r : 1;
}

int ab_request_make(const struct ab_method *m, const json_t *params, const struct ab_style *style,
		    struct ab_request *out, struct ab_reply *out_reply)
{
	struct cc_note why = {0};
	json_t *body = json_object();
	int r = body ? ab_args_take(m, params, body, &why) : cc_raise(CC_ENOMEM);

	if (!r && m->make)
		r = m->make(body, &why);
	if (r || !m->type) {
		json_decref(body);
		if (r < 0)
			return r;
		return r ? refuse_call(m, &why, style, out_reply)
			 : refuse_unsupported(m, style, out_reply);
	}
	memset(out, 0, sizeof(*out));
	out->method = m->is_other && m->is_other(body) ? m->other : m;
	snprintf(out->type, sizeof(out->type), "%s", m->type);
	out->body = body;
	return 0;
}

void ab_request_deinit(struct ab_request *r)
{
	json_decref(r->body);
	memset(r, 0, sizeof(*r));
}
