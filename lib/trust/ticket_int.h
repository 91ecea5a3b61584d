/* SPDX-License-Identifier: ISC */
#pragma once
/* What the writer and the reader of tickets share (ticket_read.c). */
#include "lib/trust/ticket.h"

/** Whether text is what its name says, by the rules of ticket.h. */
bool tr_ticket_is_serial(const char *text);
bool tr_ticket_is_epoch(const char *text);
bool tr_ticket_is_urn(const char *text);
bool tr_ticket_is_name(const char *text);
bool tr_ticket_is_key(const char *text);

/** Reads <ticket> into t. @return 0, CC_RULE_XML_ELEMENT, CC_RULE_XML_LIMIT, negative error. */
int tr_ticket_read(xmlNode *ticket, struct tr_ticket *t, struct cc_note *why);
