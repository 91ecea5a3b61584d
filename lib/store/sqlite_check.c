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

static int tell_foreign_key(void *arg, int n, char **columns, char **names)
{
	const struct finding *f = arg;
	char text[256];

	if (n < 3)
		return 0;
	snprintf(text, sizeof(text), "a row of %s refers to one of %s that is not there",
		 columns[0] ? columns[0] : "?", columns[2] ? columns[2] : "?");
	f->problem(f->arg, text);
	return 0;
}

static int ask(struct st_lite *l, const char *text, int (*tell)(void *, int, char **, char **),
	       struct finding *f)
{
	int code;

	st_lite_start(l);
	code = sqlite3_exec(l->db, text, tell, f, NULL);
	return code == SQLITE_OK ? 0 : st_lite_fail(l, code);
}

int st_lite_check(struct st_conn *c, void (*problem)(void *arg, const char *text), void *arg)
{
	struct st_lite *l = st_lite_of(c);
	struct finding f = {problem, arg};
	int r = ask(l, "PRAGMA integrity_check", tell_integrity, &f);

	return r ? r : ask(l, "PRAGMA foreign_key_check", tell_foreign_key, &f);
}
