/* SPDX-License-Identifier: ISC */
#pragma once
#include "cli/cli.h"

extern const char cli_admin_details[], cli_quiesce_details[];
/** The commands of group bus that send admin.NAME: routes, handlers, queues, signers, reload, quiesce. */
int cli_admin(const struct cli_command *cmd, int argc, char **argv);
