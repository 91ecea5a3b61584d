/* SPDX-License-Identifier: ISC */
#include "lib/store/linefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/store/line.h"

#define PIECE (256u << 10)

static int note_errno(const struct st_linefile *f, const char *verb, struct cc_note *why)
{
	return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS, "cannot %s %s: %s", verb,
			   f->path, strerror(errno));
}

void st_linefile_deinit(struct st_linefile *f)
{
	uint8_t unused[ST_SHA];

	if (f->temp)
		unlink(f->temp);
	if (f->fd >= 0)
		close(f->fd);
	if (f->sha.ctx)
		(void)st_sha_end(&f->sha, unused);
	cc_buf_deinit(&f->buf);
	free(f->temp);
	f->temp = NULL;
	f->fd = -1;
}

static void begin(struct st_linefile *f, const char *path)
{
	*f = (struct st_linefile){.path = path, .fd = -1, .buf = CC_BUF_INIT(ST_LINE_MAX + PIECE)};
	st_sha_begin(&f->sha);
}

/* ---- writing ---- */

int st_linefile_create(struct st_linefile *f, const char *path, struct cc_note *why)
{
	begin(f, path);
	if (asprintf(&f->temp, "%s.XXXXXX", path) < 0) {
		f->temp = NULL;
		return cc_note_set(why, CC_ENOMEM, "no memory");
	}
	f->fd = mkostemp(f->temp, O_CLOEXEC); /* mode 0600 */
	if (f->fd >= 0)
		return 0;
	free(f->temp);
	f->temp = NULL;
	return cc_note_set(why, CC_ESYS, "cannot create a file beside %s: %s", path,
			   strerror(errno));
}

struct cc_buf *st_linefile_buf(struct st_linefile *f)
{
	return &f->buf;
}

static int write_out(struct st_linefile *f, struct cc_note *why)
{
	if (f->buf.err)
		return cc_note_set(why, -f->buf.err, "a row is too long for %s, or no memory",
				   f->path);
	st_sha_put(&f->sha, f->buf.data, f->buf.len);
	if (cc_file_write_all(f->fd, f->buf.data, f->buf.len) < 0)
		return note_errno(f, "write", why);
	cc_buf_reset(&f->buf);
	return 0;
}

int st_linefile_flush(struct st_linefile *f, struct cc_note *why)
{
	return f->buf.len >= PIECE || f->buf.err ? write_out(f, why) : 0;
}

int st_linefile_digest(struct st_linefile *f, char out[2 * ST_SHA + 1], struct cc_note *why)
{
	int r = write_out(f, why);

	return r ? r : st_linefile_sum(f, out);
}

static int sync_folder(const struct st_linefile *f, struct cc_note *why)
{
	const char *slash = strrchr(f->path, '/');
	cc_cleanup(cc_freep) char *folder =
		slash ? strndup(f->path, (size_t)(slash - f->path) + 1) : strdup(".");
	cc_cleanup(cc_closep) int fd = -1;

	if (!folder)
		return cc_note_set(why, CC_ENOMEM, "no memory");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? note_errno(f, "sync the folder of", why) : 0;
}

int st_linefile_finish(struct st_linefile *f, struct cc_note *why)
{
	int r = write_out(f, why);

	if (r)
		return r;
	/* close(2) tells of a full disk, too, on network file systems */
	r = fsync(f->fd);
	r |= close(f->fd);
	f->fd = -1;
	if (r || rename(f->temp, f->path) < 0)
		return note_errno(f, "write", why);
	free(f->temp);
	f->temp = NULL;
	return sync_folder(f, why);
}

/* ---- reading ---- */

int st_linefile_open(struct st_linefile *f, const char *path, struct cc_note *why)
{
	begin(f, path);
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return f->fd < 0 ? note_errno(f, "open", why) : 0;
}

static int read_more(struct st_linefile *f, struct cc_note *why)
{
	uint8_t *to = cc_buf_reserve(&f->buf, PIECE);
	ssize_t n = to ? cc_file_read_up_to(f->fd, to, PIECE) : 0;

	if (!to)
		return cc_note_set(why, CC_ENOMEM, "no memory to read %s", f->path);
	if (n < 0)
		return note_errno(f, "read", why);
	f->buf.len += (size_t)n;
	f->ended = n == 0;
	return 0;
}

static void drop_taken(struct st_linefile *f)
{
	if (!f->taken)
		return;
	f->buf.len -= f->taken;
	memmove(f->buf.data, f->buf.data + f->taken, f->buf.len);
	f->taken = 0;
}

int st_linefile_next(struct st_linefile *f, size_t max, const char **line, size_t *len,
		     struct cc_note *why)
{
	size_t from = f->taken; /* nothing before is a line feed */

	for (;;) {
		const uint8_t *feed = f->buf.len > from
					      ? memchr(f->buf.data + from, '\n', f->buf.len - from)
					      : NULL;
		int r;

		if (feed) {
			*line = (const char *)f->buf.data + f->taken;
			*len = (size_t)(feed - (f->buf.data + f->taken));
			f->taken += *len + 1;
			return *len > max ? cc_note_set(why, CC_ELIMIT, "%s: a line is too long",
							f->path)
					  : 1;
		}
		drop_taken(f);
		from = f->buf.len;
		if (f->ended)
			return from ? cc_note_set(why, CC_EFORMAT, "%s is cut off", f->path) : 0;
		if (from > max)
			return cc_note_set(why, CC_ELIMIT, "%s: a line is too long", f->path);
		r = read_more(f, why);
		if (r)
			return r;
	}
}

void st_linefile_count(struct st_linefile *f, const char *line, size_t len)
{
	st_sha_put(&f->sha, line, len);
	st_sha_put(&f->sha, "\n", 1);
}

int st_linefile_sum(struct st_linefile *f, char out[2 * ST_SHA + 1])
{
	uint8_t sum[ST_SHA];
	int r = st_sha_end(&f->sha, sum);

	if (!r)
		st_hex(sum, ST_SHA, out);
	return r;
}
