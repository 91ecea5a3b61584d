/* SPDX-License-Identifier: ISC */
#pragma once
#include "cli/cli.h"

extern const char cli_watch_details[];
int cli_watch(const struct cli_command *cmd, int argc, char **argv);
