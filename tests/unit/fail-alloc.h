/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Makes the n-th allocation of the code under test fail. The test's row in meson.build wraps the
 * functions; what libc and cmocka allocate inside is not touched.
 */
#include <stdbool.h>

#include "tests/test.h"

static long alloc_left = -1; /* allocations that still work; -1: all */
static bool alloc_failed;

static inline void alloc_fail_after(long n)
{
	alloc_left = n;
	alloc_failed = false;
}

static inline bool alloc_fails(void)
{
	if (alloc_left < 0)
		return false;
	if (alloc_left-- > 0)
		return false;
	alloc_left = -1;
	return alloc_failed = true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t n)
{
	return alloc_fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return alloc_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return alloc_fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return alloc_fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return alloc_fails() ? NULL : __real_strndup(s, n);
}
