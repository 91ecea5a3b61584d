/* SPDX-License-Identifier: ISC */
/* Names, counters and words of the gate's verdicts. */
#include <pthread.h>
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/cc/caller.h"
#include "lib/cc/envelope.h"
#include "lib/cc/gate.h"

static const char *const verdict_names[CC_GATE_VERDICTS] = {
	[CC_GATE_PASS] = "pass",
	[CC_GATE_SHAPE] = "shape",
	[CC_GATE_ENCRYPTED] = "encrypted",
	[CC_GATE_CLEAR] = "clear",
	[CC_GATE_UNSIGNED] = "unsigned",
	[CC_GATE_CMS] = "cms",
	[CC_GATE_JSON] = "json",
	[CC_GATE_HIJACKED] = "hijacked",
	[CC_GATE_FIELD] = "field",
	[CC_GATE_STALE] = "stale",
	[CC_GATE_BLOB_ALG] = "blob-alg",
	[CC_GATE_BLOB_HASH] = "blob-hash",
	[CC_GATE_BLOB_UNHASHED] = "blob-unhashed",
	[CC_GATE_BLOB_MISSING] = "blob-missing",
	[CC_GATE_NO_ID] = "no-id",
	[CC_GATE_ANSWER] = "answer",
	[CC_GATE_EXPIRED] = "expired",
	[CC_GATE_REALM] = "realm",
	[CC_GATE_REPLAY] = "replay",
	[CC_GATE_FULL] = "replay-full",
	[CC_GATE_POLICY] = "policy",
	[CC_GATE_SERVER] = "server",
	[CC_GATE_LOCAL] = "local",
	[CC_GATE_CALLER] = "caller",
	[CC_GATE_ERROR] = "error",
};

static const char *const json_names[] = {
	[CC_JSON_SYNTAX] = "syntax",
	[CC_JSON_TOO_DEEP] = "too-deep",
	[CC_JSON_DUPLICATE] = "duplicate-key",
	[CC_JSON_NOT_OBJECT] = "not-object",
};

static const char *const caller_names[] = {
	[CC_CALLER_FORBIDDEN] = "forbidden",   [CC_CALLER_MISSING] = "missing",
	[CC_CALLER_NAMESPACE] = "namespace",   [CC_CALLER_OPERATION] = "operation",
	[CC_CALLER_UNREADABLE] = "unreadable",
};

/* Counters in an array: plain verdicts first, then those with a fault, each fault on its own. */
enum {
	SHAPE_BASE = CC_GATE_VERDICTS,
	CMS_BASE = SHAPE_BASE + CC_MSG_FAULT_COUNT,
	JSON_BASE = CMS_BASE + CC_CMS_FAULT_COUNT,
	CALLER_BASE = JSON_BASE + CC_ARRAY_SIZE(json_names),
	COUNTERS = CALLER_BASE + CC_ARRAY_SIZE(caller_names),
};
_Static_assert(COUNTERS <= CC_GATE_COUNTERS, "CC_GATE_COUNTERS is too small");

unsigned cc_gate_counter_index(enum cc_verdict verdict, int fault)
{
	switch (verdict) {
	case CC_GATE_SHAPE:
		return SHAPE_BASE + (unsigned)fault;
	case CC_GATE_CMS:
		return CMS_BASE + (unsigned)fault;
	case CC_GATE_JSON:
		return JSON_BASE + (unsigned)fault;
	case CC_GATE_CALLER:
		return CALLER_BASE + (unsigned)fault;
	default:
		return verdict;
	}
}

static char counter_names[CC_GATE_COUNTERS][40];

static void name_counters(void)
{
	for (unsigned i = CC_GATE_PASS; i < SHAPE_BASE; i++)
		if (i != CC_GATE_SHAPE && i != CC_GATE_CMS && i != CC_GATE_JSON &&
		    i != CC_GATE_CALLER)
			snprintf(counter_names[i], sizeof(counter_names[i]), "%s",
				 verdict_names[i]);
	for (int f = 1; f < CC_MSG_FAULT_COUNT; f++)
		snprintf(counter_names[SHAPE_BASE + f], sizeof(counter_names[0]), "shape.%s",
			 cc_msg_fault_name(f));
	for (int f = 1; f < CC_CMS_FAULT_COUNT; f++)
		snprintf(counter_names[CMS_BASE + f], sizeof(counter_names[0]), "cms.%s",
			 cc_cms_fault_name(f));
	for (unsigned f = 1; f < CC_ARRAY_SIZE(json_names); f++)
		snprintf(counter_names[JSON_BASE + f], sizeof(counter_names[0]), "json.%s",
			 json_names[f]);
	for (unsigned f = 1; f < CC_ARRAY_SIZE(caller_names); f++)
		snprintf(counter_names[CALLER_BASE + f], sizeof(counter_names[0]), "caller.%s",
			 caller_names[f]);
}

const char *cc_gate_counter_at(unsigned i)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, name_counters);
	return i < COUNTERS && counter_names[i][0] ? counter_names[i] : NULL;
}

const char *cc_gate_counter(enum cc_verdict verdict, int fault)
{
	const char *name = cc_gate_counter_at(cc_gate_counter_index(verdict, fault));

	return name ? name : verdict_names[CC_GATE_ERROR];
}

enum cc_code cc_gate_code(enum cc_verdict verdict)
{
	switch (verdict) {
	case CC_GATE_EXPIRED: /* nobody waits any more */
		return CC_CODE_COUNT;
	case CC_GATE_STALE:
		return CC_CODE_STALE;
	case CC_GATE_REPLAY:
		return CC_CODE_REPLAY;
	case CC_GATE_FULL:
		return CC_CODE_BUSY;
	case CC_GATE_REALM:
		return CC_CODE_REALM;
	case CC_GATE_POLICY:
	case CC_GATE_LOCAL:
		return CC_CODE_DENIED;
	case CC_GATE_CALLER:
		return CC_CODE_CALLER;
	case CC_GATE_ERROR:
		return CC_CODE_INTERNAL;
	default:
		return CC_CODE_BAD_REQUEST;
	}
}
