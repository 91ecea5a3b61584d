/* SPDX-License-Identifier: ISC */
#pragma once
#include "cli/cli.h"

extern const char cli_ping_details[];
int cli_ping(const struct cli_command *cmd, int argc, char **argv);
