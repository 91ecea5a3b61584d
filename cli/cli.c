/* SPDX-License-Identifier: ISC */
/* What every command uses to speak to its user. */
#include "cli/cli.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int cli_usage(const struct cli_command *cmd, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "ccfed %s %s: ", cmd->group, cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; try ccfed %s %s --help\n", cmd->group, cmd->name);
	return CLI_USAGE;
}

int cli_fail(const struct cli_command *cmd, const struct cc_note *why, int r)
{
	fprintf(stderr, "ccfed %s %s: %s\n", cmd->group, cmd->name,
		why->text[0] ? why->text : cc_err_text(r));
	return CLI_FAILED;
}

void cli_help(const struct cli_command *cmd)
{
	printf("usage: ccfed %s %s %s\n\n%s\n", cmd->group, cmd->name, cmd->args, cmd->help);
	if (cmd->details)
		printf("\n%s", cmd->details);
}

bool cli_number(const char *text, double low, double high, double *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !isfinite(v) || v < low || v > high)
		return false;
	*out = v;
	return true;
}
