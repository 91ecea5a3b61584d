/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Privileges and the operations they cover: two tables, that of Geniwrapper (2008) and that of SFA
 * and GENI (spec sfa 3, geni-am 7). Names and operations compare without case.
 */
#include <stdbool.h>
#include <stdint.h>

enum tr_table { TR_TABLE_2008 = 1, TR_TABLE_SFA };

/* A set of operations; every operation that the tables name has a bit. */
typedef uint64_t tr_ops;
#define TR_OPS_ALL UINT64_MAX

#define TR_PRIVILEGES_MAX 64
#define TR_PRIVILEGE_NAME_MAX 63
struct tr_privilege {
	char name[TR_PRIVILEGE_NAME_MAX + 1];
	bool can_delegate;
};

/** The bit of an operation; 0: no table names it (nothing covers it but "*"). */
tr_ops tr_op(const char *name);
/** Names of a set, "a,b,c", cut to size; "*" for all. */
void tr_ops_text(tr_ops ops, char *out, unsigned long size);
/** What a privilege covers; 0: unknown, grants nothing. */
tr_ops tr_privilege_ops(enum tr_table table, const char *name);
/**
 * Whether the parent's privileges cover a child's in a delegation: one of them has the same name,
 * or covers all its operations. An unknown name is covered by the same name only. *delegatable: one
 * that covers it may be delegated. "*" is a privilege like any other here: expand it first.
 */
bool tr_privilege_covered(enum tr_table table, const char *name, const struct tr_privilege *parent,
			  unsigned n_parent, bool *delegatable);
/**
 * What "*" stands for on a target of this type ("slice": refresh, embed, bind, control, info;
 * "user": refresh, resolve, info; "authority": authority, sa, ma; "authority+ma", "+cm", "+sm":
 * authority, ma; "node": operator). Types as tr_urn_to_hrn has them. NULL-ended; an empty list for
 * other types.
 */
const char *const *tr_rights_of_type(const char *type);
/**
 * What a credential on a target of this type can grant at most (architecture section 5, rule 5):
 * those of its default rights, plus for "slice" sa's of TR_TABLE_SFA (in 2008 "sa" was everything)
 * and for "authority" and "authority+NAME" everything; sliver as slice.
 */
tr_ops tr_rights_most(enum tr_table table, const char *type);
