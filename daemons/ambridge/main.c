/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/ambridge.h"

int main(int argc, char **argv)
{
	return dm_main(&ambridge_daemon, argc, argv);
}
