/* SPDX-License-Identifier: ISC */
/* The line that takes a node's way in from the operator to the node. */
#include <string.h>

#include "cli/node.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"

static const char hex[] = "0123456789abcdef";

void node_token_deinit(struct node_token *t)
{
	free(t->token);
	free(t->hrn);
	free(t->cc);
	free(t->realm);
	free(t->curve);
	memset(t, 0, sizeof(*t));
}

/* base64url of RFC 4648, without padding: a word of a shell. */
static void to_url(struct cc_buf *b)
{
	while (b->len > 0 && b->data[b->len - 1] == '=')
		b->data[--b->len] = '\0';
	for (size_t i = 0; i < b->len; i++)
		b->data[i] = b->data[i] == '+' ? '-' : b->data[i] == '/' ? '_' : b->data[i];
}

static int from_url(const char *text, struct cc_buf *out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf plain = CC_BUF_INIT(NODE_TOKEN_MAX + 4);
	size_t len = strlen(text);

	if (strpbrk(text, "+/= \t\r\n"))
		return -CC_EFORMAT;
	for (size_t i = 0; i < len; i++)
		cc_buf_printf(&plain, "%c", text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	for (; len % 4; len++)
		cc_buf_puts(&plain, "=");
	return plain.err ? plain.err : xs_read_base64((const char *)plain.data, plain.len, out);
}

int node_token_write(const struct node_token *t, char **out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(NODE_TOKEN_MAX);
	cc_cleanup(cc_freep) char *text = NULL, *line = NULL;
	char sha256[2 * NODE_SHA256 + 1] = "";
	json_t *json;
	int r;

	for (size_t i = 0; i < NODE_SHA256; i++) {
		sha256[2 * i] = hex[t->sha256[i] >> 4];
		sha256[2 * i + 1] = hex[t->sha256[i] & 15];
	}
	json = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*}", "token", t->token, "hrn", t->hrn, "cc",
			 t->cc, "sha256", sha256, "realm", *t->realm ? t->realm : NULL, "curve",
			 *t->curve ? t->curve : NULL);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text)
		return cc_note_set(why, CC_EINVAL, "a token holds text in UTF-8 only");
	r = xs_put_base64(&b, text, strlen(text), 0);
	if (r == -CC_ELIMIT || b.len + strlen(NODE_TOKEN_PREFIX) >= NODE_TOKEN_MAX)
		return cc_note_set(why, CC_EINVAL, "the token would be longer than %d octets",
				   NODE_TOKEN_MAX);
	if (r)
		return r;
	to_url(&b);
	if (asprintf(&line, NODE_TOKEN_PREFIX "%s", (char *)b.data) < 0) {
		line = NULL; /* undefined after a failed asprintf */
		return cc_raise(CC_ENOMEM);
	}
	*out = cc_steal(&line);
	return 0;
}

static bool read_sha256(const char *text, uint8_t out[NODE_SHA256])
{
	if (!text || strlen(text) != 2 * NODE_SHA256)
		return false;
	for (size_t i = 0; i < 2 * NODE_SHA256; i++) {
		const char *digit = strchr(hex, text[i]);

		if (!digit)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (digit - hex));
	}
	return true;
}

/* A text without what would end a line of a configuration. @return a copy; NULL: it is none, or no memory. */
static char *take_text(const json_t *json, const char *key, bool need)
{
	const json_t *value = json_object_get(json, key);
	const char *text = json_string_value(value);

	if (!value && !need)
		return strdup("");
	if (!text || (need && !*text))
		return NULL;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return NULL;
	return strdup(text);
}

static int read_json(const json_t *json, struct node_token *out)
{
	struct node_token t = {.token = take_text(json, "token", true),
			       .hrn = take_text(json, "hrn", true),
			       .cc = take_text(json, "cc", true),
			       .realm = take_text(json, "realm", false),
			       .curve = take_text(json, "curve", false)};

	if (!t.token || !t.hrn || !t.cc || !t.realm || !t.curve ||
	    !read_sha256(json_string_value(json_object_get(json, "sha256")), t.sha256)) {
		node_token_deinit(&t);
		return -CC_EFORMAT;
	}
	*out = t;
	return 0;
}

int node_token_read(const char *text, struct node_token *out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf plain = CC_BUF_INIT(NODE_TOKEN_MAX);
	size_t prefix = strlen(NODE_TOKEN_PREFIX);
	json_t *json = NULL;
	int r = -CC_EFORMAT;

	if (strncmp(text, NODE_TOKEN_PREFIX, prefix) == 0 && strlen(text) < NODE_TOKEN_MAX)
		r = from_url(text + prefix, &plain);
	if (!r)
		json = json_loadb((const char *)plain.data, plain.len, JSON_REJECT_DUPLICATES,
				  NULL);
	r = r == -CC_ENOMEM ? r : read_json(json, out);
	json_decref(json);
	return r == -CC_EFORMAT ? cc_note_set(why, CC_EFORMAT,
					      "this is no token of a node, which ccfed node add "
					      "prints: one word that begins with %s",
					      NODE_TOKEN_PREFIX)
				: r;
}
