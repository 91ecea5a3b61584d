/* SPDX-License-Identifier: ISC */
/* Questions to a policy; it is read in policy_read.c. */
#include "lib/cc/policy.h"

#include <string.h>

#include "lib/cc/policy_int.h"
#include "lib/cc/signer.h"

int cc_policy_new(struct cc_policy **out, const struct cf_ini *ini, struct cc_note *why)
{
	cc_cleanup(cc_policy_unrefp) struct cc_policy *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return cc_note_set(why, CC_ENOMEM, "%s: no memory for the policy",
				   cf_ini_path(ini));
	p->refs = 1;
	r = cc_policy_read(p, ini, why);
	if (r < 0)
		return r;
	*out = cc_steal(&p);
	return 0;
}

struct cc_policy *cc_policy_ref(const struct cc_policy *p)
{
	struct cc_policy *mutable = (struct cc_policy *)p; /* only its count changes */

	__atomic_add_fetch(&mutable->refs, 1, __ATOMIC_RELAXED);
	return mutable;
}

static void line_free(struct policy_line *line)
{
	cc_policy_who_deinit(&line->who);
	cf_list_deinit(&line->items);
	free(line->prefixes);
	free(line->on.words);
	free(line->namespaces.words);
	free(line->denied.words);
	free((char *)line->shown.key);
	free((char *)line->shown.value);
	free((char *)line->shown.file);
	free(line);
}

static void policy_free(struct cc_policy *p)
{
	for (struct policy_line *line = p->lines, *next; line; line = next) {
		next = line->next;
		line_free(line);
	}
	for (size_t i = 0; i < POLICY_SECTIONS; i++)
		cc_map_deinit(&p->index[i].map);
	free(p);
}

void cc_policy_unref(const struct cc_policy *p)
{
	struct cc_policy *mutable = (struct cc_policy *)p;

	if (mutable && __atomic_sub_fetch(&mutable->refs, 1, __ATOMIC_ACQ_REL) == 0)
		policy_free(mutable);
}

void cc_policy_unrefp(struct cc_policy **p)
{
	cc_policy_unref(*p);
	*p = NULL;
}

bool cc_policy_has_policy(const struct cc_policy *p)
{
	return p->has[POLICY_SENDERS];
}

bool cc_policy_has_servers(const struct cc_policy *p)
{
	return p->has[POLICY_ANSWERERS];
}

void cc_policy_each(const struct cc_policy *p,
		    void (*each)(void *arg, const struct cc_policy_line *line), void *arg)
{
	for (const struct policy_line *line = p->lines; line; line = line->next)
		each(arg, &line->shown);
}

bool cc_policy_covers(const char *prefix, struct cc_bytes type)
{
	size_t len = strlen(prefix);

	return strcmp(prefix, "*") == 0 ||
	       (type.len >= len && memcmp(type.data, prefix, len) == 0 &&
		(type.len == len || type.data[len] == '.'));
}

static const struct cc_bytes all = {(const uint8_t *)"*", 1};

/* The next shorter prefix, the last one being *. @return whether there is one. */
static bool shorten(struct cc_bytes *prefix)
{
	if (prefix->data == all.data)
		return false;
	while (prefix->len > 0 && prefix->data[--prefix->len] != '.')
		;
	if (prefix->len == 0)
		*prefix = all;
	return true;
}

static const struct policy_prefix *index_get(const struct policy_index *index,
					     struct cc_bytes prefix)
{
	/* a stranger's type of 64 components costs no more than our own */
	struct cc_map_node *node = prefix.len > index->longest
					   ? NULL
					   : cc_map_find(&index->map, prefix.data, prefix.len);

	return node ? cc_container_of(node, struct policy_prefix, node) : NULL;
}

/* The line that decides: that of the longest prefix. */
static const struct policy_line *decides(const struct cc_policy *p, enum policy_section section,
					 struct cc_bytes type)
{
	const struct policy_prefix *found = NULL;

	if (!cc_type_valid(type.data, type.len))
		return NULL;
	do {
		found = index_get(&p->index[section], type);
	} while (!found && shorten(&type));
	return found ? found->line : NULL;
}

static bool ask(const struct cc_policy *p, enum policy_section section, struct cc_bytes type,
		const struct cc_signer *signer, const struct cc_policy_line **line)
{
	const struct policy_line *found = decides(p, section, type);

	if (line)
		*line = found ? &found->shown : NULL;
	return found && cc_policy_who_has(&found->who, signer);
}

bool cc_policy_allows(const struct cc_policy *p, struct cc_bytes type,
		      const struct cc_signer *signer, const struct cc_policy_line **line)
{
	return ask(p, POLICY_SENDERS, type, signer, line);
}

