/* check_report_view - prints the result of check for a person, on stdout. */
#ifndef PROXY_COMMANDS_CHECK_CHECK_REPORT_VIEW_H
#define PROXY_COMMANDS_CHECK_CHECK_REPORT_VIEW_H

#include "proxy/commands/check/check_report.h"

/* check_report_view_print: there is at least one chain. */
void check_report_view_print(const struct check_report *report);

#endif
