/* SPDX-License-Identifier: ISC */
#include "lib/xml/write.h"

#include <stdbool.h>
#include <time.h>

#include "lib/base/err.h"

#define LATEST 253402300799 /* 9999-12-31T23:59:59Z */

int xs_put_time(struct cc_buf *b, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds < 0 || seconds > LATEST || !gmtime_r(&t, &tm))
		return b->err ? b->err : (b->err = cc_raise(CC_EINVAL));
	return cc_buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
			     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

struct reader {
	const char *p, *end;
};

/* A number of n digits, from min to max; *ok becomes false when it is not there. */
static int take_number(struct reader *r, int n, int min, int max, bool *ok)
{
	int value = 0;

	if (r->end - r->p < n)
		*ok = false;
	for (int i = 0; *ok && i < n; i++, r->p++) {
		*ok = *r->p >= '0' && *r->p <= '9';
		value = value * 10 + (*r->p - '0');
	}
	*ok = *ok && value >= min && value <= max;
	return value;
}

/* One of these two characters. */
static void take_char(struct reader *r, char a, char b, bool *ok)
{
	*ok = *ok && r->p < r->end && (*r->p == a || *r->p == b);
	r->p += *ok;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static int64_t take_date(struct reader *r, bool *ok)
{
	struct tm tm = {0};
	int year = take_number(r, 4, 1, 9999, ok);

	take_char(r, '-', '-', ok);
	tm.tm_year = year - 1900;
	tm.tm_mon = take_number(r, 2, 1, 12, ok) - 1;
	take_char(r, '-', '-', ok);
	tm.tm_mday = take_number(r, 2, 1, *ok ? days_of(year, tm.tm_mon + 1) : 31, ok);
	return *ok ? timegm(&tm) : 0;
}

static int64_t take_clock(struct reader *r, bool *ok)
{
	int hour, minute, second;

	hour = take_number(r, 2, 0, 23, ok);
	take_char(r, ':', ':', ok);
	minute = take_number(r, 2, 0, 59, ok);
	take_char(r, ':', ':', ok);
	second = take_number(r, 2, 0, 60, ok);
	/* no clock here counts leap seconds */
	return hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
}

static void skip_fraction(struct reader *r, bool *ok)
{
	if (!*ok || r->p == r->end || *r->p != '.')
		return;
	r->p++;
	take_number(r, 1, 0, 9, ok);
	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
}

/* Seconds east of Greenwich: Z, +-HH:MM, or nothing. */
static int64_t take_zone(struct reader *r, bool *ok)
{
	int sign, hours;

	if (!*ok || r->p == r->end)
		return 0;
	if (*r->p == 'Z' || *r->p == 'z') {
		r->p++;
		return 0;
	}
	sign = *r->p == '-' ? -1 : 1;
	take_char(r, '+', '-', ok);
	hours = take_number(r, 2, 0, 23, ok);
	take_char(r, ':', ':', ok);
	return sign * (hours * 3600 + take_number(r, 2, 0, 59, ok) * 60);
}

int xs_read_time(const char *text, size_t len, int64_t *seconds)
{
	struct reader r = {text, text + len};
	bool ok = true;
	int64_t t = take_date(&r, &ok);

	take_char(&r, 'T', 't', &ok);
	t += take_clock(&r, &ok);
	skip_fraction(&r, &ok);
	t -= take_zone(&r, &ok);
	if (!ok || r.p != r.end)
		return -CC_EFORMAT;
	*seconds = t;
	return 0;
}
