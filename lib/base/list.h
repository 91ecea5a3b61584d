/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Intrusive doubly linked list with a sentinel: O(1) at both ends and on removal from the middle.
 */
#include <stdbool.h>
#include <stddef.h>

struct cc_list {
	struct cc_list *prev, *next;
};

static inline void cc_list_init(struct cc_list *head)
{
	head->prev = head->next = head;
}

static inline bool cc_list_empty(const struct cc_list *head)
{
	return head->next == head;
}

static inline void cc_list_add_tail(struct cc_list *head, struct cc_list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/** Unlinks node and leaves it a list of its own, so that removing it again is harmless. */
static inline void cc_list_remove(struct cc_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	cc_list_init(node);
}
