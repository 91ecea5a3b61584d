/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The one clock of every decision. Deadlines count on the monotonic clock; dates on the wall clock.
 */
#include <stdint.h>

/** Monotonic milliseconds. */
int64_t cc_clock_ms(void);
/** The same, up to 10 ms behind, for a quarter of the price: for stamps on every message. */
int64_t cc_clock_coarse_ms(void);
/** Monotonic nanoseconds, for measuring. */
int64_t cc_clock_ns(void);
/**
 * Wall clock, seconds since 1970 with microseconds. In a build with -Dtest_clock=true it is ahead by
 * the seconds that the file named by CCFED_TEST_CLOCK holds, so that tests need not wait.
 */
double cc_clock_wall(void);
/** The same in whole seconds. */
int64_t cc_clock_seconds(void);
/** Seconds since 1970 as RFC 3339 in UTC, "2026-12-22T19:14:22Z"; what no such date can be, as a number. */
const char *cc_clock_text(int64_t seconds, char out[32]);
/** CPU time of the process, nanoseconds. */
int64_t cc_clock_cpu_ns(void);
