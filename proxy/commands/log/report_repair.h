/* report_repair - the part of a report that repairs one chain: its boxes before and after, the steps for each kind of server
 * (repair_recipe), and the files that the steps name.
 */
#ifndef PROXY_COMMANDS_LOG_REPORT_REPAIR_H
#define PROXY_COMMANDS_LOG_REPORT_REPAIR_H

#include "proxy/commands/log/html.h"
#include "proxy/commands/log/report_certificates.h"

/* report_repair_write writes it for a line of the fix log that has the chains of a mend. `now`: seconds since 1970. */
void report_repair_write(struct html *html, struct report_certificates *certificates, const json_t *line, int64_t now);

#endif