bool cc_policy_takes_gid(const struct cc_policy *p, struct cc_bytes type)
{
	const struct policy_line *found = decides(p, POLICY_SENDERS, type);

	return found && found->who.gid;
}

bool cc_policy_may_answer(const struct cc_policy *p, struct cc_bytes type,
			  const struct cc_signer *signer, const struct cc_policy_line **line)
{
	return ask(p, POLICY_ANSWERERS, type, signer, line);
}

/* What whoever comes may ask, so that he learns who he is to us. */
static bool open_to_unnamed(struct cc_bytes type)
{
	static const char *const types[] = {"reg.get_version", "reg.get_self_credential",
					    "am.get_version"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++) {
		if (type.len == strlen(types[i]) && memcmp(type.data, types[i], type.len) == 0)
			return true;
	}
	return false;
}

/* The authority of a publicid URN; NULL data: it has none. */
static struct cc_bytes urn_authority(const char *urn)
{
	size_t prefix = strlen(CC_PUBLICID);
	size_t len = strncmp(urn, CC_PUBLICID, prefix) == 0 ? strcspn(urn + prefix, "+") : 0;

	return len > 0 && urn[prefix + len] == '+'
		       ? (struct cc_bytes){(const uint8_t *)urn + prefix, len}
		       : (struct cc_bytes){NULL, 0};
}

static bool within(const char *namespace, struct cc_bytes authority)
{
	size_t len = strlen(namespace);

	return strcmp(namespace, "*") == 0 ||
	       (authority.len >= len && memcmp(authority.data, namespace, len) == 0 &&
		(authority.len == len || authority.data[len] == ':'));
}

static bool namespaces_allow(const struct policy_line *line, struct cc_bytes type, const char *urn)
{
	struct cc_bytes authority;

	if (!urn)
		return open_to_unnamed(type);
	authority = urn_authority(urn);
	for (size_t i = 0; authority.data && i < line->namespaces.count; i++) {
		if (within(line->namespaces.words[i], authority))
			return true;
	}
	return false;
}

static bool denies(const struct policy_line *line, struct cc_bytes type)
{
	for (size_t i = 0; i < line->denied.count; i++) {
		if (cc_policy_covers(line->denied.words[i], type))
			return true;
	}
	return false;
}

/* What the lines say that name signer and type. */
struct caller_lines {
	const struct policy_line *first, *allowing, *denying;
};

static struct caller_lines find_lines(const struct cc_policy *p, struct cc_bytes type,
				      const struct cc_signer *signer, const char *urn)
{
	struct caller_lines found = {0};
	struct cc_bytes prefix = type;

	do {
		const struct policy_prefix *at = index_get(&p->index[POLICY_CALLERS], prefix);

		for (; at; at = at->same) {
			if (!cc_policy_who_has(&at->line->who, signer))
				continue;
			if (!found.first)
				found.first = at->line;
			if (!found.denying && denies(at->line, type))
				found.denying = at->line;
			if (!found.allowing && namespaces_allow(at->line, type, urn))
				found.allowing = at->line;
		}
	} while (shorten(&prefix));
	return found;
}

static enum cc_caller_verdict judge(const struct caller_lines *lines, bool stated,
				    const struct policy_line **line)
{
	*line = lines->first;
	if (!lines->first)
		return stated ? CC_CALLER_FORBIDDEN : CC_CALLER_OK;
	if (!stated)
		return CC_CALLER_MISSING;
	if (lines->denying) {
		*line = lines->denying;
		return CC_CALLER_OPERATION;
	}
	if (!lines->allowing)
		return CC_CALLER_NAMESPACE;
	*line = lines->allowing;
	return CC_CALLER_OK;
}

enum cc_caller_verdict cc_policy_caller(const struct cc_policy *p, struct cc_bytes type,
					const struct cc_signer *signer, bool stated,
					const char *urn, const struct cc_policy_line **line)
{
	const struct policy_line *decided = NULL;
	struct caller_lines lines = {0};
	enum cc_caller_verdict verdict;

	if (cc_type_valid(type.data, type.len))
		lines = find_lines(p, type, signer, urn);
	verdict = judge(&lines, stated, &decided);
	if (line)
		*line = decided ? &decided->shown : NULL;
	return verdict;
}

bool cc_policy_match(const char *pattern, const struct cc_signer *signer)
{
	cc_cleanup(cc_freep) char *text = strdup(pattern);
	struct policy_who who;
	bool fits = false;

	if (!text || cc_policy_who_init(&who, 1) < 0)
		return false;
	if (cc_policy_who_add(&who, text, NULL) == 0)
		fits = cc_policy_who_has(&who, signer);
	cc_policy_who_deinit(&who);
	return fits;
}
