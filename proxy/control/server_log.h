/* server_log - the control thread's own lines in the program log: its start, its reloads, and the keys that a reload
 * cannot take over. */
#ifndef PROXY_CONTROL_SERVER_LOG_H
#define PROXY_CONTROL_SERVER_LOG_H

#include "conf/config.h"
#include "proxy/control/listeners.h"
#include "proxy/log/program_log.h"
#include "proxy/sites/site_set.h"

#define SERVER_LOG_MAX_LISTENERS 10 /* that have a line each */
#define SERVER_LOG_MAX_CERTIFICATES 20

void server_log_start(const struct program_log *log, const struct listeners *listeners, size_t num_sites,
		      unsigned num_workers);
/* server_log_max_connections warns when `most` is less than was `wanted`. */
void server_log_max_connections(const struct program_log *log, uint64_t wanted, uint64_t most, uint64_t max_files);

/* The content of the lines about a reload. */
struct reload_lines {
	const char *why; /* it came */
	size_t num_sites;
	size_t num_faulty; /* sites and global files that go on with what was read before */
	const char *faults; /* what is wrong with files, a line each */
	const char *certificates; /* what is served now, a line each */
};

void server_log_reload(const struct program_log *log, const struct reload_lines *lines);

/* server_log_print_certificates appends a line for each certificate that `set` serves, SERVER_LOG_MAX_CERTIFICATES at
 * the most: first those that `former` does not serve. */
void server_log_print_certificates(const struct site_set *former, const struct site_set *set, struct buffer *out);

/* server_log_stopped is the last line. `num_cut`: connections that did not end by themselves. */
void server_log_stopped(const struct program_log *log, uint64_t num_cut);

/* server_log_fixed_keys names what differs and takes effect at the next start alone. `other_workers`: so do they. */
void server_log_fixed_keys(const struct program_log *log, const struct config *former, const struct config *config,
			   bool other_workers);

#endif
