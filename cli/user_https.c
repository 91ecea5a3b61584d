/* SPDX-License-Identifier: ISC */
/* Requests of a user to a front door: in time, and again while it is busy. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cli/https.h"
#include "cli/user.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

#define PAUSE_MS 200 /* before a server that is busy and does not say how long is asked again */

/* A front door says 503 only where nothing was done, or doing it again is the same. */
static int take_busy(const struct cli_https_answer *a, struct cli_reply *out)
{
	size_t len = a->body.len;

	while (len && (a->body.data[len - 1] == '\n' || a->body.data[len - 1] == '\r'))
		len--;
	out->outcome = CC_OUT_ERROR;
	snprintf(out->code, sizeof(out->code), "busy");
	out->json = json_object();
	if (!out->json)
		return cc_raise(CC_ENOMEM);
	/* no text where it is none in UTF-8 */
	if (len)
		json_object_set_new(out->json, "msg",
				    json_stringn((const char *)a->body.data, len));
	return 0;
}

/* @return 0, or 1: busy, and asked again it may not be; *pause_ms says when. */
static int call_once(const struct cli_https_conf *conf, struct cli_https *h,
		     const struct cc_buf *call, int64_t left_ms, struct cli_reply *out,
		     int64_t *pause_ms, struct cc_note *why)
{
	cc_cleanup(cli_https_answer_deinit) struct cli_https_answer a = {0};
	int r = cli_https_post(h, call, left_ms, &a, why);

	if (r == -CC_ETIMEOUT) {
		out->outcome = CC_OUT_TIMEOUT;
		return 0;
	}
	if (r)
		return r;
	if (a.status == 200)
		return cli_https_call_read(&a, out, why);
	if (a.status != 503)
		return cli_https_status(conf, &a, why);
	*pause_ms = a.retry_after ? a.retry_after * 1000 : PAUSE_MS;
	r = take_busy(&a, out);
	return r ? r : 1;
}

int cli_https_ask(const struct cli_https_conf *conf, struct cli_https **h, int64_t ms,
		  const char *type, const json_t *body, struct cli_reply *out, struct cc_note *why)
{
	int64_t end = cc_clock_ms() + ms, pause_ms = 0;
	cc_cleanup(cc_buf_deinit) struct cc_buf call = CC_BUF_INIT(0);
	int r = cli_https_call_write(type, body, &call, why);

	if (!r && !*h)
		r = cli_https_open(conf, h, why);
	while (!r) {
		r = call_once(conf, *h, &call, end - cc_clock_ms(), out, &pause_ms, why);
		if (r != 1)
			return r;
		if (end - cc_clock_ms() < pause_ms + PAUSE_MS)
			return 0; /* it is said why there is no answer */
		cli_reply_deinit(out);
		poll(NULL, 0, (int)pause_ms);
		r = 0;
	}
	return r;
}

int cli_user_call_https(struct cli_user *u, const char *type, const json_t *body,
			struct cli_reply *out, struct cc_note *why)
{
	const struct cli_https_conf conf = {.url = u->server.url,
					    .ca = u->server.ca,
					    .pin = u->server.pin,
					    .insecure = u->server.insecure,
					    .cert = u->own_cert,
					    .key = u->own_key};

	return cli_https_ask(&conf, &u->https, (int64_t)(u->deadline * 1000), type, body, out, why);
}
