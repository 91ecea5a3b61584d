/* SPDX-License-Identifier: ISC */
#include "daemons/discovery/discovery.h"

int main(int argc, char **argv)
{
	return dm_main(&discovery_daemon, argc, argv);
}
