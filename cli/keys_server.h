/* SPDX-License-Identifier: ISC */
#pragma once
#include "cli/cli.h"

extern const char keys_server_details[];
/** Runs ccfed keys server-cert. @return CLI_*. */
int keys_server(const struct cli_command *cmd, int argc, char **argv);
