/* SPDX-License-Identifier: ISC */
/* The command line that all daemons share. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/daemon/int.h"
#include "version.h"

#define OVERRIDES_MAX 64
#define SWITCHES_MAX 8
#define TEXT_MAX 512

enum { OPT_INI = 1000, OPT_CHECK, OPT_SET, OPT_SWITCH };

struct cli {
	const struct dm_daemon *daemon;
	const char *overrides[OVERRIDES_MAX];
	char *own[SWITCHES_MAX]; /* overrides that were made here */
	size_t n_overrides, n_own;
	int verbose, quiet;
	bool check;
	int (*run)(const void *state);
	char section[64];
	const char *file, *chosen; /* chosen: the section of the command line, or NULL */
};

static const struct option common[] = {
	{"quiet", no_argument, NULL, 'q'},	 {"verbose", no_argument, NULL, 'v'},
	{"check", no_argument, NULL, OPT_CHECK}, {"set", required_argument, NULL, OPT_SET},
	{"ini", no_argument, NULL, OPT_INI},	 {"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
};

static const char help[] = "  -q, --quiet     warnings and errors only\n"
			   "  -v, --verbose   debug; twice: trace\n"
			   "      --check     check the configuration and exit\n"
			   "      --set K=V   override an option of SECTION\n"
			   "      --ini       print a sample section\n"
			   "  -V, --version   print the version\n"
			   "  -h, --help      print this\n";

static int bad_usage(const struct cli *c, const char *text)
{
	fprintf(stderr, "cc-%s: %s; try cc-%s --help\n", c->daemon->name, text, c->daemon->name);
	return DM_EXIT_USAGE;
}

static const struct dm_switch *switch_at(const struct dm_daemon *d, size_t i)
{
	return d->switches && i < SWITCHES_MAX && d->switches[i].name ? &d->switches[i] : NULL;
}

static void print_help(const struct dm_daemon *d)
{
	const struct dm_switch *s;

	printf("usage: cc-%s [-q] [-v] [--check] [--set K=V]... FILE [SECTION]\n"
	       "       cc-%s --ini | -V | -h\n\n%s. FILE is the configuration of its ccserver; "
	       "SECTION is d:%s.\n\n%s",
	       d->name, d->name, d->help, d->name, help);
	for (size_t i = 0; (s = switch_at(d, i)); i++) {
		char word[64];

		snprintf(word, sizeof(word), "--%s%s%s", s->name, s->arg ? " " : "",
			 s->arg ? s->arg : "");
		printf("      %-11s %s\n", word, s->help);
	}
	printf("\nExit: 0 good, 1 failure at run time, 2 usage or configuration error.\n");
}

static int add_override(struct cli *c, const char *text)
{
	if (c->n_overrides == OVERRIDES_MAX || !strchr(text, '='))
		return bad_usage(c, "--set wants K=V, at most 64 times");
	c->overrides[c->n_overrides++] = text;
	return -1;
}

/* Its argument is for an option of that name: a percent sign in it stands for itself. */
static int take_switch(struct cli *c, const struct dm_switch *s)
{
	char text[TEXT_MAX];
	size_t n;

	if (s->run)
		c->run = s->run;
	if (!s->option)
		return -1;
	n = (size_t)snprintf(text, sizeof(text), "%s=", s->option);
	for (const char *p = optarg; *p && n + 3 < sizeof(text); p++) {
		text[n++] = *p;
		if (*p == '%')
			text[n++] = '%';
	}
	text[n] = '\0';
	if (n + 3 >= sizeof(text) || c->n_own == SWITCHES_MAX)
		return bad_usage(c, "an argument is too long, or one too many");
	c->own[c->n_own] = strdup(text);
	return c->own[c->n_own] ? add_override(c, c->own[c->n_own++]) : DM_EXIT_RUNTIME;
}

/* @return -1 to go on, else the exit code. */
static int take_option(struct cli *c, int o)
{
	switch (o) {
	case 'q':
		c->quiet++;
		return -1;
	case 'v':
		c->verbose++;
		return -1;
	case OPT_CHECK:
		c->check = true;
		return -1;
	case OPT_SET:
		return add_override(c, optarg);
	case OPT_INI:
		dm_conf_sample(c->daemon);
		return DM_EXIT_OK;
	case 'V':
		printf("cc-%s " CCFED_VERSION "\n", c->daemon->name);
		return DM_EXIT_OK;
	case 'h':
		print_help(c->daemon);
		return DM_EXIT_OK;
	default:
		return o >= OPT_SWITCH
			       ? take_switch(c, switch_at(c->daemon, (size_t)o - OPT_SWITCH))
			       : DM_EXIT_USAGE;
	}
}

/* @return -1 to go on, else the exit code. */
static int parse(struct cli *c, int argc, char **argv)
{
	struct option options[CC_ARRAY_SIZE(common) + SWITCHES_MAX + 1] = {0};
	const struct dm_switch *s;
	int o, r = -1;

	memcpy(options, common, sizeof(common));
	for (size_t i = 0; (s = switch_at(c->daemon, i)); i++)
		options[CC_ARRAY_SIZE(common) + i] =
			(struct option){s->name, s->arg ? required_argument : no_argument, NULL,
					OPT_SWITCH + (int)i};
	while (r < 0 && (o = getopt_long(argc, argv, "qvVh", options, NULL)) != -1)
		r = take_option(c, o);
	if (r >= 0)
		return r;
	if (argc - optind > 2 || (argc == optind && !c->run))
		return bad_usage(c, "a configuration file is wanted, and at most a section");
	c->file = optind < argc ? argv[optind] : NULL;
	c->chosen = optind + 1 < argc ? argv[optind + 1] : NULL;
	return -1;
}

static enum cc_level level_of(const struct cli *c)
{
	int level = CC_LOG_INFO + c->verbose - c->quiet;

	return level < CC_LOG_WARN ? CC_LOG_WARN : level > CC_LOG_TRACE ? CC_LOG_TRACE : level;
}

/* --check, and what a switch does instead of running. */
static int look(const struct cli *c, const struct dm_source *source)
{
	cc_cleanup(dm_bound_freep) struct dm_bound *b = NULL;
	struct cc_note why = {0};
	int r = dm_bound_read(c->daemon, source, &b, &why);

	if (!r && !c->run)
		r = dm_bound_load(b, &why);
	if (!r && !c->run)
		r = dm_link_check(b, &why);
	if (r)
		return dm_fail(c->daemon, &why, r);
	if (c->run)
		return c->run(b->state);
	printf("%s: good\n", source->file);
	return DM_EXIT_OK;
}

static int run(struct cli *c)
{
	struct dm_source source = {.file = c->file,
				   .section = c->section,
				   .overrides = c->overrides,
				   .n = c->n_overrides};

	snprintf(c->section, sizeof(c->section), "d:%s", c->daemon->name);
	if (c->chosen)
		source.section = c->chosen;
	cc_log_set_level(level_of(c));
	if (c->check || c->run)
		return look(c, &source);
	return dm_run(c->daemon, &source, level_of(c));
}

int dm_main(const struct dm_daemon *d, int argc, char **argv)
{
	struct cli cli = {.daemon = d};
	int code = parse(&cli, argc, argv);

	if (code < 0)
		code = run(&cli);
	for (size_t i = 0; i < cli.n_own; i++)
		free(cli.own[i]);
	return code;
}
