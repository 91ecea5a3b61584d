/* SPDX-License-Identifier: ISC */
#include "lib/base/util.h"

#include <unistd.h>

void cc_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
