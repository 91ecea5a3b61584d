/* SPDX-License-Identifier: ISC */
#include "lib/cc/envelope.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/base/clock.h"

unsigned cc_json_depth(const void *text, size_t len, unsigned limit)
{
	const uint8_t *t = text;
	unsigned depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (CC_SEEDED_BUG(t[i] == '\\' && t[i + 1] == 'u'))
				i += 5; /* without a look at the end of the text */
			else if (t[i] == '\\')
				i++;
			else if (t[i] == '"')
				in_string = false;
			continue;
		}
		if (t[i] == '"') {
			in_string = true;
		} else if (t[i] == '{' || t[i] == '[') {
			if (++depth > deepest)
				deepest = depth;
			if (deepest > limit)
				return deepest;
		} else if ((t[i] == '}' || t[i] == ']') && depth) {
			depth--;
		}
	}
	return deepest;
}

int cc_json_parse(const void *text, size_t len, json_t **out)
{
	json_error_t err;
	json_t *json;

	if (cc_json_depth(text, len, CC_JSON_DEPTH) > CC_JSON_DEPTH)
		return CC_JSON_TOO_DEEP;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &err);
	if (!json) {
		switch (json_error_code(&err)) {
		case json_error_duplicate_key:
			return CC_JSON_DUPLICATE;
		case json_error_out_of_memory:
			return cc_raise(CC_ENOMEM);
		default:
			return CC_JSON_SYNTAX;
		}
	}
	if (!json_is_object(json)) {
		json_decref(json);
		return CC_JSON_NOT_OBJECT;
	}
	*out = json;
	return 0;
}

static int write_piece(const char *piece, size_t len, void *arg)
{
	return cc_buf_put(arg, piece, len);
}

int cc_json_write(const json_t *json, struct cc_buf *out)
{
	if (json_dump_callback(json, write_piece, out, JSON_ENSURE_ASCII) != 0)
		return out->err ? out->err : cc_raise(CC_EINVAL);
	return 0;
}

json_t *cc_json_textn(const char *text, size_t len)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(0);
	json_t *string = json_stringn(text, len);

	if (string)
		return string;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80)
			cc_buf_put(&b, &c, 1);
		else
			cc_buf_printf(&b, "\\x%02x", c);
	}
	return b.err ? NULL : json_stringn((const char *)b.data, b.len);
}

json_t *cc_json_text(const char *text)
{
	return cc_json_textn(text, strlen(text));
}

static char hostname[256];

static void read_hostname(void)
{
	if (gethostname(hostname, sizeof(hostname) - 1) != 0 || !hostname[0])
		snprintf(hostname, sizeof(hostname), "localhost");
}

const char *cc_hostname(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_hostname);
	return hostname;
}

static void write_hex(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

int cc_blob_hash(struct cc_bytes blob, bool sha1, char out[CC_BLOB_HASH_SIZE])
{
	const char *name = sha1 ? "SHA-1:" : "SHA-256:";
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned n;

	if (EVP_Digest(blob.data ? (const void *)blob.data : "", blob.len, md, &n,
		       sha1 ? EVP_sha1() : EVP_sha256(), NULL) != 1)
		return cc_raise(CC_ECRYPTO);
	memcpy(out, name, strlen(name));
	write_hex(md, n, out + strlen(name));
	return 0;
}

int cc_envelope_fill(json_t *body, const char *type, struct cc_bytes blob, bool sha1)
{
	char hash[CC_BLOB_HASH_SIZE] = "";

	if (blob.data) {
		int r = cc_blob_hash(blob, sha1, hash);

		if (r)
			return r;
	}
	if (json_object_set_new(body, "req", json_string(type)) != 0 ||
	    json_object_set_new(body, "time", json_real(cc_clock_wall())) != 0 ||
	    json_object_set_new(body, "hostname", json_string(cc_hostname())) != 0 ||
	    json_object_set_new(body, "blob_hash", json_string_nocheck(hash)) != 0)
		return cc_raise(CC_ENOMEM);
	return 0;
}

int cc_random(void *out, size_t len)
{
	return getrandom(out, len, 0) == (ssize_t)len ? 0 : cc_raise(CC_ESYS);
}

int cc_request_id(char out[CC_ID_HEX + 1])
{
	uint8_t r[CC_ID_HEX / 2];
	int e = cc_random(r, sizeof(r));

	if (e)
		return e;
	write_hex(r, sizeof(r), out);
	return 0;
}

bool cc_request_id_valid(const char *id)
{
	return strlen(id) == CC_ID_HEX && strspn(id, "0123456789abcdef") == CC_ID_HEX;
}
