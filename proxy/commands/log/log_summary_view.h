/* log_summary_view - prints a log's summary, for a person and as JSON. */
#ifndef PROXY_COMMANDS_LOG_LOG_SUMMARY_VIEW_H
#define PROXY_COMMANDS_LOG_LOG_SUMMARY_VIEW_H

#include "proxy/cli/output.h"
#include "proxy/commands/log/log_summary.h"

#define LOG_SUMMARY_SHOWN 10 /* open findings of a site that are shown in full, infos apart */

void log_summary_view_print(const struct output *output, const struct log_summary *summary);

/* log_summary_view_json: lines, first, last, sites. A new reference, NULL when out of memory. */
json_t *log_summary_view_json(const struct log_summary *summary);

#endif
