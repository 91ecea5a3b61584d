/* SPDX-License-Identifier: ISC */
#pragma once
#include "cli/cli.h"

extern const char cli_vectors_details[];
int cli_vectors(const struct cli_command *cmd, int argc, char **argv);
