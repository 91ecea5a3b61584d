/* SPDX-License-Identifier: ISC */
/* What the configurations of an aggregate and of its front door say. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/jfed.h"
#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/base/url.h"
#include "lib/base/util.h"
#include "lib/conf/opt.h"

#define CERTIFICATES_MAX (256u << 10)

/* What two places say must be the same: clients compare it. */
static int take(char **to, const char *what, const char *value, struct cc_note *why)
{
	if (*to && strcmp(*to, value) != 0)
		return cc_note_set(why, CC_EINVAL, "two %s: %.100s and %.100s", what, *to, value);
	if (!*to)
		*to = strdup(value);
	return *to ? 0 : cc_raise(CC_ENOMEM);
}

static int take_option(char **to, const struct cf_section *s, const char *key, struct cc_note *why)
{
	const char *value = cf_section_get(s, key);

	return value && *value ? take(to, key, value, why) : 0;
}

/* ---- certificates ---- */

/* The blocks of certificates; of what stands between, a private key perhaps, nothing. */
static int put_blocks(struct cc_buf *out, const char *text)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	const char *from, *to;

	while ((from = strstr(text, begin)) && (to = strstr(from, end))) {
		to += sizeof(end) - 1;
		cc_buf_put(out, from, (size_t)(to - from));
		cc_buf_puts(out, "\n");
		text = to;
	}
	return out->err;
}

int jfed_read_certificates(struct jfed_testbed *t, const char *path, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf blocks = CC_BUF_INIT(CERTIFICATES_MAX);
	cc_cleanup(cc_freep) char *text = NULL;
	size_t len;
	int r = cc_file_read(path, CERTIFICATES_MAX, &text, &len, why);

	if (!r)
		r = put_blocks(&blocks, text);
	if (r)
		return r;
	if (!blocks.len)
		return cc_note_set(why, CC_EFORMAT, "%.200s holds no certificate", path);
	return take(&t->certificates, "chains of certificates", (const char *)blocks.data, why);
}

static bool has_item(const char *list, const char *word)
{
	struct cf_list items;
	bool found = false;

	if (!list || cf_list_parse(list, &items) != 0)
		return false;
	for (size_t i = 0; i < items.count; i++)
		found |= strcmp(items.items[i], word) == 0;
	cf_list_deinit(&items);
	return found;
}

/* The first listener that offers the path. */
static int read_listeners(struct jfed_testbed *t, const struct cf_ini *ini,
			  const struct cf_section *door, struct cc_note *why)
{
	const char *names = cf_section_get(door, "listeners");

	for (size_t i = 0; i < cf_ini_count(ini) && !t->certificates; i++) {
		const struct cf_section *s = cf_ini_at(ini, i);
		const char *path = cf_section_get(s, "certificate");
		int r;

		if (!has_item(names, s->name) ||
		    !has_item(cf_section_get(s, "services"), "/am/3.0") || !path)
			continue;
		r = jfed_read_certificates(t, path, why);
		if (r)
			return r;
	}
	return 0;
}

/* ---- configurations ---- */

static int read_sections(struct jfed_testbed *t, const struct cf_ini *ini, struct cc_note *why)
{
	const struct cf_section *door = cf_ini_section(ini, "d:ambridge");
	int r = 0;

	for (size_t i = 0; i < cf_ini_count(ini) && !r; i++) {
		const struct cf_section *s = cf_ini_at(ini, i);
		const char *handler = cf_section_get(s, "handler");

		if (!handler || strcmp(handler, "aggregate") != 0)
			continue;
		r = take_option(&t->urn, s, "urn", why);
		if (!r)
			r = take_option(&t->url, s, "url", why);
	}
	if (!r && door)
		r = take_option(&t->urn, door, "urn", why);
	return r || !door || t->certificates ? r : read_listeners(t, ini, door, why);
}

int jfed_read(struct jfed_testbed *t, const char *path, struct cc_note *why)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	int r = cf_ini_read(path, "ccserver", NULL, 0, &ini, why);

	return r ? r : read_sections(t, ini, why);
}

/* ---- the rest ---- */

/* jFed takes letters only. */
static int settle_id(struct jfed_testbed *t, struct cc_note *why)
{
	const char *from = t->id_option ? t->id_option : t->authority;
	size_t n = 0;

	for (; *from && n < sizeof(t->id) - 1; from++) {
		if (isalpha((unsigned char)*from))
			t->id[n++] = *from;
		else if (t->id_option)
			return cc_note_set(why, CC_EINVAL, "an id is letters only, not \"%.60s\"",
					   t->id_option);
	}
	t->id[n] = 0;
	if (*from && t->id_option)
		return cc_note_set(why, CC_EINVAL, "an id is at most %zu letters",
				   sizeof(t->id) - 1);
	return n ? 0 : cc_note_set(why, CC_EINVAL, "%.100s has no letters: give an id", t->urn);
}

static int settle_url(struct jfed_testbed *t, struct cc_note *why)
{
	struct cc_url url;
	int r = cc_url_read(t->url, &url, why);

	if (r)
		return r;
	if (strcmp(url.scheme, "https") != 0)
		return cc_note_set(why, CC_EINVAL, "url: \"%.150s\" is not https", t->url);
	snprintf(t->base, sizeof(t->base), "%.*s", (int)(url.path - t->url), t->url);
	return 0;
}

int jfed_settle(struct jfed_testbed *t, struct cc_note *why)
{
	struct tr_urn urn;
	int r;

	if (!t->urn || !t->url)
		return cc_note_set(why, CC_EINVAL,
				   "no section with handler = aggregate says urn and url");
	r = tr_urn_parse_text(t->urn, &urn, why);
	if (r)
		return r;
	snprintf(t->authority, sizeof(t->authority), "%.*s", (int)urn.authority.len,
		 urn.authority.text);
	if (!t->certificates)
		return cc_note_set(why, CC_EINVAL,
				   "no listener of [d:ambridge] that offers /am/3.0 names its "
				   "certificate: name the front door's configuration, or the file");
	r = settle_url(t, why);
	return r ? r : settle_id(t, why);
}

void jfed_deinit(struct jfed_testbed *t)
{
	free(t->urn);
	free(t->url);
	free(t->certificates);
}
