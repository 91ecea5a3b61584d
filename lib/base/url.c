/* SPDX-License-Identifier: ISC */
#include "lib/base/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"

#define NAME_MAX_OCTETS 253
#define LABEL_MAX_OCTETS 63

bool cc_host_is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

bool cc_host_is_local(const char *host)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	size_t len = strlen(host), word = strlen("localhost");
	unsigned char four[4], six[16];

	if (len && host[len - 1] == '.')
		len--;
	if (len >= word && strncasecmp(host + len - word, "localhost", word) == 0 &&
	    (len == word || host[len - word - 1] == '.'))
		return true;
	if (inet_pton(AF_INET, host, four) == 1)
		return four[0] == 127 || four[0] == 0;
	if (inet_pton(AF_INET6, host, six) != 1)
		return false;
	if (memcmp(six, mapped, sizeof(mapped)) == 0)
		return six[12] == 127 || six[12] == 0;
	for (size_t i = 0; i < 15; i++)
		if (six[i])
			return false;
	return six[15] <= 1;
}

bool cc_host_is_name(const char *host)
{
	size_t len = strlen(host), label = 0;

	if (!len || len > NAME_MAX_OCTETS)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = host[i];

		if (c == '.' || c == '-') {
			/* neither first nor last in a label */
			if (!label || (c == '.' && host[i - 1] == '-'))
				return false;
			label = c == '.' ? 0 : label + 1;
		} else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			   (c >= '0' && c <= '9')) {
			label++;
		} else {
			return false;
		}
		if (label > LABEL_MAX_OCTETS)
			return false;
	}
	return label && host[len - 1] != '-';
}

static int bad(struct cc_note *why, const char *text, const char *wrong)
{
	return cc_note_set(why, CC_EFORMAT, "\"%.150s\" is no URL: %s", text, wrong);
}

static bool put_lower(char *out, size_t size, const char *text, size_t len)
{
	if (!len || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[len] = 0;
	return true;
}

/* @return what follows, NULL: it is no host. */
static const char *read_host(const char *p, struct cc_url *out)
{
	const char *end;

	if (*p == '[') {
		end = strchr(p, ']');
		if (!end || !put_lower(out->host, sizeof(out->host), p + 1, (size_t)(end - p - 1)))
			return NULL;
		out->address = true;
		return strchr(out->host, ':') && cc_host_is_address(out->host) ? end + 1 : NULL;
	}
	end = p + strcspn(p, ":/");
	if (!put_lower(out->host, sizeof(out->host), p, (size_t)(end - p)))
		return NULL;
	out->address = cc_host_is_address(out->host);
	return out->address || cc_host_is_name(out->host) ? end : NULL;
}

/* @return what follows, NULL: it is no port. */
static const char *read_port(const char *p, struct cc_url *out)
{
	size_t len = strspn(p, "0123456789");
	unsigned long port = len && len <= 5 ? strtoul(p, NULL, 10) : 0;

	if (port < 1 || port > 65535)
		return NULL;
	out->port = (unsigned)port;
	return p + len;
}

int cc_url_read(const char *text, struct cc_url *out, struct cc_note *why)
{
	const char *p = strstr(text, "://");

	memset(out, 0, sizeof(*out));
	if (strlen(text) > CC_URL_MAX)
		return bad(why, text, "it is too long");
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}?#@", *c))
			return bad(why, text, "a character that may not be in it");
	if (!p || !put_lower(out->scheme, sizeof(out->scheme), text, (size_t)(p - text)) ||
	    strspn(out->scheme, "abcdefghijklmnopqrstuvwxyz") != strlen(out->scheme))
		return bad(why, text, "it begins with no SCHEME://");
	p = read_host(p + 3, out);
	if (!p)
		return bad(why, text, "no host");
	if (*p == ':' && !(p = read_port(p + 1, out)))
		return bad(why, text, "no port");
	if (*p && *p != '/')
		return bad(why, text, "something behind the host");
	out->path = p;
	return 0;
}
