#include "proxy/control/server_log.h"

#include <string.h>

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void server_log_start(const struct program_log *log, const struct listeners *listeners, size_t num_sites,
		      unsigned num_workers)
{
	char where[CONFIG_ADDRESS_MAX];

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listen_socket *socket = listeners->sockets[i];
		program_log_write(log, LOG_LEVEL_INFO, "listening", "%s",
				  config_address_print(socket->host, socket->port, where));
	}
	program_log_write(log, LOG_LEVEL_INFO, "started", "%zu site%s, %u worker%s", num_sites, plural(num_sites),
			  num_workers, plural(num_workers));
}

void server_log_max_connections(const struct program_log *log, uint64_t wanted, uint64_t most, uint64_t max_files)
{
	if (most >= wanted)
		return;
	program_log_write(
	    log, LOG_LEVEL_WARNING, "max_connections",
	    "%llu connections need more than the %llu open files that are allowed: more than %llu have to "
	    "wait. Raise the limit: ulimit -n, or LimitNOFILE in the service's unit",
	    (unsigned long long)wanted, (unsigned long long)max_files, (unsigned long long)most);
}

void server_log_reload(const struct program_log *log, const char *why, size_t num_sites)
{
	program_log_write(log, LOG_LEVEL_INFO, "reload", "%s: done, %zu site%s", why, num_sites, plural(num_sites));
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void server_log_fixed_keys(const struct program_log *log, const struct config *former, const struct config *config,
			   bool other_workers)
{
	const struct {
		const char *key;
		bool differs;
	} fixed[] = {
	    {"workers", other_workers},
	    {"user", !same_text(config->user, former->user)},
	    {"group", !same_text(config->group, former->group)},
	    {"max_connections", config->max_connections != former->max_connections},
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (fixed[i].differs)
			program_log_write(log, LOG_LEVEL_WARNING, fixed[i].key,
					  "the new value takes effect at the next start");
	}
}
