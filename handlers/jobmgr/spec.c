/* SPDX-License-Identifier: ISC */
#include "handlers/jobmgr/spec.h"

#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/file.h"

#define LATER 1 /* outcome: a later version brings this daemon */

#define MODULES "cc.daemon." /* the original's */

/* The daemons of the original's modules that this version has. */
static const char *const modules[] = {"discovery", NULL};

#define AT(member) offsetof(struct job_options, member)
#define STR(key, member, text)                                                                     \
	{                                                                                          \
		.name = key, .type = CF_STR, .offset = AT(member), .def = "", .help = text         \
	}
#define SECONDS(key, member, default_, text)                                                       \
	{                                                                                          \
		.name = key, .type = CF_MSEC, .offset = AT(member), .def = default_, .min = 0,     \
		.max = 604800000, .help = text                                                     \
	}

const struct cf_opt job_options[] = {
	STR("daemon", daemon, "NAME of the program cc-NAME"),
	STR("module", module, "the same, cc.daemon.NAME in the original's spelling"),
	STR("command", command, "any program: its path and words, without a shell"),
	{.name = "script",
	 .type = CF_FILE,
	 .offset = AT(script),
	 .def = "",
	 .help = "any program that takes FILE SECTION, as the daemons do"},
	STR("user", user, "whom the daemon runs as, where the server is root; empty: the server"),
	{.name = "memory-limit",
	 .type = CF_SIZE,
	 .offset = AT(memory_limit),
	 .def = "0",
	 .max = 1ll << 50,
	 .help = "octets of address space; 0: any"},
	SECONDS("watchdog-formula-a", watchdog_a, "0", "seconds before a restart, and"),
	SECONDS("watchdog-formula-b", watchdog_b, "5", "seconds more for each start before, up to"),
	SECONDS("watchdog-formula-cap", watchdog_cap, "300", "so many; 0: any"),
	SECONDS("watchdog-reset", watchdog_reset, "3600",
		"a life of so many seconds makes its end the first again"),
	SECONDS("stop-grace", stop_grace, "5", "seconds from SIGTERM to SIGKILL"),
	SECONDS("heartbeat-timeout", heartbeat_timeout, "30",
		"seconds of silence until it hangs, for those that are heard; 0: any"),
	SECONDS("start-timeout", start_timeout, "30", "seconds until it must be ready; 0: any"),
	{.name = "max-log-rate",
	 .type = CF_INT,
	 .offset = AT(max_log_rate),
	 .def = "100",
	 .max = 10000,
	 .help = "lines a second of its output that are logged"},
	{0},
};

static const struct cf_opt *const tables[] = {job_options, NULL};

static void free_words(char **argv)
{
	for (char **word = argv; word && *word; word++)
		free(*word);
	free(argv);
}

void job_spec_free(struct job_spec *spec)
{
	if (!spec)
		return;
	cf_unbind(tables, &spec->options);
	free_words(spec->argv);
	json_decref(spec->config);
	free(spec->print);
	free(spec->name);
	free(spec);
}

static void job_spec_freep(struct job_spec **spec)
{
	job_spec_free(*spec);
	*spec = NULL;
}

void job_specs_deinit(struct job_specs *specs)
{
	for (size_t i = 0; i < specs->count; i++)
		job_spec_free(specs->items[i]);
	specs->count = 0;
}

/* ---- the program and its words ---- */

/* As this process sees it now: a daemon's working folder is another. */
static char *absolute_path(const char *path)
{
	char cwd[PATH_MAX];

	return path[0] == '/' || !getcwd(cwd, sizeof(cwd)) ? strdup(path) : cc_file_join(cwd, path);
}

/* PROGRAM FILE SECTION; takes program. */
static int daemon_words(struct job_spec *spec, char *program, const struct job_source *from)
{
	spec->argv = calloc(4, sizeof(*spec->argv));
	if (!spec->argv) {
		free(program);
		return cc_raise(CC_ENOMEM);
	}
	spec->argv[0] = program;
	spec->argv[1] = absolute_path(cf_ini_path(from->ini));
	if (spec->argv[1])
		spec->argv[2] = strdup(spec->name);
	return spec->argv[2] ? 0 : cc_raise(CC_ENOMEM);
}

static int command_words(struct job_spec *spec, struct cc_note *why)
{
	const char *text = spec->options.command;
	size_t n = 0;

	spec->argv = calloc(JOB_WORDS_MAX + 1, sizeof(*spec->argv));
	if (!spec->argv)
		return cc_raise(CC_ENOMEM);
	for (;;) {
		size_t len;

		text += strspn(text, " \t\r\n");
		len = strcspn(text, " \t\r\n");
		if (!len)
			return job_program_check(n ? spec->argv[0] : "", why);
		if (n == JOB_WORDS_MAX)
			return cc_note_set(why, CC_ELIMIT, "command has more than %d words",
					   JOB_WORDS_MAX);
		spec->argv[n] = strndup(text, len);
		if (!spec->argv[n++])
			return cc_raise(CC_ENOMEM);
		text += len;
	}
}

