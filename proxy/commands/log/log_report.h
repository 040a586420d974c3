/* log_report - writes a page for the operator of a broken server: what is wrong, since when, what chainmend does
 * meanwhile, the steps that repair it, and the certificates to import.
 *
 * The page needs nothing but itself: no script, no picture, no address to load from. All that comes out of the log or a
 * certificate is escaped.
 */
#ifndef PROXY_COMMANDS_LOG_LOG_REPORT_H
#define PROXY_COMMANDS_LOG_LOG_REPORT_H

#include "proxy/commands/log/log_summary.h"

#define LOG_REPORT_MAX_BYTES ((size_t)64 * 1024 * 1024)

struct log_report_options {
	const char *path; /* of the page, "-": standard output; NULL: none is wanted */
	const char *cache; /* the directory that intermediates are taken from; NULL: none */
};

/* log_report_write writes the page, whole or not at all. False, with a message on stderr, on errors. */
bool log_report_write(const struct log_summary *summary, const struct log_report_options *options);

#endif
