/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"
#include "lib/conf/opt.h"
#include "lib/trust/name.h"

#define STANDARD "default-vm"

static int bad(const struct cf_entry *e, const char *word, const char *what, struct cc_note *why)
{
	return cc_note_set(why, CC_EINVAL, "%.100s:%d: sliver type %.40s: \"%.60s\": %s", e->file,
			   e->line, e->key, word, what);
}

static int take_slots(struct agg_type *t, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > AGG_SLOTS_MAX)
		return -CC_EINVAL;
	t->slots = (unsigned)n;
	return 0;
}

static int take_exclusive(struct agg_type *t, const char *text)
{
	static const char *const words[] = {"no", "yes", "only"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i]) == 0) {
			t->exclusive = (enum agg_exclusive)i;
			return 0;
		}
	return -CC_EINVAL;
}

/* The name is an image's URN (spec jfed 45). */
static int take_image(struct agg_type *t, const char *text)
{
	char **images = realloc(t->images, (t->n_images + 2) * sizeof(*images));
	struct tr_urn urn;

	if (!images)
		return cc_raise(CC_ENOMEM);
	t->images = images;
	images[t->n_images] = images[t->n_images + 1] = NULL;
	if (t->n_images == AGG_IMAGES_MAX || tr_urn_parse_text(text, &urn, NULL) != 0 ||
	    urn.type.len != 5 || memcmp(urn.type.text, "image", 5) != 0)
		return -CC_EINVAL;
	images[t->n_images] = strdup(text);
	return images[t->n_images++] ? 0 : cc_raise(CC_ENOMEM);
}

static int take_hardware(struct agg_type *t, const char *text)
{
	free(t->hardware);
	t->hardware = strdup(text);
	return t->hardware ? 0 : cc_raise(CC_ENOMEM);
}

static const struct {
	const char *word;
	int (*take)(struct agg_type *t, const char *text);
	const char *wanted;
} words[] = {
	{"slots", take_slots, "a number from 1 to 4096 is wanted"},
	{"exclusive", take_exclusive, "no, yes or only is wanted"},
	{"image", take_image, "a URN of type image is wanted (at most 256)"},
	{"hardware", take_hardware, "a name is wanted"},
};

static int take_word(struct agg_types *types, struct agg_type *t, const struct cf_entry *e,
		     char *word, struct cc_note *why)
{
	char *value = word + strcspn(word, " \t");

	if (strcmp(word, "whole") == 0) {
		t->whole = true;
		t->exclusive = AGG_ALWAYS;
		return 0;
	}
	if (strcmp(word, "image-needed") == 0) {
		t->image_needed = true;
		return 0;
	}
	if (strcmp(word, "default") == 0) {
		types->standard = (unsigned)(t - types->items);
		return 0;
	}
	if (*value) {
		*value++ = 0;
		value += strspn(value, " \t");
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i].word) == 0) {
			int r = words[i].take(t, value);

			return r == -CC_EINVAL ? bad(e, value, words[i].wanted, why) : r;
		}
	return bad(e, word,
		   "slots, exclusive, whole, image, image-needed, hardware or default is wanted",
		   why);
}

static int read_type(struct agg_types *types, const struct cf_entry *e, struct cc_note *why)
{
	struct agg_type *t = &types->items[types->n++];
	struct cf_list list = {0};
	int r = cf_list_parse(e->value, &list);

	*t = (struct agg_type){.name = strdup(e->key),
			       .slots = 1,
			       .images = calloc(1, sizeof(char *)),
			       .hardware = strdup("")};
	if (!t->name || !t->images || !t->hardware)
		r = cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < list.count && !r; i++)
		r = take_word(types, t, e, list.items[i], why);
	if (!r && t->image_needed && !t->n_images)
		r = bad(e, "image-needed", "it has no image", why);
	cf_list_deinit(&list);
	return r;
}

static int read_section(struct agg_types *types, const struct cf_section *s, struct cc_note *why)
{
	int r = 0;

	for (size_t i = 0; i < s->count && !r; i++) {
		const struct cf_entry *e = &s->entries[i];

		if (e->from_default || e->variable)
			continue;
		if (types->n == AGG_TYPES_MAX)
			return cc_note_set(why, CC_EINVAL, "more than %d sliver types",
					   AGG_TYPES_MAX);
		r = read_type(types, e, why);
	}
	return r;
}

int agg_types_new(const struct cf_section *section, struct agg_types **out, struct cc_note *why)
{
	static const struct cf_entry alone = {.key = "container", .value = "default", .file = ""};
	struct agg_types *types = calloc(1, sizeof(*types));
	int r = 0;

	if (types)
		types->items = calloc(AGG_TYPES_MAX, sizeof(*types->items));
	if (!types || !types->items)
		r = cc_raise(CC_ENOMEM);
	if (!r && section)
		r = read_section(types, section, why);
	if (!r && types->n == 0)
		r = read_type(types, &alone, why);
	if (!r && !(types->names = calloc(types->n + 1, sizeof(*types->names))))
		r = cc_raise(CC_ENOMEM);
	for (unsigned i = 0; !r && i < types->n; i++)
		types->names[i] = types->items[i].name;
	if (r)
		agg_types_free(types);
	else
		*out = types;
	return r;
}

void agg_types_free(struct agg_types *types)
{
	if (!types)
		return;
	for (unsigned i = 0; i < types->n; i++) {
		struct agg_type *t = &types->items[i];

		for (unsigned k = 0; k < t->n_images; k++)
			free(t->images[k]);
		free(t->images);
		free(t->name);
		free(t->hardware);
	}
	free(types->items);
	free(types->names);
	free(types);
}

int agg_type_find(const struct agg_types *types, const char *name)
{
	for (unsigned i = 0; i < types->n; i++)
		if (strcasecmp(types->items[i].name, name) == 0)
			return (int)i;
	return strcasecmp(name, STANDARD) == 0 ? (int)types->standard : -1;
}

bool agg_type_has_image(const struct agg_type *t, const char *image)
{
	for (unsigned i = 0; i < t->n_images; i++)
		if (tr_urn_equal(t->images[i], image))
			return true;
	return false;
}
