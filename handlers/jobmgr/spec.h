/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the configuration says of the daemons: one struct job_spec for each section that
 * `daemons = ` names. It owns all that it holds, so that it outlives the configuration it was read
 * from.
 */
#include <jansson.h>

#include "lib/handler/handler.h"

#define JOB_MAX 64	 /* daemons of one section */
#define JOB_WORDS_MAX 32 /* words of a command */
#define JOB_NAME_MAX 32	 /* octets of NAME of cc-NAME */

/** The lines of a daemon's section that are jobmgr's. */
struct job_options {
	char *daemon, *module, *command, *script; /* which program: one of them */
	char *user;
	uint64_t memory_limit;
	int64_t watchdog_a, watchdog_b, watchdog_cap, watchdog_reset;
	int64_t stop_grace, heartbeat_timeout, start_timeout;
	int64_t max_log_rate;
};
extern const struct cf_opt job_options[];

struct job_spec {
	char *name; /* of the section */
	struct job_options options;
	char **argv;	/* NULL-ended; argv[0] is the program's path */
	bool ours;	/* says on the lifeline when it is ready */
	json_t *config; /* what job.config answers */
	char *print;	/* all that a change of makes a restart */
};

struct job_specs {
	struct job_spec *items[JOB_MAX];
	size_t count;
};

/** Where the daemons' lines and programs are looked for; all borrowed. */
struct job_source {
	const struct cf_ini *ini;
	const char *section; /* the handler's */
	const char *job_name;
	const struct cf_list *daemons, *daemon_dir;
	cf_warn_fn *warn; /* told of what is left out; NULL: nobody */
};

/**
 * Reads the sections of all daemons. Those that a later version brings are left out. *out: deinit
 * frees. @return 0, -CC_EINVAL, -CC_ENOTFOUND, -CC_ELIMIT, -CC_ENOMEM with why.
 */
int job_specs_read(struct job_specs *out, const struct job_source *from, struct cc_note *why);
void job_specs_deinit(struct job_specs *specs);
void job_spec_free(struct job_spec *spec);

/** The program cc-NAME as an absolute path (program.c). Caller frees. @return 0, -CC_ENOTFOUND,
 * -CC_EINVAL, -CC_ENOMEM. */
int job_program_find(const char *name, const struct cf_list *dirs, char **path,
		     struct cc_note *why);
/** Whether a path is absolute, and an executable regular file. @return 0, -CC_EINVAL,
 * -CC_ENOTFOUND. */
int job_program_check(const char *path, struct cc_note *why);
/** The object that job.config answers (config.c). New reference; NULL: no memory. */
json_t *job_config_new(const struct job_source *from, const struct cf_section *section);
/** Text that is the same as long as the daemon need not be restarted. Caller frees; NULL: no
 * memory. */
char *job_config_print(const struct job_source *from, const struct cf_section *section,
		       char *const *argv);
