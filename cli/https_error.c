/* SPDX-License-Identifier: ISC */
/* What goes wrong on the way to a front door, and what to do then. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "cli/https.h"
#include "lib/base/util.h"

#define DETAIL_MAX 110 /* characters of what others said */

/* Text of others for a terminal, one line. */
static void put_plain(char *out, size_t size, const void *text, size_t len)
{
	const unsigned char *t = text;
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size && t[i] != '\n'; i++)
		out[n++] = t[i] >= ' ' && t[i] < 0x7f ? (char)t[i] : '?';
	out[n] = 0;
}

static bool says(const char *detail, const char *word)
{
	return strcasestr(detail, word) != NULL;
}

/* ---- the server's certificate ---- */

static int refuse_server(const struct cli_https_conf *c, const char *detail, struct cc_note *why)
{
	if (says(detail, "expired"))
		return cc_note_set(why, CC_EDENIED,
				   "the certificate of %.80s has expired: tell its operator (your "
				   "clock may be wrong, too)",
				   c->url);
	if (says(detail, "not yet valid"))
		return cc_note_set(why, CC_EDENIED,
				   "the certificate of %.80s is not valid yet: look at your clock",
				   c->url);
	if (says(detail, "subject name") || says(detail, "does not match"))
		return cc_note_set(why, CC_EDENIED,
				   "the certificate of %.80s is of another host: use the name that "
				   "is in it, or --pin",
				   c->url);
	return cc_note_set(why, CC_EDENIED,
			   "no CA in %.60s vouches for %.60s: ask its operator for the CA or the "
			   "pin, and give --server-ca FILE or --pin",
			   c->ca ? c->ca : "this system's store", c->url);
}

/* ---- ours ---- */

/* What a server says in TLS of a certificate of a client that it does not take. */
static const struct {
	const char *alert, *reason, *advice;
} alerts[] = {
	{"alert unknown ca", "no root that it trusts vouches for it",
	 "before you are registered, use an address of first contact; else ask its operator"},
	{"alert certificate expired", "it has ended", "delete user.gid, to have it got again"},
	{"alert certificate revoked", "it was revoked", "ask your PI"},
	{"certificate required", "it saw none", "look at user.crt and user.gid"},
	{"alert handshake failure", "it wants another one, or another cipher",
	 "ask its operator which it takes"},
	{"alert bad certificate", "it is not one that it takes", "ask its operator for the reason"},
	{"alert unsupported certificate", "its key is of no kind that it takes",
	 "ask its operator which it takes"},
	{"alert certificate unknown", "it gave no reason", "ask its operator for it"},
	{"alert access denied", "it gave no reason", "ask its operator for it"},
};

static bool refuse_client(const struct cli_https_conf *c, const char *detail, struct cc_note *why)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(alerts); i++) {
		if (!says(detail, alerts[i].alert))
			continue;
		cc_note_set(why, CC_EDENIED, "%.60s refused your certificate: %s; %s", c->url,
			    alerts[i].reason, alerts[i].advice);
		return true;
	}
	return false;
}

/* ---- all of it ---- */

static int no_connection(const struct cli_https_conf *c, const char *what, long os_errno,
			 struct cc_note *why)
{
	const char *reason = os_errno ? strerror((int)os_errno) : NULL;

	return cc_note_set(why, CC_ESYS,
			   "no connection to %.90s: %s%s%.60s; look at the URL, and whether the "
			   "server runs",
			   c->url, what, reason ? ": " : "", reason ? reason : "");
}

int cli_https_error(const struct cli_https_conf *c, int code, long os_errno, const char *detail,
		    struct cc_note *why)
{
	char plain[DETAIL_MAX];

	put_plain(plain, sizeof(plain), detail, strlen(detail));
	if (refuse_client(c, detail, why))
		return -CC_EDENIED;
	switch ((CURLcode)code) {
	case CURLE_OUT_OF_MEMORY:
		return cc_raise(CC_ENOMEM);
	case CURLE_OPERATION_TIMEDOUT:
		return cc_note_set(why, CC_ETIMEOUT, "no answer in time");
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return cc_note_set(why, CC_EINVAL, "\"%.100s\" is no URL of a registry", c->url);
	case CURLE_COULDNT_RESOLVE_HOST:
		return no_connection(c, "its name is not known", 0, why);
	case CURLE_COULDNT_CONNECT:
		return no_connection(c, "nobody answers there", os_errno, why);
	case CURLE_WRITE_ERROR:
	case CURLE_FILESIZE_EXCEEDED:
		return cc_note_set(why, CC_ELIMIT, "the answer of %.90s is longer than %u MiB",
				   c->url, CLI_HTTPS_ANSWER_MAX >> 20);
	case CURLE_PEER_FAILED_VERIFICATION:
		return refuse_server(c, detail, why);
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return cc_note_set(why, CC_EDENIED,
				   "the key of %.80s is not the one of the pin: it has a new one, "
				   "or somebody else answers; ask its operator",
				   c->url);
	case CURLE_SSL_CACERT_BADFILE:
		return cc_note_set(why, CC_EINVAL, "%.120s holds no certificate of a CA in PEM",
				   c->ca ? c->ca : "this system's store");
	case CURLE_SSL_CERTPROBLEM:
		return cc_note_set(why, CC_EINVAL, "%.100s cannot be used: %s", c->cert, plain);
	case CURLE_SSL_CONNECT_ERROR:
		return cc_note_set(why, CC_ESYS, "no TLS with %.80s: %s", c->url, plain);
	default:
		return cc_note_set(why, CC_ESYS,
				   "the connection to %.60s broke, outcome unknown: %s", c->url,
				   *plain ? plain : curl_easy_strerror((CURLcode)code));
	}
}

int cli_https_status(const struct cli_https_conf *c, const struct cli_https_answer *a,
		     struct cc_note *why)
{
	char said[DETAIL_MAX];

	put_plain(said, sizeof(said), a->body.data, a->body.len);
	switch (a->status) {
	case 403:
		return cc_note_set(why, CC_EDENIED, "%.60s refuses: %s", c->url,
				   *said ? said : "403 Forbidden");
	case 404:
		return cc_note_set(why, CC_ENOTFOUND,
				   "%.90s has no registry there: its URL ends in /registry mostly",
				   c->url);
	case 301:
	case 302:
	case 307:
	case 308:
		return cc_note_set(why, CC_EDENIED,
				   "%.90s sends us elsewhere, where we do not go unasked", c->url);
	default:
		return cc_note_set(why, CC_ESYS, "%.60s answered %ld: %s", c->url, a->status,
				   *said ? said : "and said no more");
	}
}
