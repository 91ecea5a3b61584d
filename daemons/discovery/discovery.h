/* SPDX-License-Identifier: ISC */
#pragma once
#include "lib/daemon/daemon.h"

extern const struct dm_daemon discovery_daemon;
