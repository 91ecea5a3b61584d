/* SPDX-License-Identifier: ISC */
#pragma once
#include "cli/cli.h"

extern const char cli_stats_details[];
int cli_stats(const struct cli_command *cmd, int argc, char **argv);
