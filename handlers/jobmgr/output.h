/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What a daemon writes to its standard output and error: split into lines, so many a second into
 * the log, the last ones kept for job.log. A daemon may write what and as much as it likes: every
 * bound is here.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_LINE_MAX 1024      /* octets of a line; what is longer is cut, with a mark */
#define JOB_RING_LINES 200     /* lines kept */
#define JOB_RING_BYTES 65536   /* octets of all lines kept */
#define JOB_OUTPUT_SECOND 1000 /* ms in which `rate` lines may be logged */
#define JOB_CUT_MARK " [cut]"

struct job_output {
	int64_t rate;					/* lines a second into the log */
	char line[JOB_LINE_MAX + sizeof(JOB_CUT_MARK)]; /* the one that has no end yet */
	size_t len;
	bool cut;	  /* the rest of the line is thrown away */
	int64_t window;	  /* ms when this second of the log began */
	int64_t logged;	  /* lines in it */
	uint64_t held;	  /* lines that were over the rate, not yet told */
	char *ring;	  /* octets, one line behind the other, around the end */
	size_t used, end; /* octets kept, and where the next goes */
	uint16_t lengths[JOB_RING_LINES];
	unsigned first, count;
};

/** @return 0, -CC_ENOMEM. */
int job_output_init(struct job_output *o, int64_t rate);
void job_output_deinit(struct job_output *o);
/** Takes octets as they come. Lines go to the log under this thread's prefix. */
void job_output_feed(struct job_output *o, const char *data, size_t len, int64_t now);
/** The daemon ended: its last line may have no end, and what was held back is told. */
void job_output_end(struct job_output *o, int64_t now);
/** Tells how many lines were held back, when their second is over. */
void job_output_tick(struct job_output *o, int64_t now);
/** When to call that; INT64_MAX: nothing was held back. */
int64_t job_output_next(const struct job_output *o);
/** The last n lines, oldest first, as a JSON array. NULL: no memory. */
json_t *job_output_lines(const struct job_output *o, unsigned n);
