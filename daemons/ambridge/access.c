/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/access.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define WORD_MAX 300

int ab_access_open(struct ab_access *a, const char *path, struct cc_note *why)
{
	int fd = -1;

	if (*path) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
		if (fd < 0)
			return cc_note_set(why, CC_ESYS, "access-log = %.160s: %s", path,
					   strerror(errno));
	}
	ab_access_close(a);
	a->fd = fd;
	return 0;
}

void ab_access_close(struct ab_access *a)
{
	cc_closep(&a->fd);
	a->fd = -1;
}

/* A client's words stay one word: what is no printable character, or a blank, is '?'. */
static const char *word(const char *text, char out[WORD_MAX])
{
	size_t n = 0;

	for (; text && text[n] && n + 1 < WORD_MAX; n++)
		out[n] = text[n] > ' ' && text[n] < 0x7f ? text[n] : '?';
	if (n == 0)
		out[n++] = '-';
	out[n] = '\0';
	return out;
}

void ab_access_text(const struct ab_access_line *l, char out[AB_ACCESS_TEXT])
{
	char urn[WORD_MAX], method[WORD_MAX], fault[32] = "-";

	if (l->is_fault)
		snprintf(fault, sizeof(fault), "%d", l->fault);
	snprintf(out, AB_ACCESS_TEXT, "%s %s %s %s.%s %u %s %" PRId64 ".%03" PRId64 " %" PRIu64,
		 l->address ? l->address : "-", word(l->urn, urn), l->listener ? l->listener : "-",
		 l->service ? l->service : "-", word(l->method, method), l->status, fault,
		 l->us / 1000, l->us % 1000, l->octets);
}

void ab_access_note(struct ab_access *a, const struct ab_access_line *line)
{
	char text[AB_ACCESS_TEXT], whole[AB_ACCESS_TEXT + 64], date[32];
	int n;

	if (a->fd < 0 && !cc_log_on(CC_LOG_INFO))
		return;
	ab_access_text(line, text);
	if (a->fd < 0) {
		cc_info("access %s", text);
		return;
	}
	n = snprintf(whole, sizeof(whole), "%s %s\n", cc_clock_text(cc_clock_seconds(), date),
		     text);
	if (n > 0 && cc_file_write_all(a->fd, whole, (size_t)n) != 0) {
		unsigned held;

		if (cc_log_allowed("access-log", "", 0, &held))
			cc_error("the access log cannot be written: %s", strerror(errno));
	}
}
