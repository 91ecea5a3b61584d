/* SPDX-License-Identifier: ISC */
#pragma once
/* As fail-alloc.h, and OpenSSL's own allocations fail, too, once main has handed it these. */
#include <openssl/crypto.h>

#include "tests/unit/fail-alloc.h"

static void *ossl_malloc(size_t n, const char *file, int line)
{
	return __wrap_malloc(n);
}

static void *ossl_realloc(void *p, size_t n, const char *file, int line)
{
	return __wrap_realloc(p, n);
}

static void ossl_free(void *p, const char *file, int line)
{
	free(p);
}
