/* server_log - the control thread's own lines in the program log: its start, its reloads, and what it cannot take
 * over. */
#ifndef PROXY_CONTROL_SERVER_LOG_H
#define PROXY_CONTROL_SERVER_LOG_H

#include "conf/config.h"
#include "proxy/control/listeners.h"
#include "proxy/log/program_log.h"

void server_log_start(const struct program_log *log, const struct listeners *listeners, size_t num_sites,
		      unsigned num_workers);
/* server_log_max_connections warns when `most` is less than was `wanted`. */
void server_log_max_connections(const struct program_log *log, uint64_t wanted, uint64_t most, uint64_t max_files);
void server_log_reload(const struct program_log *log, const char *why, size_t num_sites);

/* server_log_fixed_keys names what differs and takes effect at the next start alone. `other_workers`: so do they. */
void server_log_fixed_keys(const struct program_log *log, const struct config *former, const struct config *config,
			   bool other_workers);

#endif
