/* SPDX-License-Identifier: ISC */
#pragma once
/* A test in an empty folder of its own: cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave). */
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/test.h"

static char folder_path[64];

static inline int folder_enter(void **state)
{
	strcpy(folder_path, "/tmp/ccfed-test-XXXXXX");
	return mkdtemp(folder_path) && chdir(folder_path) == 0 ? 0 : -1;
}

static inline int folder_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static inline int folder_leave(void **state)
{
	return chdir("/") == 0 ? nftw(folder_path, folder_remove, 8, FTW_DEPTH | FTW_PHYS) : -1;
}

static inline void put_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}
