/* SPDX-License-Identifier: ISC */
#include "lib/daemon/logbus.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/daemon/text.h"

#define SECOND_MS 1000

static _Thread_local bool publishing; /* what this thread logs meanwhile is not for the bus */

struct dm_logbus_line {
	struct dm_logbus_line *next;
	const char *word; /* "WARNING" */
	double time;
	char func[64];
	char text[];
};

void dm_logbus_init(struct dm_logbus *b)
{
	*b = (struct dm_logbus){.lock = PTHREAD_MUTEX_INITIALIZER, .second = INT64_MIN / 2};
	b->last = &b->first;
}

static struct dm_logbus_line *pop(struct dm_logbus *b)
{
	struct dm_logbus_line *line;

	pthread_mutex_lock(&b->lock);
	line = b->first;
	if (line) {
		b->first = line->next;
		b->count--;
		if (!b->first)
			b->last = &b->first;
	}
	pthread_mutex_unlock(&b->lock);
	return line;
}

void dm_logbus_deinit(struct dm_logbus *b)
{
	struct dm_logbus_line *line;

	while ((line = pop(b)))
		free(line);
}

static struct dm_logbus_line *line_new(const struct cc_log_event *event)
{
	char text[DM_LOGBUS_TEXT], whole[DM_LOGBUS_TEXT * 2];
	struct dm_logbus_line *line;
	size_t len;

	snprintf(whole, sizeof(whole), "%s%s%s%s", *event->prefix ? "[" : "", event->prefix,
		 *event->prefix ? "] " : "", event->text);
	len = dm_text_clean(whole, strlen(whole), text, sizeof(text));
	line = malloc(sizeof(*line) + len + 1);
	if (!line)
		return NULL;
	*line = (struct dm_logbus_line){.word = event->word, .time = cc_clock_wall()};
	snprintf(line->func, sizeof(line->func), "%s", event->func);
	memcpy(line->text, text, len + 1);
	return line;
}

void dm_logbus_note(void *bus, const struct cc_log_event *event)
{
	struct dm_logbus *b = bus;
	struct dm_logbus_line *line;

	if (event->level > CC_LOG_INFO || publishing)
		return;
	pthread_mutex_lock(&b->lock);
	line = b->count < DM_LOGBUS_LINES ? line_new(event) : NULL;
	if (line) {
		*b->last = line;
		b->last = &line->next;
		b->count++;
	} else {
		b->dropped++;
	}
	pthread_mutex_unlock(&b->lock);
}

/* @return whether one more line may be sent now. */
static bool within_rate(struct dm_logbus *b, int64_t now)
{
	if (now - b->second >= SECOND_MS) {
		b->second = now;
		b->sent = 0;
	}
	return b->sent < DM_LOGBUS_RATE;
}

static int send_line(const struct dm_logbus_line *line, const struct dm_logbus_name *name,
		     int (*send)(void *arg, const char *type, json_t *body), void *arg)
{
	char type[32] = "log.";
	json_t *body;
	int r = -1;

	for (size_t i = 0; line->word[i] && i < sizeof(type) - 5; i++)
		type[4 + i] = (char)tolower((unsigned char)line->word[i]);
	body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:i, s:s}", "log_level", line->word,
			 "log_msg", line->text, "job_name", name->job_name, "service_type",
			 name->service, "service_name", name->section, "log_time", line->time,
			 "log_pid", (int)getpid(), "log_function", line->func);
	if (body)
		r = send(arg, type, body);
	json_decref(body);
	return r;
}

void dm_logbus_flush(struct dm_logbus *b, const struct dm_logbus_name *name, int64_t now,
		     int (*send)(void *arg, const char *type, json_t *body), void *arg)
{
	struct dm_logbus_line *line;

	publishing = true;
	while (within_rate(b, now) && (line = pop(b))) {
		b->sent++;
		if (send_line(line, name, send, arg) != 0) {
			pthread_mutex_lock(&b->lock);
			b->dropped++;
			pthread_mutex_unlock(&b->lock);
		}
		free(line);
	}
	publishing = false;
}

int64_t dm_logbus_wait(struct dm_logbus *b, int64_t now)
{
	unsigned count;

	pthread_mutex_lock(&b->lock);
	count = b->count;
	pthread_mutex_unlock(&b->lock);
	if (!count)
		return INT64_MAX;
	return within_rate(b, now) ? 0 : b->second + SECOND_MS - now;
}

uint64_t dm_logbus_take_dropped(struct dm_logbus *b)
{
	uint64_t n;

	pthread_mutex_lock(&b->lock);
	n = b->dropped;
	b->dropped = 0;
	pthread_mutex_unlock(&b->lock);
	return n;
}
