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

	fprintf(stderr, CLI_WORDS ": ", CLI_WORDS_OF(cmd));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; try " CLI_WORDS " --help\n", CLI_WORDS_OF(cmd));
	return CLI_USAGE;
}

int cli_fail(const struct cli_command *cmd, const struct cc_note *why, int r)
{
	fprintf(stderr, CLI_WORDS ": %s\n", CLI_WORDS_OF(cmd),
		why->text[0] ? why->text : cc_err_text(r));
	return CLI_FAILED;
}

void cli_help(const struct cli_command *cmd)
{
	printf("usage: " CLI_WORDS " %s\n\n%s\n", CLI_WORDS_OF(cmd), cmd->args, cmd->help);
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
