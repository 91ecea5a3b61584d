/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Sliver types, from the section [sliver-types] of the configuration (spec jfed sections 5, 6):
 *
 *   NAME = WORD VALUE, WORD, ...
 *
 *   slots N          what one takes of its node (1)
 *   exclusive no|yes|only   whether its node may be had alone (no); only: it always is
 *   whole            it takes all of a node, which must be unused
 *   image URN        one that it may have; several lines' worth
 *   image-needed     it must name one
 *   hardware NAME    only on nodes of this hardware type
 *   default          what default-vm stands for
 *
 * Without the section there is one: default-vm is called `container`, of one slot.
 */
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/conf/ini.h"

#define AGG_TYPES_MAX 64
#define AGG_IMAGES_MAX 256
#define AGG_SLOTS_MAX 4096

enum agg_exclusive { AGG_NEVER, AGG_MAY, AGG_ALWAYS };

struct agg_type {
	char *name;
	unsigned slots;
	enum agg_exclusive exclusive;
	bool whole, image_needed;
	char **images; /* NULL-ended */
	unsigned n_images;
	char *hardware; /* "": any */
};

struct agg_types {
	struct agg_type *items;
	unsigned n;
	unsigned standard;  /* what default-vm is */
	const char **names; /* NULL-ended */
};

/** section NULL: none. @return 0, -CC_EINVAL with why, -CC_ENOMEM. */
int agg_types_new(const struct cf_section *section, struct agg_types **out, struct cc_note *why);
void agg_types_free(struct agg_types *t);
/** The index of a type, default-vm too; -1: there is none. */
int agg_type_find(const struct agg_types *t, const char *name);
/** Whether it may have this image. */
bool agg_type_has_image(const struct agg_type *t, const char *image);
