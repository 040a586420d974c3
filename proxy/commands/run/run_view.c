#include "proxy/commands/run/run_view.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy/admin/admin_listener.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/run/config_audit.h"
#include "proxy/control/file_rights.h"
#include "proxy/log/time_text.h"
#include "proxy/sites/site_set.h"
#include "proxy/system/privileges.h"

enum { MAX_ERROR_BYTES = 1024 * 1024 };

static void print_address(const struct output *output, const struct config_address *address)
{
	char text[CONFIG_ADDRESS_MAX];
	output_printf(output, STYLE_PLAIN, "%s", config_address_print(address->host, address->port, text));
}

static void print_label(const struct output *output, const char *label)
{
	output_printf(output, STYLE_DIM, "  %-9s", label);
}

static void print_listens(const struct output *output, const struct config_site *site)
{
	print_label(output, "listen");
	for (size_t i = 0; i < site->num_listens; i++) {
		output_printf(output, STYLE_PLAIN, "%s", i > 0 ? ", " : "");
		print_address(output, &site->listens[i]);
	}
	output_printf(output, STYLE_PLAIN, "\n");
}

static void print_names(const struct output *output, const struct config_site *site)
{
	print_label(output, "names");
	if (site->hostnames.count == 0)
		output_printf(output, STYLE_PLAIN, "those of its certificates");
	for (size_t i = 0; i < site->hostnames.count; i++)
		output_printf(output, STYLE_PLAIN, "%s%s", i > 0 ? ", " : "", site->hostnames.items[i]);
	output_printf(output, STYLE_PLAIN, "%s\n", site->is_default ? " (default)" : "");
}

static const char *verify_text(const struct config_site *site)
{
	switch (site->backend_verify) {
	case BACKEND_VERIFY_STRICT:
		return "verified as it is sent";
	case BACKEND_VERIFY_OFF:
		return "not verified";
	case BACKEND_VERIFY_MEND:
		break;
	}
	return "completed, then verified";
}

static void print_backends(const struct output *output, const struct config_site *site)
{
	for (size_t i = 0; i < site->num_backends; i++) {
		print_label(output, "backend");
		output_printf(output, STYLE_PLAIN, "%s", site->backends[i].tls ? "tls://" : "tcp://");
		print_address(output, &site->backends[i].address);
		if (site->backends[i].tls)
			output_printf(output, STYLE_DIM, "  its chain is %s", verify_text(site));
		output_printf(output, STYLE_PLAIN, "\n");
	}
}

static void print_chain(const struct output *output, const struct config *config, const struct config_site *config_site,
			const struct managed_site *site, size_t index)
{
	const struct certificate_list *chain = managed_site_chain(site, index);
	const struct certificate_list *given = managed_site_given(site, index);
	char day[TIME_TEXT_MAX];

	for (size_t i = 0; i < chain->count; i++) {
		const struct certificate_entry *entry = &chain->items[i];
		print_label(output, i == 0 ? "serves" : "");
		output_printf(output, i == 0 ? STYLE_BOLD : STYLE_PLAIN, "%*s%s", (int)(2 * i), "",
			      entry->certificate->subject);
		output_printf(output, STYLE_DIM, "  until %s, from %s\n",
			      time_text_print_day(entry->certificate->not_after, day),
			      certificate_source_name(entry->source));
	}
	if (config_site->mode == MODE_REPORT)
		output_printf(output, STYLE_DIM, "  %-9sas it is given (mode = report)\n", "");
	else if (!certificate_list_equal(chain, given))
		output_printf(output, STYLE_FIXED, "  %-9smended: the file gives %zu certificate%s\n", "", given->count,
			      given->count == 1 ? "" : "s");
	if (!managed_site_is_trusted(site, index))
		output_printf(output, STYLE_WARNING, "  %-9snot complete and trusted by what is here%s\n", "",
			      config->fetch ? ": what is missing is looked for once the proxy runs" : "");
}

static void print_site(const struct output *output, const struct config *config, const struct config_site *config_site,
		       const struct managed_site *site)
{
	output_printf(output, STYLE_BOLD, "site %s\n", config_site->name);
	print_listens(output, config_site);
	print_names(output, config_site);
	for (size_t i = 0; i < managed_site_num_certificates(site); i++)
		print_chain(output, config, config_site, site, i);
	if (managed_site_reading(site) == SITE_UNUSABLE) {
		print_label(output, "serves");
		output_printf(output, STYLE_WARNING, "nobody, until its files are right\n");
	} else if (config_site->certificate_is_backend) {
		print_label(output, "serves");
		output_printf(output, STYLE_PLAIN, "the certificate that the backend serves, once it is seen\n");
	}
	print_backends(output, config_site);
}

static int print_all(const struct site_set *set, size_t num_errors, FILE *file)
{
	size_t num_unusable = site_files_num_unusable(site_set_files(set));
	struct output output;

	output_init(&output, file);
	const struct config *config = site_set_config(set);
	for (size_t i = 0; i < site_set_count(set); i++)
		print_site(&output, config, &config->sites[i], site_set_get(set, i));
	if (num_unusable == 0 && num_errors == 0)
		output_printf(&output, STYLE_GOOD, "The configuration is good.\n");
	else if (num_unusable == 0)
		output_printf(&output, STYLE_WARNING,
			      "The configuration is good, but %zu error%s stand%s in what it names: see above.\n",
			      num_errors, num_errors == 1 ? "" : "s", num_errors == 1 ? "s" : "");
	else
		output_printf(&output, STYLE_WARNING,
			      "The configuration is good, but the files of %zu of its %zu sites are wrong.\n",
			      num_unusable, site_set_count(set));
	return fflush(file) == 0 ? STATUS_OK : STATUS_FAILED;
}

/* Says whether `run` would start: the files of at least one site can be used. */
static bool may_start(const struct site_set *set)
{
	return site_files_num_unusable(site_set_files(set)) < site_set_config(set)->num_sites;
}

/* Looks at the directories as the user of `run`: all that needs root's rights has been read. */
static size_t audit_places(const struct program_log *log, const struct config *config, struct buffer *errors)
{
	if (geteuid() == 0 && !privileges_drop(config->user, config->group, errors))
		return 1;
	return config_audit_places(log, config);
}

int run_view_check(struct config *take_config, const struct run_view_options *options, FILE *file, bool *out_held)
{
	struct program_log log;
	struct site_set_options set_options = {.log = &log};
	struct buffer errors;
	int status = STATUS_FAILED;

	*out_held = false;
	program_log_init(&log, STDERR_FILENO, take_config->log_level);
	buffer_init(&errors, MAX_ERROR_BYTES);
	bool good = privileges_check(take_config->user, take_config->group, &errors);
	good = admin_listener_check(take_config, &errors) && good;
	struct site_files *files = site_files_read(take_config, NULL, time(NULL), &errors);
	if (files != NULL)
		site_files_print_faults(files, &errors);
	struct site_set *set = files != NULL ? site_set_new(files) : NULL;
	size_t num_errors = 0;
	if (good && set != NULL && may_start(set) && site_set_build(set, &set_options, NULL, &errors)) {
		file_rights_log_open(&log, set);
		num_errors = config_audit_sites(&log, set, options->offline, out_held);
		num_errors += audit_places(&log, site_set_config(set), &errors);
		status = print_all(set, num_errors, file);
	}
	program_log_lines(&log, LOG_LEVEL_ERROR, buffer_text(&errors));
	if (options->strict && (errors.len > 0 || num_errors > 0))
		status = STATUS_FAILED;
	site_set_free(set);
	buffer_cleanup(&errors);
	return status;
}
