/* SPDX-License-Identifier: ISC */
#include "handlers/table.h"

extern const struct cc_handler aggregate_handler;
extern const struct cc_handler delay_handler;
extern const struct cc_handler disposer_handler;
extern const struct cc_handler echo_handler;
extern const struct cc_handler filter_handler;
extern const struct cc_handler jobmgr_handler;
extern const struct cc_handler locallogger_handler;
extern const struct cc_handler proxy_handler;
extern const struct cc_handler registry_handler;

const struct cc_handler *const handler_table[] = {
	&aggregate_handler,   &delay_handler,
	&disposer_handler,    &echo_handler,
	&filter_handler,      &jobmgr_handler,
	&locallogger_handler, &proxy_handler,
	&registry_handler,    NULL,
};
