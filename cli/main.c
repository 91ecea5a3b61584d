/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/base/log.h"
#include "version.h"

static const struct cli_command *const groups[] = {
	cli_registry, cli_am,	  cli_terms,	 cli_records, cli_node,	  cli_audit,
	cli_bus,      cli_job,	  cli_policy,	 cli_keys,    cli_config, cli_gid,
	cli_cred,     cli_ticket, cli_authority, cli_store,   cli_jfed,	  NULL};

static void print_row(FILE *to, const struct cli_command *c)
{
	if (*c->group)
		fprintf(to, "  %-9s %-13s  %s\n", c->group, c->name, c->help);
	else
		fprintf(to, "  %-23s  %s\n", c->name, c->help);
}

static void print_usage(FILE *to)
{
	fputs("usage: ccfed COMMAND [OPTIONS] [ARGUMENTS]\n"
	      "       ccfed GROUP COMMAND [OPTIONS] [ARGUMENTS]\n"
	      "       ccfed --version | --help\n\n",
	      to);
	for (size_t g = 0; groups[g]; g++)
		for (const struct cli_command *c = groups[g]; c->name; c++)
			print_row(to, c);
	fputs("\nccfed [GROUP] COMMAND --help shows a command's options.\n", to);
}

static const struct cli_command *find(const char *group, const char *name)
{
	for (size_t g = 0; groups[g]; g++)
		for (const struct cli_command *c = groups[g]; c->name; c++)
			if (strcmp(c->group, group) == 0 && strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct cli_command *cmd;
	int words = 1; /* that the command has */

	cc_log_set_level(CC_LOG_WARN);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("ccfed " CCFED_VERSION);
		return CLI_OK;
	}
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_usage(stdout);
		return CLI_OK;
	}
	cmd = argc >= 2 ? find("", argv[1]) : NULL;
	if (!cmd && argc >= 3 && *argv[1]) {
		cmd = find(argv[1], argv[2]);
		words = 2;
	}
	if (!cmd) {
		if (argc >= 3)
			fprintf(stderr, "ccfed: no command \"%s %s\"\n", argv[1], argv[2]);
		else if (argc == 2)
			fprintf(stderr, "ccfed: no command \"%s\"\n", argv[1]);
		print_usage(stderr);
		return CLI_USAGE;
	}
	return cmd->run(cmd, argc - words, argv + words);
}
