/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * ccfed gid, cred, ticket, authority: what names principals and what gives them rights. The tables
 * stand in trust.c; showing, judging and making are in files of their own.
 */
#include "cli/cli.h"

/* The group of the command says which kind of document. */
extern const char trust_show_details[], trust_gid_verify_details[], trust_cred_verify_details[],
	trust_ticket_verify_details[], trust_vectors_details[];
int trust_show(const struct cli_command *cmd, int argc, char **argv);
int trust_verify(const struct cli_command *cmd, int argc, char **argv);
int trust_vectors(const struct cli_command *cmd, int argc, char **argv);

extern const char trust_gid_make_details[], trust_cred_make_details[], trust_delegate_details[],
	trust_speaksfor_details[], trust_ticket_make_details[];
int trust_gid_make(const struct cli_command *cmd, int argc, char **argv);
int trust_cred_make(const struct cli_command *cmd, int argc, char **argv);
int trust_cred_delegate(const struct cli_command *cmd, int argc, char **argv);
int trust_cred_speaksfor(const struct cli_command *cmd, int argc, char **argv);
int trust_ticket_make(const struct cli_command *cmd, int argc, char **argv);

extern const char trust_create_details[], trust_list_details[], trust_renew_details[];
int trust_authority_create(const struct cli_command *cmd, int argc, char **argv);
int trust_authority_list(const struct cli_command *cmd, int argc, char **argv);
int trust_authority_renew(const struct cli_command *cmd, int argc, char **argv);
