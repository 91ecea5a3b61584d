/* SPDX-License-Identifier: ISC */
#include "lib/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define YEAR_1000 (-30610224000) /* earlier ones would be written with fewer digits */
#define YEAR_10000 253402300800

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t cc_clock_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t cc_clock_coarse_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE) / 1000000;
}

int64_t cc_clock_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#ifdef CC_TEST_CLOCK
/* How far a test has moved the clock; read each time, since it moves while programs run. */
static double test_offset(void)
{
	const char *path = getenv("CCFED_TEST_CLOCK");
	FILE *f = path ? fopen(path, "re") : NULL;
	double offset = 0;

	if (f && fscanf(f, "%lf", &offset) != 1)
		offset = 0;
	if (f)
		fclose(f);
	return offset;
}
#else
static double test_offset(void)
{
	return 0;
}
#endif

double cc_clock_wall(void)
{
	return (double)(clock_ns(CLOCK_REALTIME) / 1000) / 1e6 + test_offset();
}

int64_t cc_clock_seconds(void)
{
	return (int64_t)cc_clock_wall();
}

int64_t cc_clock_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

const char *cc_clock_text(int64_t seconds, char out[32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds < YEAR_1000 || seconds >= YEAR_10000 || !gmtime_r(&t, &tm)) {
		snprintf(out, 32, "%lld", (long long)seconds);
		return out;
	}
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}
