/* report_repair - the part of a report that repairs one chain: its boxes before and after, the steps for each kind of server
 * (repair_recipe), and the files that the steps name.
 */
#ifndef PROXY_COMMANDS_LOG_REPORT_REPAIR_H
#define PROXY_COMMANDS_LOG_REPORT_REPAIR_H

#include "proxy/commands/log/html.h"
#include "proxy/commands/log/report_certificates.h"
#include "proxy/commands/log/report_seen.h"

/* The page that is written. All borrowed. */
struct report_repair {
	struct html *html;
	struct report_certificates *certificates;
	struct report_seen *seen; /* chains and files that the page has already: they are referred to */
	int64_t now; /* seconds since 1970 */
};

/* report_repair_write writes it for a line of the fix log that has the chains of a mend. */
void report_repair_write(const struct report_repair *page, const json_t *line);

#endif