/* NAME of `module = cc.daemon.NAME` or `module = NAME`. */
static int module_name(const char *module, const char **name, struct cc_note *why)
{
	bool theirs = strncmp(module, MODULES, sizeof(MODULES) - 1) == 0;

	*name = theirs ? module + sizeof(MODULES) - 1 : module;
	for (size_t i = 0; modules[i]; i++)
		if (strcmp(*name, modules[i]) == 0)
			return 0;
	if (theirs)
		return LATER;
	return cc_note_set(
		why, CC_EINVAL,
		"unknown module \"%.64s\"; a program of your own is named by command = ", module);
}

static int find_words(struct job_spec *spec, const struct job_source *from, struct cc_note *why)
{
	const struct job_options *o = &spec->options;
	const char *name = o->daemon;
	char *program = NULL;
	int r = 0;

	if ((*o->daemon != 0) + (*o->module != 0) + (*o->command != 0) + (*o->script != 0) != 1)
		return cc_note_set(why, CC_EINVAL,
				   "needs one of daemon = NAME, module, command, script");
	if (*o->command)
		return command_words(spec, why);
	if (*o->script) {
		r = job_program_check(o->script, why);
		program = r ? NULL : strdup(o->script);
		return r ? r : program ? daemon_words(spec, program, from) : cc_raise(CC_ENOMEM);
	}
	if (*o->module)
		r = module_name(o->module, &name, why);
	if (!r)
		r = job_program_find(name, from->daemon_dir, &program, why);
	spec->ours = true;
	return r ? r : daemon_words(spec, program, from);
}

/* ---- a section ---- */

static int check_user(const char *user, struct cc_note *why)
{
	char space[16384];
	struct passwd pw, *found = NULL;

	if (!*user)
		return 0;
	if (getpwnam_r(user, &pw, space, sizeof(space), &found) != 0 || !found)
		return cc_note_set(why, CC_ENOTFOUND, "no user %.64s", user);
	if (geteuid() != 0 && pw.pw_uid != geteuid())
		return cc_note_set(why, CC_EINVAL, "user = %.64s wants a server that runs as root",
				   user);
	return 0;
}

/* A command has nobody else who knows what its section may say. */
static int bind_section(struct job_spec *spec, const struct cf_section *section,
			const struct job_source *from, struct cc_note *why)
{
	bool lenient = cf_ini_legacy(from->ini) || !cf_section_find(section, "command");

	return cf_bind(section, tables, NULL, lenient, &spec->options, NULL, NULL, why);
}

static int read_section(struct job_spec *spec, const struct cf_section *section,
			const struct job_source *from, struct cc_note *why)
{
	struct cc_note inner = {0};
	int r = bind_section(spec, section, from, why);

	if (r)
		return r;
	r = find_words(spec, from, &inner);
	if (!r)
		r = check_user(spec->options.user, &inner);
	if (r < 0 && inner.code)
		return cc_note_set(why, inner.code, "%s:%d: [%s]: %s", section->file, section->line,
				   section->name, inner.text);
	if (r)
		return r;
	spec->config = job_config_new(from, section);
	spec->print = job_config_print(from, section, spec->argv);
	return spec->config && spec->print ? 0 : cc_raise(CC_ENOMEM);
}

static int read_spec(struct job_specs *out, const char *name, const struct job_source *from,
		     struct cc_note *why)
{
	const struct cf_section *section = cf_ini_section(from->ini, name);
	cc_cleanup(job_spec_freep) struct job_spec *spec = calloc(1, sizeof(*spec));
	int r;

	if (!section)
		return cc_note_set(why, CC_ENOTFOUND, "no section [%s], which daemons of [%s] has",
				   name, from->section);
	for (size_t i = 0; i < out->count; i++)
		if (strcmp(out->items[i]->name, name) == 0)
			return cc_note_set(why, CC_EINVAL, "daemons of [%s] has %s twice",
					   from->section, name);
	if (out->count == JOB_MAX)
		return cc_note_set(why, CC_ELIMIT, "[%s] has more than %d daemons", from->section,
				   JOB_MAX);
	if (!spec || !(spec->name = strdup(name)))
		return cc_raise(CC_ENOMEM);
	r = read_section(spec, section, from, why);
	if (r == 0)
		out->items[out->count++] = cc_steal(&spec);
	if (r == LATER && from->warn)
		from->warn(NULL, cf_section_find(section, "module"),
			   "is not in this version; not started");
	return r < 0 ? r : 0;
}

int job_specs_read(struct job_specs *out, const struct job_source *from, struct cc_note *why)
{
	int r = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < from->daemons->count && !r; i++)
		r = read_spec(out, from->daemons->items[i], from, why);
	return r;
}
