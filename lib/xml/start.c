/* SPDX-License-Identifier: ISC */
#include "lib/xml/int.h"

#include <libxml/globals.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;
static _Thread_local bool starved;

static void *watched(void *p)
{
	starved |= !p;
	return p;
}

static void *watched_malloc(size_t n)
{
	return watched(malloc(n));
}

static void *watched_realloc(void *p, size_t n)
{
	return watched(realloc(p, n));
}

static char *watched_strdup(const char *s)
{
	return watched(strdup(s));
}

static void be_silent(void *data, xmlError *error)
{
}

static void __attribute__((format(printf, 2, 3))) say_nothing(void *data, const char *fmt, ...)
{
}

/*
 * The parser's messages are taken from its context; all others are about memory, which
 * xs_starved knows. None goes to stderr, in no thread.
 */
static void start(void)
{
	xmlMemSetup(free, watched_malloc, watched_realloc, watched_strdup);
	xmlInitParser();
	xmlThrDefSetStructuredErrorFunc(NULL, be_silent);
	xmlSetStructuredErrorFunc(NULL, be_silent);
	xmlThrDefSetGenericErrorFunc(NULL, say_nothing);
	xmlSetGenericErrorFunc(NULL, say_nothing);
}

void xs_begin(void)
{
	pthread_once(&started, start);
	starved = false;
}

bool xs_starved(void)
{
	return starved;
}
