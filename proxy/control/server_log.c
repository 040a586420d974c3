#include "proxy/control/server_log.h"

#include "proxy/log/time_text.h"
#include <string.h>

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void server_log_stopped(const struct program_log *log, uint64_t num_cut)
{
	if (num_cut == 0)
		program_log_write(log, LOG_LEVEL_INFO, "stopped", "all connections are closed");
	else
		program_log_write(log, LOG_LEVEL_WARNING, "stopped",
				  "%llu connection%s that had not ended in time %s cut (drain_timeout); all others "
				  "ended by themselves",
				  (unsigned long long)num_cut, num_cut == 1 ? "" : "s", num_cut == 1 ? "was" : "were");
}

void server_log_start(const struct program_log *log, const struct listeners *listeners, size_t num_sites,
		      unsigned num_workers)
{
	char where[CONFIG_ADDRESS_MAX];

	for (size_t i = 0; i < listeners->count && i < SERVER_LOG_MAX_LISTENERS; i++) {
		const struct listen_socket *socket = listeners->sockets[i];
		program_log_write(log, LOG_LEVEL_INFO, "listening", "%s",
				  config_address_print(socket->host, socket->port, where));
	}
	if (listeners->count > SERVER_LOG_MAX_LISTENERS)
		program_log_write(log, LOG_LEVEL_INFO, "listening", "and at %zu more: %zu addresses in all",
				  listeners->count - SERVER_LOG_MAX_LISTENERS, listeners->count);
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

void server_log_reload(const struct program_log *log, const struct reload_lines *lines)
{
	program_log_lines(log, LOG_LEVEL_ERROR, lines->faults);
	if (lines->num_faulty > 0)
		program_log_write(log, LOG_LEVEL_WARNING, "reload",
				  "%s: done in part, %zu site%s: files are wrong, and %zu of what they are for %s on "
				  "with what was read before; they are looked at again by themselves",
				  lines->why, lines->num_sites, plural(lines->num_sites), lines->num_faulty,
				  lines->num_faulty == 1 ? "goes" : "go");
	else
		program_log_write(log, LOG_LEVEL_INFO, "reload", "%s: done, %zu site%s", lines->why, lines->num_sites,
				  plural(lines->num_sites));
	program_log_lines(log, LOG_LEVEL_INFO, lines->certificates);
}

static bool serves_leaf(const struct managed_site *site, const struct certificate *leaf)
{
	for (size_t i = 0; site != NULL && i < managed_site_num_certificates(site); i++) {
		if (certificate_equal(managed_site_chain(site, i)->items[0].certificate, leaf))
			return true;
	}
	return false;
}

/* The certificates that the former set serves, or those that it does not. */
struct certificate_lines {
	const struct site_set *former;
	bool are_new;
	size_t count; /* of all */
	struct buffer *out;
};

static void print_certificates_of(struct certificate_lines *lines, const struct managed_site *site)
{
	const struct managed_site *former = site_set_find(lines->former, managed_site_name(site));
	char day[TIME_TEXT_MAX];

	for (size_t i = 0; i < managed_site_num_certificates(site); i++) {
		const struct certificate *leaf = managed_site_chain(site, i)->items[0].certificate;
		if (serves_leaf(former, leaf) == lines->are_new || lines->count++ >= SERVER_LOG_MAX_CERTIFICATES)
			continue;
		struct error full = buffer_printf(
		    lines->out, "%s: serves %s, valid until %s%s\n", managed_site_name(site), leaf->subject,
		    time_text_print_day(leaf->not_after, day), lines->are_new ? ", new" : "");
		(void)full;
	}
}

void server_log_print_certificates(const struct site_set *former, const struct site_set *set, struct buffer *out)
{
	struct certificate_lines lines = {.former = former, .are_new = true, .out = out};

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < site_set_count(set); i++)
			print_certificates_of(&lines, site_set_get(set, i));
		lines.are_new = false;
	}
	if (lines.count <= SERVER_LOG_MAX_CERTIFICATES)
		return;
	struct error full =
	    buffer_printf(out, "reload: %zu more certificates are served\n", lines.count - SERVER_LOG_MAX_CERTIFICATES);
	(void)full;
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
