/* SPDX-License-Identifier: ISC */
#include "handlers/jobmgr/output.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"

int job_output_init(struct job_output *o, int64_t rate)
{
	memset(o, 0, sizeof(*o));
	o->rate = rate;
	o->ring = malloc(JOB_RING_BYTES);
	return o->ring ? 0 : cc_raise(CC_ENOMEM);
}

void job_output_deinit(struct job_output *o)
{
	free(o->ring);
	o->ring = NULL;
}

/* ---- the last lines ---- */

static void ring_drop(struct job_output *o)
{
	o->used -= o->lengths[o->first];
	o->first = (o->first + 1) % JOB_RING_LINES;
	o->count--;
}

static void ring_add(struct job_output *o, const char *text, size_t len)
{
	size_t tail = JOB_RING_BYTES - o->end;

	while (o->count == JOB_RING_LINES || o->used + len > JOB_RING_BYTES)
		ring_drop(o);
	if (tail > len)
		tail = len;
	memcpy(o->ring + o->end, text, tail);
	memcpy(o->ring, text + tail, len - tail);
	o->end = (o->end + len) % JOB_RING_BYTES;
	o->lengths[(o->first + o->count++) % JOB_RING_LINES] = (uint16_t)len;
	o->used += len;
}

static json_t *ring_text(const struct job_output *o, size_t at, size_t len)
{
	char text[sizeof(o->line)];
	size_t tail = JOB_RING_BYTES - at;

	if (tail > len)
		tail = len;
	memcpy(text, o->ring + at, tail);
	memcpy(text + tail, o->ring, len - tail);
	return cc_json_textn(text, len);
}

json_t *job_output_lines(const struct job_output *o, unsigned n)
{
	size_t at = (o->end + JOB_RING_BYTES - o->used) % JOB_RING_BYTES;
	json_t *lines = json_array();

	for (unsigned i = 0; lines && i < o->count; i++) {
		size_t len = o->lengths[(o->first + i) % JOB_RING_LINES];

		if (o->count - i <= n && json_array_append_new(lines, ring_text(o, at, len)) != 0) {
			json_decref(lines);
			return NULL;
		}
		at = (at + len) % JOB_RING_BYTES;
	}
	return lines;
}

/* ---- the log ---- */

void job_output_tick(struct job_output *o, int64_t now)
{
	if (now - o->window < JOB_OUTPUT_SECOND)
		return;
	if (o->held)
		cc_warn("%llu lines held back", (unsigned long long)o->held);
	o->window = now;
	o->logged = 0;
	o->held = 0;
}

int64_t job_output_next(const struct job_output *o)
{
	return o->held ? o->window + JOB_OUTPUT_SECOND : INT64_MAX;
}

static void line_end(struct job_output *o, int64_t now)
{
	bool empty;

	if (o->len && o->line[o->len - 1] == '\r')
		o->len--;
	empty = !o->len;
	if (o->cut) {
		memcpy(o->line + o->len, JOB_CUT_MARK, sizeof(JOB_CUT_MARK) - 1);
		o->len += sizeof(JOB_CUT_MARK) - 1;
	}
	o->line[o->len] = '\0';
	if (!empty) {
		ring_add(o, o->line, o->len);
		job_output_tick(o, now);
		if (o->logged++ < o->rate)
			cc_info("%s", o->line);
		else
			o->held++;
	}
	o->len = 0;
	o->cut = false;
}

/* A part of a line; a NUL would end it for the log. */
static void line_add(struct job_output *o, const char *data, size_t len)
{
	size_t room = JOB_LINE_MAX - o->len;

	if (len > room) {
		o->cut = true;
		len = room;
	}
	for (size_t i = 0; i < len; i++)
		o->line[o->len++] = data[i] ? data[i] : '?';
}

void job_output_feed(struct job_output *o, const char *data, size_t len, int64_t now)
{
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		line_add(o, data, n);
		if (end)
			line_end(o, now);
		data += n + (end != NULL);
		len -= n + (end != NULL);
	}
}

void job_output_end(struct job_output *o, int64_t now)
{
	line_end(o, now);
	if (o->held)
		job_output_tick(o, o->window + JOB_OUTPUT_SECOND);
}
