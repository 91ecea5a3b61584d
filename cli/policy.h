/* SPDX-License-Identifier: ISC */
#pragma once
/* ccfed policy: what the policy of a configuration file says. */
#include "cli/cli.h"

#include "lib/cc/gate.h"

extern const char cli_policy_test_details[];
int cli_policy_test(const struct cli_command *cmd, int argc, char **argv);

/** That the question cannot be answered, with the reason. @return CLI_USAGE: 1 means refused. */
int cli_policy_undecided(const struct cli_command *cmd, const struct cc_note *why, int r);
/** A line's value on one line; caller frees, NULL: no memory. */
char *cli_policy_value(const struct cc_policy_line *line);
/** A line as JSON; NULL: no memory. */
json_t *cli_policy_line(const struct cc_policy_line *line);
