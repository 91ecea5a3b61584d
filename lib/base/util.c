/* SPDX-License-Identifier: ISC */
#include "lib/base/util.h"

#include <stdlib.h>
#include <unistd.h>

void cc_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

#ifdef CC_SEEDED_BUGS
bool cc_bugs_are_seeded(void)
{
	static int seeded = -1;

	if (seeded < 0)
		seeded = getenv("CCFED_SEEDED_BUGS") != NULL;
	return seeded;
}
#endif
