/* SPDX-License-Identifier: ISC */
/* A connection to a front door, by libcurl. */
#include "cli/https.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"

#define PIN "sha256//"
#define PIN_LEN (sizeof(PIN) - 1 + 44)

struct cli_https {
	struct cli_https_conf conf;
	CURL *curl;
	struct curl_slist *headers;
	char detail[CURL_ERROR_SIZE];
};

struct taking {
	CURL *curl;
	struct cli_https_answer *answer;
};

/* ---- what comes ---- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct taking *t = arg;

	return cc_buf_put(&t->answer->body, data, size * n) ? 0 : size * n;
}

/* A value, as evhttp_encode_uri wrote it. What is too long is none. */
static void take_value(CURL *curl, const char *text, size_t len, char out[CLI_HTTPS_HEADER_MAX])
{
	int n = 0;
	char *plain;

	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len && (unsigned char)text[len - 1] <= ' ')
		len--;
	plain = len && len < INT16_MAX ? curl_easy_unescape(curl, text, (int)len, &n) : NULL;
	if (plain && n > 0 && n < CLI_HTTPS_HEADER_MAX && !memchr(plain, 0, (size_t)n)) {
		memcpy(out, plain, (size_t)n);
		out[n] = 0;
	}
	curl_free(plain);
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
	struct taking *t = arg;
	const struct {
		const char *name;
		char *out;
	} rows[] = {{"CCFED-Fault:", t->answer->fault},
		    {"CCFED-Code:", t->answer->code},
		    {"CCFED-Rule:", t->answer->rule},
		    {"CCFED-Next:", t->answer->next}};
	size_t len = size * n;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		size_t lead = strlen(rows[i].name);

		if (len > lead && strncasecmp(data, rows[i].name, lead) == 0)
			take_value(t->curl, data + lead, len - lead, rows[i].out);
	}
	return len;
}

void cli_https_answer_deinit(struct cli_https_answer *a)
{
	cc_buf_deinit(&a->body);
	memset(a, 0, sizeof(*a));
}

/* ---- opening ---- */

bool cli_https_is_pin(const char *text)
{
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	/* nothing else: to libcurl it could be the name of a file */
	return strlen(text) == PIN_LEN && strncmp(text, PIN, sizeof(PIN) - 1) == 0 &&
	       text[PIN_LEN - 1] == '=' && strspn(text + sizeof(PIN) - 1, base64) == 43;
}

/* Whom we believe: the CAs, the key alone, or anybody. */
static int set_trust(const struct cli_https *h)
{
	const struct cli_https_conf *c = &h->conf;
	bool chain = c->ca || (!c->pin && !c->insecure);
	int bad = 0;

	bad |= curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYPEER, (long)chain);
	bad |= curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYHOST, chain ? 2L : 0L);
	if (c->ca) {
		bad |= curl_easy_setopt(h->curl, CURLOPT_CAINFO, c->ca);
		bad |= curl_easy_setopt(h->curl, CURLOPT_CAPATH, NULL);
	}
	if (c->pin)
		bad |= curl_easy_setopt(h->curl, CURLOPT_PINNEDPUBLICKEY, c->pin);
	return bad;
}

static int set_options(struct cli_https *h)
{
	CURL *curl = h->curl;
	int bad = set_trust(h);

	bad |= curl_easy_setopt(curl, CURLOPT_URL, h->conf.url);
	bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	bad |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(curl, CURLOPT_SSLCERT, h->conf.cert);
	bad |= curl_easy_setopt(curl, CURLOPT_SSLKEY, h->conf.key);
	bad |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_POST, 1L);
	/* a connection that was used and broke would be tried again, with the same call: done twice */
	bad |= curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	/* what a proxy on the way says is none of the server's */
	bad |= curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, h->headers);
	bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, h->detail);
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	return bad ? -CC_EINTERNAL : 0;
}

/* Our own, those that say less, and no "Expect", for which some servers let one wait. */
static int make_headers(struct cli_https *h)
{
	static const char *const lines[] = {"Content-Type: text/xml", "CCFED-Form: exact",
					    "Expect:", "User-Agent: ccfed"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(lines); i++) {
		struct curl_slist *more = curl_slist_append(h->headers, lines[i]);

		if (!more)
			return cc_raise(CC_ENOMEM);
		h->headers = more;
	}
	return 0;
}

static int check_conf(const struct cli_https_conf *c, struct cc_note *why)
{
	static const char lead[] = "https://";
	const char *rest =
		strncasecmp(c->url, lead, sizeof(lead) - 1) == 0 ? c->url + sizeof(lead) - 1 : NULL;
	size_t host = rest ? strcspn(rest, "/?#") : 0;

	if (!host)
		return cc_note_set(why, CC_EINVAL,
				   "--server wants https://HOST:PORT/registry, not \"%.100s\"",
				   c->url);
	if (memchr(rest, '@', host))
		return cc_note_set(why, CC_EINVAL,
				   "--server: no name and password go into the URL: your key says "
				   "who you are");
	if (c->pin && !cli_https_is_pin(c->pin))
		return cc_note_set(why, CC_EINVAL,
				   "--pin wants sha256// and the base64 of the SHA-256 of the "
				   "server's public key, 44 characters");
	return 0;
}

int cli_https_open(const struct cli_https_conf *conf, struct cli_https **out, struct cc_note *why)
{
	struct cli_https *h;
	int r = check_conf(conf, why);

	if (r)
		return r;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return cc_raise(CC_ENOMEM);
	h = calloc(1, sizeof(*h));
	if (!h) {
		curl_global_cleanup();
		return cc_raise(CC_ENOMEM);
	}
	h->conf = *conf;
	h->curl = curl_easy_init();
	r = h->curl ? make_headers(h) : cc_raise(CC_ENOMEM);
	if (!r)
		r = set_options(h);
	if (r)
		cli_https_freep(&h);
	else
		*out = h;
	return r;
}

void cli_https_freep(struct cli_https **h)
{
	if (!*h)
		return;
	curl_easy_cleanup((*h)->curl);
	curl_slist_free_all((*h)->headers);
	free(*h);
	*h = NULL;
	curl_global_cleanup();
}

/* ---- a call ---- */

int cli_https_post(struct cli_https *h, const struct cc_buf *body, int64_t ms,
		   struct cli_https_answer *out, struct cc_note *why)
{
	struct taking taking = {.curl = h->curl, .answer = out};
	curl_off_t seconds = 0;
	long os_errno = 0;
	CURLcode code;

	out->body.max = CLI_HTTPS_ANSWER_MAX;
	*h->detail = 0;
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, (const char *)body->data);
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)(ms > 0 ? ms : 1));
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &taking);
	curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, &taking);
	code = curl_easy_perform(h->curl);
	if (code != CURLE_OK) {
		curl_easy_getinfo(h->curl, CURLINFO_OS_ERRNO, &os_errno);
		return cli_https_error(&h->conf, (int)code, os_errno, h->detail, why);
	}
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &out->status);
	if (curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
		out->retry_after = seconds < 86400 ? (long)seconds : 86400;
	return 0;
}
