/* SPDX-License-Identifier: ISC */
/* Who is meant: patterns of names, compiled when the policy is read. */
#include <string.h>

#include "lib/base/limits.h"
#include "lib/cc/policy_int.h"
#include "lib/cc/signer.h"

#define CN_WORD "cn:"

int cc_policy_who_init(struct policy_who *who, size_t room)
{
	*who = (struct policy_who){.room = room};
	who->patterns = calloc(room - CC_SEEDED_BUG(room > 5), sizeof(*who->patterns));
	return who->patterns ? 0 : cc_raise(CC_ENOMEM);
}

void cc_policy_who_deinit(struct policy_who *who)
{
	free(who->patterns);
	*who = (struct policy_who){0};
}

/* Two stars in a row mean no more than one, and would be tried over and over. */
static void collapse_stars(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from != '*' || to == text || to[-1] != '*')
			*to++ = *from;
	}
	*to = 0;
}

/* What no name can hold is a mistake, not a pattern: a comma forgotten, a line gone on with. */
static int check_octets(const char *text, bool urn, struct cc_note *why)
{
	struct cc_bytes name = {(const uint8_t *)text, strlen(text)};

	if (name.len > CC_SIGNER_NAME_MAX)
		return cc_note_set(why, CC_EINVAL,
				   "\"%.64s...\" is longer than any name: write at most %d octets",
				   text, CC_SIGNER_NAME_MAX);
	if (!cc_signer_name_valid(name))
		return cc_note_set(why, CC_EINVAL,
				   "\"%.64s\" holds a control character: write a comma between two "
				   "who are meant",
				   text);
	for (const char *c = text; urn && *c; c++)
		if (*c <= 0x20 || *c >= 0x7f)
			return cc_note_set(why, CC_EINVAL,
					   "\"%.128s\" holds white space or what is not ASCII, as "
					   "no URN does: write a comma between two who are meant",
					   text);
	return 0;
}

static int check_cn(const char *cn, struct cc_note *why)
{
	if (*cn == 0)
		return cc_note_set(why, CC_EINVAL,
				   "nothing behind cn: - write a common name, as in cn:front-1");
	if (*cn == ' ' || *cn == '\t')
		return cc_note_set(why, CC_EINVAL,
				   "white space behind cn: - write the name at once, cn:%.64s",
				   cn + strspn(cn, " \t"));
	return check_octets(cn, false, why);
}

/* Three parts at least, so that nobody means an authority and names all who have a URN like it. */
static int check_urn(const char *urn, struct cc_note *why)
{
	static const char wanted[] = CC_PUBLICID "AUTHORITY+TYPE+NAME";
	const char *part = urn + strlen(CC_PUBLICID);
	unsigned parts = 0;

	if (strncmp(urn, CC_PUBLICID, strlen(CC_PUBLICID)) != 0)
		return cc_note_set(why, CC_EINVAL,
				   "\"%.64s\" is no publicid URN: write %s, * for any of the three",
				   urn, wanted);
	for (;; part++) {
		size_t len = strcspn(part, "+");

		parts += len > 0;
		part += len;
		if (len == 0 || *part == 0)
			break;
	}
	if (*part || parts < 3 || part[-1] == '+')
		return cc_note_set(why, CC_EINVAL,
				   "\"%.64s\" does not name its three parts: write %s, * for any",
				   urn, wanted);
	return check_octets(urn, true, why);
}

int cc_policy_who_add(struct policy_who *who, char *text, struct cc_note *why)
{
	bool urn = strncmp(text, CN_WORD, strlen(CN_WORD)) != 0;
	char *pattern = urn ? text : text + strlen(CN_WORD);
	int r = urn ? check_urn(pattern, why) : check_cn(pattern, why);
	size_t at;

	if (r < 0)
		return r;
	collapse_stars(pattern);
	at = strchr(pattern, '*') ? who->room - ++who->n_starred : who->n_exact++;
	who->patterns[at] = (struct policy_pattern){urn, pattern};
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct policy_pattern *x = a, *y = b;

	return x->urn != y->urn ? x->urn - y->urn : strcmp(x->text, y->text);
}

void cc_policy_who_finish(struct policy_who *who)
{
	qsort(who->patterns, who->n_exact, sizeof(*who->patterns), compare);
}

/*
 * The last star alone takes more when the rest does not fit: what an earlier one would take, the
 * last can take, too. So it is at most length times length steps. A star of a URN ends at a plus.
 */
static bool fits(const struct policy_pattern *pattern, const char *name)
{
	const char *p = pattern->text, *star = NULL, *taken = NULL;

	while (*name) {
		if (*p == '*') {
			star = ++p;
			taken = name;
		} else if (*p == *name) {
			p++;
			name++;
		} else if (star && (!pattern->urn || *taken != '+')) {
			p = star;
			name = ++taken;
		} else {
			return false;
		}
	}
	p += *p == '*';
	return *p == 0;
}

bool cc_policy_who_has(const struct policy_who *who, const struct cc_signer *signer)
{
	struct policy_pattern name;

	if (!signer || signer->cls != CC_CLASS_BUS)
		return signer && signer->cls == CC_CLASS_GID && who->gid;
	if (who->any)
		return true;
	name = (struct policy_pattern){signer->has_urn, signer->name};
	if (who->n_exact > 0 && bsearch(&name, who->patterns, who->n_exact, sizeof(name), compare))
		return true;
	for (size_t i = who->room - who->n_starred; i < who->room; i++) {
		if (who->patterns[i].urn == name.urn && fits(&who->patterns[i], name.text))
			return true;
	}
	return false;
}
