/* SPDX-License-Identifier: ISC */
#pragma once
/* What zap.c and zap_rules.c share. */
#include "ccserver/zap.h"
#include "ccserver/zap_net.h"

struct srv_zap_rules {
	struct srv_net *nets; /* none: any address */
	size_t n_nets;
	uint8_t (*keys)[CC_CURVE_KEY]; /* none: any key */
	size_t n_keys;
	bool curve;
	struct cc_curve_pair own; /* of this server, with curve */
};
