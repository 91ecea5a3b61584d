/* SPDX-License-Identifier: ISC */
#include "lib/store/conn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

static const struct st_backend *const backends[] = {&st_sqlite, &st_postgres, NULL};

static size_t scheme_len(const struct st_backend *b, const char *url)
{
	for (size_t i = 0; b->schemes[i]; i++)
		if (strncmp(url, b->schemes[i], strlen(b->schemes[i])) == 0)
			return strlen(b->schemes[i]);
	return 0;
}

int st_target_parse(const char *url, struct st_target *out, struct cc_note *why)
{
	for (size_t i = 0; url && backends[i]; i++) {
		size_t len = scheme_len(backends[i], url);

		if (!len)
			continue;
		out->backend = backends[i];
		out->at = backends[i]->whole_url ? url : url + len;
		return 0;
	}
	/* not the url itself: there may be a password in it */
	return cc_note_set(why, CC_EINVAL,
			   "a store is named by sqlite:/PATH or postgresql://USER@HOST/NAME");
}

int st_conn_open(struct st_conn **out, const struct st_target *target, struct cc_note *why)
{
	return target->backend->open(out, target, why);
}

int st_conn_open_until(struct st_conn **out, const struct st_target *target, int64_t until,
		       struct cc_note *why)
{
	int64_t left = until - cc_clock_ms();
	struct st_target t = *target;

	if (left < t.connect_ms)
		t.connect_ms = left > 0 ? (int)left : 1;
	return st_conn_open(out, &t, why);
}

void st_conn_close(struct st_conn *c)
{
	if (c)
		c->backend->close(c);
}

void st_conn_closep(struct st_conn **c)
{
	st_conn_close(*c);
	*c = NULL;
}

int st_conn_fail(struct st_conn *c, enum st_failure failure, int code, const char *fmt, ...)
{
	va_list ap;

	/* the first of equally bad ones says why; those that follow from it do not */
	if (failure > c->failure || !c->why.code) {
		c->why.code = code;
		va_start(ap, fmt);
		vsnprintf(c->why.text, sizeof(c->why.text), fmt, ap);
		va_end(ap);
	}
	if (failure > c->failure)
		c->failure = failure;
	return -code;
}

int st_conn_patience(const struct st_conn *c)
{
	int64_t left = c->until - cc_clock_ms();

	if (left > c->statement_ms)
		return c->statement_ms;
	return left > 0 ? (int)left : 1;
}

int st_conn_tell(const struct st_conn *c, int r, struct cc_note *why)
{
	if (why && r < 0 && c->why.code)
		*why = c->why;
	return r;
}
