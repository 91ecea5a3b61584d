/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A growing octet buffer with a hard maximum. After the first failure every call fails the same
 * way.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct cc_buf {
	uint8_t *
		data; /* len octets, always followed by a NUL that len does not count (NULL when empty) */
	size_t len;
	size_t cap;
	size_t max; /* 0: CC_MSG_MAX */
	int err;    /* 0 or the first failure */
};

#define CC_BUF_INIT(maximum)                                                                       \
	{                                                                                          \
		.max = (maximum)                                                                   \
	}

/** Frees the data; the buffer is empty and usable again. For cc_cleanup too. */
void cc_buf_deinit(struct cc_buf *b);
/** Forgets the content, keeps the memory, clears err. */
void cc_buf_reset(struct cc_buf *b);
/** @return 0, -CC_ENOMEM, -CC_ELIMIT. */
int cc_buf_put(struct cc_buf *b, const void *data, size_t len);
int cc_buf_puts(struct cc_buf *b, const char *s);
int cc_buf_printf(struct cc_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/**
 * Makes room for len more octets and returns where to write them; NULL on failure. Add with b->len.
 */
uint8_t *cc_buf_reserve(struct cc_buf *b, size_t len);
/** Takes the data (caller frees; NUL-terminated); NULL when err is set or on no memory. */
char *cc_buf_take(struct cc_buf *b);
