/* SPDX-License-Identifier: ISC */
/* SQLite: what it says of its own file. */
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/store/sqlite_int.h"

struct finding {
	void (*problem)(void *arg, const char *text);
	void *arg;
};

static int tell_integrity(void *arg, int n, char **columns, char **names)
{
	const struct finding *f = arg;
	char text[256];

	if (n < 1 || !columns[0] || strcmp(columns[0], "ok") == 0)
		return 0;
	snprintf(text, sizeof(text), "integrity_check: %s", columns[0]);
	f->problem(f->arg, text);
	return 0;
}

int st_lite_check(struct st_conn *c, void (*problem)(void *arg, const char *text), void *arg)
{
	struct st_lite *l = st_lite_of(c);
	struct finding f = {problem, arg};
	int code;

	st_lite_start(l);
	code = sqlite3_exec(l->db, "PRAGMA integrity_check", tell_integrity, &f, NULL);
	return code == SQLITE_OK ? 0 : st_lite_fail(l, code);
}
