/* SPDX-License-Identifier: ISC */
#pragma once
/* Prelude of every unit test: cmocka 1.1.5 wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * cmocka 1.1.5 writes "not ok N # SKIP", which meson takes for a failure; TAP has "ok N # SKIP". The
 * library prints through this symbol, so that the test's own definition is the one that is used.
 */
__attribute__((weak, visibility("default"))) void print_message(const char *const format, ...)
{
	bool skipped = strncmp(format, "not ok ", 7) == 0 && strstr(format, "# SKIP");
	va_list args;

	va_start(args, format);
	vprint_message(skipped ? format + 4 : format, args);
	va_end(args);
}

/** Runs a group with TAP output, as meson reads it. */
#define TEST_MAIN(tests)                                                                           \
	int main(void)                                                                             \
	{                                                                                          \
		setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);                                         \
		return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);                   \
	}
