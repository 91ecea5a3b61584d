/* SPDX-License-Identifier: ISC */
/*
 * The infofile (spec cc-bus B2, G): a header, then [total] since the start, [latest] of the last
 * period, and with level 3 averages over 60, 300 and 900 s. The same figures go to the log each
 * period.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "version.h"

#define BUCKET_MS 5000

static void put_value(struct cc_buf *b, const char *name, double v)
{
	if (v == (double)(long long)v)
		cc_buf_printf(b, "%s: %lld", name, (long long)v);
	else
		cc_buf_printf(b, "%s: %.6f", name, v);
}

static void put_time(struct cc_buf *b, const char *name, time_t t)
{
	char text[32];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	cc_buf_printf(b, "%s: %s\n", name, text);
}

static void put_header(struct server *s, struct cc_buf *b)
{
	int major, minor, patch;
	struct utsname u;

	zmq_version(&major, &minor, &patch);
	uname(&u);
	cc_buf_printf(b, "name: %s\nversion: %s\nservice: ccserver\npid: %d\n", s->job_name,
		      CCFED_VERSION, (int)getpid());
	put_time(b, "started", (time_t)s->started_wall);
	cc_buf_printf(b, "status: %s\n", s->stopping ? "stopping" : "running");
	cc_buf_printf(b, "time-consumed: %.3f\n", (double)cc_clock_cpu_ns() / 1e9);
	cc_buf_printf(b, "info-period: %.3f\n", (double)s->conf->stats_period / 1000);
	put_time(b, "info-written", time(NULL));
	cc_buf_printf(b, "platform: %s-%s-%s\n", u.sysname, u.release, u.machine);
	cc_buf_printf(b, "libzmq: %d.%d.%d\n", major, minor, patch);
	for (size_t i = 0; i < s->conf->cc_socket.count; i++)
		cc_buf_printf(b, "cc-socket: %s\n", s->conf->cc_socket.items[i]);
}

/* A section that a reload removed takes its part of a sum with it: that is no event of the period. */
static double since(const struct srv_figure *now, const struct srv_report *then)
{
	double v = now->value - (then ? srv_report_get(then, now->name) : 0);

	return v > 0 ? v : 0;
}

/* Figures of now less those of an earlier report. */
static void put_difference(struct cc_buf *b, const struct srv_report *now,
			   const struct srv_report *then)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct srv_figure *f = &now->figures[i];

		put_value(b, f->name, since(f, then));
		cc_buf_puts(b, "\n");
	}
}

static void put_average(struct cc_buf *b, struct server *s, const struct srv_report *now,
			unsigned buckets)
{
	const struct srv_report *then = NULL;
	unsigned n = s->history_count < buckets ? s->history_count : buckets;
	double seconds = n * (double)BUCKET_MS / 1000;

	if (!n)
		return;
	then = &s->history[(s->history_next + SRV_HISTORY - n) % SRV_HISTORY];
	cc_buf_printf(b, "\n[avg:%u]\n", buckets * BUCKET_MS / 1000);
	for (size_t i = 0; i < now->count; i++) {
		const struct srv_figure *f = &now->figures[i];
		double total = since(f, then);

		cc_buf_printf(b, "%s: %g %g %g\n", f->name, total, total / n, total / seconds);
	}
}

/* Level 3 keeps a report per bucket. */
void srv_infofile_bucket(struct server *s, int64_t now)
{
	struct srv_report *r = &s->history[s->history_next];

	s->next_bucket = now + BUCKET_MS;
	srv_report_deinit(r);
	srv_report_take(s, r);
	s->history_next = (s->history_next + 1) % SRV_HISTORY;
	if (s->history_count < SRV_HISTORY)
		s->history_count++;
}

static void write_with(struct server *s, const struct srv_report *now)
{
	struct cc_buf b = CC_BUF_INIT(4 << 20);
	struct cc_note why = {0};
	int level = (int)s->conf->infofile_level;

	if (!*s->conf->infofile || !level)
		return;
	put_header(s, &b);
	if (level >= 2) {
		cc_buf_puts(&b, "\n[total]\n");
		put_difference(&b, now, NULL);
		cc_buf_puts(&b, "\n[latest]\n");
		put_difference(&b, now, &s->last_report);
	}
	if (level >= 3) {
		put_average(&b, s, now, 12);
		put_average(&b, s, now, 60);
		put_average(&b, s, now, 180);
	}
	if (b.err || cc_file_write(s->conf->infofile, b.data, b.len, 0644, false, &why) != 0)
		cc_warn("infofile: %s", b.err ? cc_err_text(b.err) : why.text);
	cc_buf_deinit(&b);
}

void srv_infofile_write(struct server *s)
{
	struct srv_report now;

	srv_report_take(s, &now);
	write_with(s, &now);
	srv_report_deinit(&now);
}

/* `{count: n, bytes: n, ...}` of the period, as the original logs it. */
static void log_period(struct server *s, const struct srv_report *now)
{
	struct cc_buf b = CC_BUF_INIT(64 << 10);

	for (size_t i = 0; i < now->count; i++) {
		const struct srv_figure *f = &now->figures[i];
		double v = since(f, &s->last_report);

		if (v == 0 && strcmp(f->name, "count") != 0)
			continue;
		cc_buf_puts(&b, b.len ? ", " : "{");
		put_value(&b, f->name, v);
	}
	if (!b.err && b.len)
		cc_info("%s}", (char *)b.data);
	cc_buf_deinit(&b);
}

void srv_stats_period(struct server *s)
{
	struct srv_report now;

	srv_report_take(s, &now);
	if (s->stats.level)
		log_period(s, &now);
	write_with(s, &now);
	srv_report_deinit(&s->last_report);
	s->last_report = now;
}
