/* log_table - prints the lines of a fix log for a person: a table that fits the terminal, repeats folded into one row. */
#ifndef PROXY_COMMANDS_LOG_LOG_TABLE_H
#define PROXY_COMMANDS_LOG_LOG_TABLE_H

#include "proxy/cli/output.h"
#include "proxy/commands/log/log_history.h"

struct log_table {
	const struct output *output; /* borrowed */
	unsigned site_columns;
	size_t num_rows;
};

/* log_table_print prints a history (by_event) in the order of the last times. False when out of memory. */
bool log_table_print(struct log_table *table, const struct log_history *history);

/* log_table_print_row prints one row; of a repeated one the new columns alone. */
void log_table_print_row(struct log_table *table, const struct log_finding *finding, bool repeated);

#endif
