/* SPDX-License-Identifier: ISC */
#include "lib/trust/rights.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/name_int.h"

/* Every operation that a table names; its place is its bit. */
#define OPERATIONS(X)                                                                              \
	X(register)                                                                                \
	X(remove)                                                                                  \
	X(update)                                                                                  \
	X(resolve)                                                                                 \
	X(list)                                                                                    \
	X(getcredential)                                                                           \
	X(getticket)                                                                               \
	X(redeemslice)                                                                             \
	X(redeemticket)                                                                            \
	X(createslice)                                                                             \
	X(createsliver)                                                                            \
	X(deleteslice)                                                                             \
	X(deletesliver)                                                                            \
	X(updateslice)                                                                             \
	X(getsliceresources)                                                                       \
	X(loanresources)                                                                           \
	X(stopslice)                                                                               \
	X(startslice)                                                                              \
	X(renewsliver)                                                                             \
	X(resetslice)                                                                              \
	X(listslices)                                                                              \
	X(listcomponentresources)                                                                  \
	X(listnodes)                                                                               \
	X(getpolicy)                                                                               \
	X(sliverstatus)                                                                            \
	X(shutdown)                                                                                \
	X(getgids)                                                                                 \
	X(gettrustedcerts)                                                                         \
	X(setbootstate)                                                                            \
	X(getbootstate)                                                                            \
	X(reboot)

#define AS_NUMBER(name) OP_##name,
#define AS_TEXT(name) #name,

enum { OPERATIONS(AS_NUMBER) OP_COUNT };
_Static_assert(OP_COUNT < 64, "the last bit is of TR_OPS_ALL alone");

static const char *const op_names[OP_COUNT] = {OPERATIONS(AS_TEXT)};

#define OP(name) ((tr_ops)1 << OP_##name)

/* Both tables of spec sfa 3, row by row; 0: the table has no such row. */
static const struct {
	const char *name;
	tr_ops of_2008, of_sfa;
} privileges[] = {
	/* the list of SFA's "authority" ends in "*" */
	{"authority", TR_OPS_ALL, TR_OPS_ALL},
	{"sa", TR_OPS_ALL,
	 OP(getticket) | OP(redeemslice) | OP(redeemticket) | OP(createslice) | OP(createsliver) |
		 OP(deleteslice) | OP(deletesliver) | OP(updateslice) | OP(getsliceresources) |
		 OP(loanresources) | OP(stopslice) | OP(startslice) | OP(renewsliver) |
		 OP(resetslice) | OP(listslices) | OP(listnodes) | OP(getpolicy) |
		 OP(sliverstatus)},
	{"ma", TR_OPS_ALL,
	 OP(setbootstate) | OP(getbootstate) | OP(reboot) | OP(getgids) | OP(gettrustedcerts)},
	{"refresh", OP(remove) | OP(update), OP(remove) | OP(update)},
	{"resolve", OP(resolve) | OP(list) | OP(getcredential),
	 OP(resolve) | OP(list) | OP(getcredential)},
	{"embed", OP(getticket) | OP(createslice) | OP(deleteslice) | OP(updateslice),
	 OP(getticket) | OP(redeemslice) | OP(redeemticket) | OP(createslice) | OP(createsliver) |
		 OP(renewsliver) | OP(deleteslice) | OP(deletesliver) | OP(updateslice) |
		 OP(sliverstatus) | OP(getsliceresources) | OP(shutdown)},
	{"bind", OP(getticket) | OP(loanresources),
	 OP(getticket) | OP(loanresources) | OP(redeemticket)},
	{"control",
	 OP(updateslice) | OP(stopslice) | OP(startslice) | OP(deleteslice) | OP(resetslice),
	 OP(updateslice) | OP(createslice) | OP(createsliver) | OP(renewsliver) | OP(sliverstatus) |
		 OP(stopslice) | OP(startslice) | OP(deleteslice) | OP(deletesliver) |
		 OP(resetslice) | OP(getsliceresources) | OP(getgids)},
	{"info", OP(listslices) | OP(listcomponentresources) | OP(getsliceresources),
	 OP(listslices) | OP(listnodes) | OP(getpolicy)},
	{"operator", 0, OP(gettrustedcerts) | OP(getgids)},
	{"*", 0,
	 OP(createsliver) | OP(deletesliver) | OP(sliverstatus) | OP(renewsliver) | OP(shutdown)},
};

/* What a principal of that type is given over itself (spec sfa 3, geni-am 7). */
static const struct {
	const char *type;
	const char *rights[6];
} rights_of[] = {
	{"slice", {"refresh", "embed", "bind", "control", "info"}},
	{"user", {"refresh", "resolve", "info"}},
	{"authority", {"authority", "sa", "ma"}},
	{"authority+ma", {"authority", "ma"}},
	{"authority+cm", {"authority", "ma"}},
	{"authority+sm", {"authority", "ma"}},
	{"node", {"operator"}},
};

static bool is_same(const char *a, const char *b)
{
	return tr_same(tr_part_of(a), tr_part_of(b));
}

tr_ops tr_op(const char *name)
{
	for (unsigned i = 0; i < OP_COUNT; i++)
		if (is_same(name, op_names[i]))
			return (tr_ops)1 << i;
	return 0;
}

void tr_ops_text(tr_ops ops, char *out, unsigned long size)
{
	unsigned long len = 0;

	if (size == 0)
		return;
	if (ops == TR_OPS_ALL) {
		snprintf(out, size, "*");
		return;
	}
	out[0] = 0;
	for (unsigned i = 0; i < OP_COUNT && len < size; i++)
		if (ops >> i & 1)
			len += (unsigned long)snprintf(out + len, size - len, "%s%s",
						       len > 0 ? "," : "", op_names[i]);
}

tr_ops tr_privilege_ops(enum tr_table table, const char *name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(privileges); i++)
		if (is_same(name, privileges[i].name))
			return table == TR_TABLE_2008  ? privileges[i].of_2008
			       : table == TR_TABLE_SFA ? privileges[i].of_sfa
						       : 0;
	return 0;
}

bool tr_privilege_covered(enum tr_table table, const char *name, const struct tr_privilege *parent,
			  unsigned n_parent, bool *delegatable)
{
	tr_ops ops = tr_privilege_ops(table, name);
	bool covered = false, may = false;

	for (unsigned i = 0; i < n_parent; i++) {
		if (!is_same(name, parent[i].name) &&
		    (ops == 0 || (ops & ~tr_privilege_ops(table, parent[i].name)) != 0))
			continue;
		covered = true;
		may = may || parent[i].can_delegate;
	}
	*delegatable = may;
	return covered;
}

const char *const *tr_rights_of_type(const char *type)
{
	static const char *const none[] = {NULL};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rights_of); i++)
		if (strcmp(type, rights_of[i].type) == 0)
			return rights_of[i].rights;
	return none;
}

static bool is_authority(const char *type)
{
	return tr_type_is_authority((struct tr_part){type, strcspn(type, "+")});
}

/*
 * The table of 2008 gives "sa" everything, meaning everything on slices: what that is, only the
 * later one says.
 */
tr_ops tr_rights_most(enum tr_table table, const char *type)
{
	bool slice = strcmp(type, "slice") == 0 || strcmp(type, "sliver") == 0;
	tr_ops ops = slice ? tr_privilege_ops(TR_TABLE_SFA, "sa") : 0;

	if (is_authority(type))
		return TR_OPS_ALL;
	for (const char *const *r = tr_rights_of_type(slice ? "slice" : type); *r; r++)
		ops |= tr_privilege_ops(table, *r);
	return ops;
}
