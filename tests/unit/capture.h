/* SPDX-License-Identifier: ISC */
#pragma once
/* What is printed to standard output, as a text. */
#include <stdio.h>
#include <unistd.h>

#include "tests/test.h"

static int capture_stdout = -1;

static inline void capture_begin(void)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	fflush(stdout);
	capture_stdout = dup(STDOUT_FILENO);
	assert_true(capture_stdout >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
	fclose(file);
}

/** What was printed since; freed by the caller. */
static inline char *capture_end(void)
{
	char *text;
	off_t len;

	fflush(stdout);
	len = lseek(STDOUT_FILENO, 0, SEEK_END);
	text = calloc(1, (size_t)len + 1);
	assert_non_null(text);
	assert_int_equal(pread(STDOUT_FILENO, text, (size_t)len, 0), len);
	dup2(capture_stdout, STDOUT_FILENO);
	close(capture_stdout);
	return text;
}
