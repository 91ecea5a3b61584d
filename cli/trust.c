/* SPDX-License-Identifier: ISC */
/* The commands of ccfed gid, cred, ticket and authority. */
#include "cli/trust.h"

const struct cli_command cli_gid[] = {
	{"gid", "show", "[--json] FILE", "shows the certificates of a GID", trust_show_details,
	 trust_show},
	{"gid", "verify", "--root FILE [OPTIONS] FILE", "judges a GID and its chain",
	 trust_gid_verify_details, trust_verify},
	{"gid", "make", "--authority HRN --urn URN [OPTIONS]", "makes a GID for a key",
	 trust_gid_make_details, trust_gid_make},
	{0},
};

const struct cli_command cli_cred[] = {
	{"cred", "show", "[--json] FILE", "shows a credential", trust_show_details, trust_show},
	{"cred", "verify", "--root FILE [OPTIONS] FILE", "judges a credential",
	 trust_cred_verify_details, trust_verify},
	{"cred", "make", "--authority HRN --owner GID --target GID [OPTIONS]",
	 "gives somebody rights on something", trust_cred_make_details, trust_cred_make},
	{"cred", "delegate", "--key FILE --to GID [OPTIONS] FILE",
	 "hands rights that one has to another", trust_delegate_details, trust_cred_delegate},
	{"cred", "speaks-for", "--key FILE --user GID --tool GID [OPTIONS]",
	 "lets a tool act for a user", trust_speaksfor_details, trust_cred_speaksfor},
	{"cred", "vectors", "[--json] DIR...", "judges recorded documents", trust_vectors_details,
	 trust_vectors},
	{0},
};

const struct cli_command cli_ticket[] = {
	{"ticket", "show", "[--json] FILE", "shows a ticket", trust_show_details, trust_show},
	{"ticket", "verify", "--root FILE [OPTIONS] FILE", "judges a ticket",
	 trust_ticket_verify_details, trust_verify},
	{"ticket", "make",
	 "--authority HRN --owner GID --slice GID --component URN --epoch E [OPTIONS]",
	 "promises resources of a component to a slice", trust_ticket_make_details,
	 trust_ticket_make},
	{0},
};

const struct cli_command cli_authority[] = {
	{"authority", "create", "[OPTIONS] HRN", "makes an authority, its key and its GID",
	 trust_create_details, trust_authority_create},
	{"authority", "list", "[--dir DIR] [--json]", "lists the authorities of this machine",
	 trust_list_details, trust_authority_list},
	{"authority", "renew", "[OPTIONS] HRN", "renews an authority's GID for the same key",
	 trust_renew_details, trust_authority_renew},
	{0},
};
