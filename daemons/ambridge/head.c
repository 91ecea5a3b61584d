/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/head.h"

#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS 15

/* How often a header is there, and its last value. */
static unsigned count(const struct evkeyvalq *headers, const char *name, const char **value)
{
	const struct evkeyval *h;
	unsigned n = 0;

	*value = NULL;
	for (h = headers->tqh_first; h; h = h->next.tqe_next) {
		if (strcasecmp(h->key, name) != 0)
			continue;
		*value = h->value;
		n++;
	}
	return n;
}

static bool is_length(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n <= LENGTH_DIGITS && text[n] == '\0';
}

static void refuse(struct ab_head_verdict *v, unsigned status, const char *why, bool close)
{
	*v = (struct ab_head_verdict){.status = status, .why = why, .close = close};
}

/*
 * Two readers of one stream that take different lengths see different requests in it (RFC 9112, 6.3):
 * evhttp takes the first length, and chunks before lengths.
 */
void ab_head_check(const struct evkeyvalq *headers, struct ab_head_verdict *v)
{
	const char *length, *encoding;
	unsigned lengths = count(headers, "Content-Length", &length);
	unsigned encodings = count(headers, "Transfer-Encoding", &encoding);

	*v = (struct ab_head_verdict){0};
	if (lengths > 1)
		refuse(v, 400, "more than one Content-Length", true);
	else if (lengths && encodings)
		refuse(v, 400, "Content-Length and Transfer-Encoding", true);
	else if (lengths && !is_length(length))
		refuse(v, 400, "Content-Length is no number", true);
	else if (encodings > 1 || (encodings && strcasecmp(encoding, "chunked") != 0))
		refuse(v, 400, "a Transfer-Encoding other than chunked", true);
}

/* Whether text is `word`, or begins with it and goes on with a parameter. */
static bool is_type(const char *text, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(text, word, n) != 0)
		return false;
	text += n;
	text += strspn(text, " \t");
	return *text == '\0' || *text == ';';
}

static bool is_utf8(const char *type)
{
	const char *charset = strcasestr(type, "charset=");

	if (!charset)
		return true;
	charset += strlen("charset=");
	charset += *charset == '"';
	return strncasecmp(charset, "utf-8", 5) == 0 || strncasecmp(charset, "utf8", 4) == 0 ||
	       strncasecmp(charset, "us-ascii", 8) == 0;
}

void ab_head_check_call(const struct evkeyvalq *headers, enum evhttp_cmd_type method, size_t got,
			struct ab_head_verdict *v)
{
	const char *type, *encoding, *length;
	unsigned types = count(headers, "Content-Type", &type);

	*v = (struct ab_head_verdict){0};
	if (method != EVHTTP_REQ_POST)
		refuse(v, 405, "calls are made by POST", false);
	else if (!count(headers, "Content-Length", &length) &&
		 !count(headers, "Transfer-Encoding", &encoding) && got == 0)
		refuse(v, 411, "a request without a length", true);
	else if (types > 1 ||
		 (types && !is_type(type, "text/xml") && !is_type(type, "application/xml")))
		refuse(v, 415, "the body of a call is text/xml", false);
	else if (types && !is_utf8(type))
		refuse(v, 415, "the body of a call is in UTF-8", false);
	else if (count(headers, "Content-Encoding", &encoding) &&
		 strcasecmp(encoding, "identity") != 0)
		refuse(v, 415, "the body of a call is not encoded", false);
}
