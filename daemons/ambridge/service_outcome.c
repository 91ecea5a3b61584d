/* SPDX-License-Identifier: ISC */
/*
 * The one table of outcomes: what the classes of the registry (docs/handlers/registry.md) and the codes
 * of the bus (lib/cc/codes.h) are called in 2008, in faults of 2011 and 2019 (spec sfa 4.5) and in GENI
 * (spec geni-am 2).
 *
 * What has a class of the originals has its number; the others have that of the class whose place they
 * take: a credential that is refused is FORBIDDEN, as the original made of every failure of a
 * credential (in 2011: InsufficientRights).
 */
#include <string.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"

/* Numbers of 2019, which are GENI's, too. */
enum {
	BADARGS = 1,
	ERROR = 2,
	FORBIDDEN = 3,
	SERVERERROR = 5,
	TOOBIG = 6,
	REFUSED = 7,
	TIMEDOUT = 8,
	DBERROR = 9,
	UNAVAILABLE = 11,
	SEARCHFAILED = 12,
	UNSUPPORTED = 13,
	BUSY = 14,
	EXPIRED = 15,
	ALREADYEXISTS = 17,
	INVALID = 20,  /* credential */
	MISMATCH = 22, /* credential and certificate */
};

/* Of 2011. */
enum {
	NO_METHOD = 100,
	COUNT = 101,
	ARGUMENT = 102,
	DATABASE = 106,
	DENIED = 108,
	FAILED = 111,
	UNVERIFIABLE = 115,
};

static const struct ab_outcome outcomes[] = {
	/* classes */
	{"InvalidArgument", "InvalidRPCParams", NULL, BADARGS, ARGUMENT, BADARGS},
	{"InvalidArgumentCount", "InvalidRPCParams", NULL, BADARGS, COUNT, BADARGS},
	{"InvalidAPIMethod", "InvalidAPIMethod", NULL, UNSUPPORTED, NO_METHOD, UNSUPPORTED},
	{"MalformedHrn", "MalformedHrnException", NULL, ERROR, ARGUMENT, BADARGS},
	{"UnknownSfaType", "UnknownGeniType", NULL, ERROR, ARGUMENT, BADARGS},
	{"Forbidden", "PermissionError", "FORBIDDEN: ", FORBIDDEN, DENIED, FORBIDDEN},
	{"CredentialNotVerifiable", "CertMissingParent", NULL, BADARGS, UNVERIFIABLE, INVALID},
	{"CredentialRefused", "CertNotSignedByParent", "FORBIDDEN: ", FORBIDDEN, DENIED, INVALID},
	{"ConnectionKeyGIDMismatch", "ConnectionKeyGIDMismatch", NULL, ERROR, ARGUMENT, MISMATCH},
	/* the same, of a credential that is not the caller's */
	{"CredentialMismatch", "ConnectionKeyGIDMismatch", "FORBIDDEN: ", FORBIDDEN, DENIED,
	 MISMATCH},
	{"InsufficientRights", "InsufficientRights", "FORBIDDEN: ", FORBIDDEN, DENIED, FORBIDDEN},
	{"PermissionError", "PermissionError", NULL, FORBIDDEN, DENIED, FORBIDDEN},
	{"MissingAuthority", "MissingAuthority", NULL, ERROR, ARGUMENT, SEARCHFAILED},
	{"RecordNotFound", "RecordNotFound", NULL, ERROR, ARGUMENT, SEARCHFAILED},
	{"ExistingRecord", "ExistingRecord", NULL, REFUSED, FAILED, ALREADYEXISTS},
	{"NotEmpty", "TreeException", NULL, REFUSED, FAILED, REFUSED},
	{"RecordChanged", "RecordChanged", NULL, BUSY, DATABASE, BUSY},
	{"Expired", "Expired", NULL, EXPIRED, DENIED, EXPIRED},
	{"DBError", "DBError", NULL, DBERROR, DATABASE, DBERROR},
	/* ours: more than one answer holds */
	{"TooMany", "TooMany", NULL, TOOBIG, ARGUMENT, TOOBIG},
	/* codes, where no class says more */
	{"busy", "Busy", NULL, BUSY, FAILED, BUSY},
	{"noroute", "Unavailable", NULL, UNAVAILABLE, FAILED, UNAVAILABLE},
	{"unreachable", "Unavailable", NULL, UNAVAILABLE, FAILED, UNAVAILABLE},
	{"stale", "Busy", NULL, BUSY, FAILED, BUSY},
	{"replay", "Failed", NULL, SERVERERROR, FAILED, SERVERERROR},
	{"denied", "PermissionError", "FORBIDDEN: ", FORBIDDEN, DENIED, FORBIDDEN},
	{"realm", "Failed", NULL, SERVERERROR, FAILED, SERVERERROR},
	{"caller", "PermissionError", "FORBIDDEN: ", FORBIDDEN, DENIED, FORBIDDEN},
	{"bad-request", "InvalidRPCParams", NULL, BADARGS, ARGUMENT, BADARGS},
	{"not-found", "RecordNotFound", NULL, SEARCHFAILED, ARGUMENT, SEARCHFAILED},
	{"conflict", "Conflict", NULL, REFUSED, FAILED, REFUSED},
	{"unsupported", "InvalidAPIMethod", NULL, UNSUPPORTED, NO_METHOD, UNSUPPORTED},
	{"config", "Failed", NULL, SERVERERROR, FAILED, SERVERERROR},
	{"timeout", "Timeout", NULL, TIMEDOUT, FAILED, TIMEDOUT},
	{"internal", "Failed", NULL, SERVERERROR, FAILED, SERVERERROR},
};

static const struct ab_outcome *find(const char *word)
{
	for (size_t i = 0; word && i < CC_ARRAY_SIZE(outcomes); i++)
		if (strcmp(outcomes[i].word, word) == 0)
			return &outcomes[i];
	return NULL;
}

bool ab_outcome_is_known(const char *word)
{
	return find(word) != NULL;
}

const struct ab_outcome *ab_outcome_find(const char *word)
{
	const struct ab_outcome *o = find(word);

	return o ? o : &outcomes[CC_ARRAY_SIZE(outcomes) - 1];
}
