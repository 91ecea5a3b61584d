/* SPDX-License-Identifier: ISC */
/* The forms of names and dates, which reading and writing hold alike. */
#include <string.h>

#include "lib/xmlrpc/int.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool xr_is_method(const char *text, size_t len)
{
	if (len == 0 || len > XR_METHOD_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    (c == 0 || !strchr("_.:/", c)))
			return false;
	}
	return true;
}

struct view {
	const char *p, *end;
};

static bool take(struct view *v, char c)
{
	if (v->p == v->end || *v->p != c)
		return false;
	v->p++;
	return true;
}

/* So many digits, and the number they are; -1: they are not there. */
static int take_number(struct view *v, int digits)
{
	int n = 0;

	if (v->end - v->p < digits)
		return -1;
	for (; digits > 0; digits--, v->p++) {
		if (!is_digit(*v->p))
			return -1;
		n = n * 10 + (*v->p - '0');
	}
	return n;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool take_day(struct view *v)
{
	int year = take_number(v, 4), month, day;
	bool dashes = take(v, '-');

	month = take_number(v, 2);
	if (year < 0 || month < 1 || month > 12 || take(v, '-') != dashes)
		return false;
	day = take_number(v, 2);
	return day >= 1 && day <= days_of(year, month);
}

static bool take_below(struct view *v, int limit)
{
	int n = take_number(v, 2);

	return n >= 0 && n < limit;
}

/* 60 is a leap second */
static bool take_time(struct view *v)
{
	if (!take_below(v, 24) || !take(v, ':') || !take_below(v, 60) || !take(v, ':') ||
	    !take_below(v, 61))
		return false;
	if (!take(v, '.'))
		return true;
	if (take_number(v, 1) < 0)
		return false;
	while (take_number(v, 1) >= 0)
		;
	return true;
}

static bool take_zone(struct view *v)
{
	if (v->p == v->end || take(v, 'Z'))
		return true;
	if (!take(v, '+') && !take(v, '-'))
		return false;
	if (!take_below(v, 24))
		return false;
	take(v, ':');
	return take_below(v, 60);
}

bool xr_is_date(const char *text, size_t len)
{
	struct view v = {text, text + len};

	return take_day(&v) && take(&v, 'T') && take_time(&v) && take_zone(&v) && v.p == v.end;
}
