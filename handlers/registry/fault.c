/* SPDX-License-Identifier: ISC */
#include "handlers/registry/fault.h"

static const struct {
	const char *name;
	enum cc_code code;
} faults[REG_FAULT_COUNT] = {[REG_OK] = {"none", CC_CODE_INTERNAL},
#define X(id, text, word) [REG_##id] = {text, CC_CODE_##word},
			     REG_FAULTS(X)
#undef X
};

const char *reg_fault_name(enum reg_fault fault)
{
	return faults[fault].name;
}

enum cc_code reg_fault_code(enum reg_fault fault)
{
	return faults[fault].code;
}
