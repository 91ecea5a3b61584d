/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A report: all figures of a server at one moment, by name. The infofile and the log show reports
 * and their differences.
 */
#include <stddef.h>

struct server;

struct srv_figure {
	char *name;
	double value;
};

struct srv_report {
	struct srv_figure *figures; /* sorted by name */
	size_t count;
	size_t cap;
};

/** Takes the figures of now. A report cut short for lack of memory is still a report. */
void srv_report_take(struct server *s, struct srv_report *out);
void srv_report_deinit(struct srv_report *r);
/** The value of a name; 0 when absent. */
double srv_report_get(const struct srv_report *r, const char *name);
