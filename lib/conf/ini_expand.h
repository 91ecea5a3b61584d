/* SPDX-License-Identifier: ISC */
#pragma once
/* %(name)s of one configuration: private to lib/conf/ini*.c. */
#include "lib/conf/ini_raw.h"

#define INI_HOST_NAME_OCTETS 256

/* What every program section has without setting it (spec B1). */
enum ini_builtin {
	INI_JOB_NAME,
	INI_SERVICE_NAME,
	INI_HOST_NAME,
	INI_CONFIG_DIR,
	INI_CONFIG_FILE,
	INI_BUILTINS
};

struct ini_scope {
	const struct ini_raw *raw; /* borrowed */
	const char *path;	   /* borrowed */
	char *job_name, *config_dir;
	char host_name[INI_HOST_NAME_OCTETS];
	size_t work; /* octets and references interpolated so far */
};

/** Borrows raw and path. Deinit also after a failure. @return 0, -CC_ENOMEM. */
int ini_scope_init(struct ini_scope *scope, const struct ini_raw *raw, const char *path);
void ini_scope_deinit(struct ini_scope *scope);

const char *ini_builtin_key(enum ini_builtin b);
/** The value in a process whose main section is service. Borrowed. */
const char *ini_builtin_value(const struct ini_scope *scope, const char *service,
			      enum ini_builtin b);
/** The option that a lower-case key means in a section: its own, else that of [DEFAULT], else NULL. */
struct ini_option *ini_scope_find(const struct ini_scope *scope, const struct ini_section *s,
				  const char *key);
/**
 * Interpolates an option's value as seen from a section; marks the options that it names as variables.
 * Caller frees. @return 0, -CC_EFORMAT, -CC_ELIMIT, -CC_ENOMEM.
 */
int ini_expand(struct ini_scope *scope, const struct ini_section *s, const struct ini_option *o,
	       char **value, struct cc_note *why);
