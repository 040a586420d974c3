#include "proxy/admin/metrics.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/base.h>

#include "proxy/admin/chain_metrics.h"
#include "proxy/admin/mend_metrics.h"
#include "proxy/admin/reload_metrics.h"
#include "proxy/admin/scrape.h"
#include "proxy/admin/site_state.h"

#define METRICS_STRING(text) METRICS_STRING_OF(text)
#define METRICS_STRING_OF(text) #text

static void write_build(struct scrape *scrape, const struct metric_family *family)
{
	const char *const values[] = {CHAINMEND_VERSION, METRICS_STRING(BORINGSSL_API_VERSION)};
	metric_text_count(&scrape->text, family, values, 1);
}

static void write_start(struct scrape *scrape, const struct metric_family *family)
{
	scrape_write_one(scrape, family, (uint64_t)(scrape->overview->started_ms / 1000));
}

static void write_ready(struct scrape *scrape, const struct metric_family *family)
{
	scrape_write_one(scrape, family, scrape->overview->ready ? 1 : 0);
}

static void write_workers(struct scrape *scrape, const struct metric_family *family)
{
	scrape_write_one(scrape, family, scrape->overview->num_workers);
}

static void write_wrong_tokens(struct scrape *scrape, const struct metric_family *family)
{
	scrape_write_one(scrape, family, scrape->overview->num_wrong_tokens);
}

#define X(field, ...)                                                                                                  \
	static void write_counter_##field(struct scrape *scrape, const struct metric_family *family)                   \
	{                                                                                                              \
		scrape_write_one(scrape, family, scrape->counters.field);                                              \
	}
COUNTERS(X)
#undef X

static void write_each_site(struct scrape *scrape, const struct metric_family *family,
			    uint64_t (*count)(const struct site_sum *sum))
{
	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const char *const values[] = {managed_site_name(scrape_site(scrape, i))};
		metric_text_count(&scrape->text, family, values, count(&scrape->sums[i]));
	}
}

#define X(field, ...)                                                                                                  \
	static uint64_t site_##field(const struct site_sum *sum)                                                       \
	{                                                                                                              \
		return sum->field;                                                                                     \
	}                                                                                                              \
	static void write_site_##field(struct scrape *scrape, const struct metric_family *family)                      \
	{                                                                                                              \
		write_each_site(scrape, family, site_##field);                                                         \
	}
SITE_COUNTERS(X)
#undef X

static void write_done(struct scrape *scrape, const struct metric_family *family, const char *site,
		       const struct site_sum *sum)
{
	for (enum tally_version version = 0; version < NUM_TALLY_VERSIONS; version++) {
		for (enum tally_group group = 0; group < NUM_TALLY_GROUPS; group++) {
			for (size_t resumed = 0; resumed < 2; resumed++) {
				const char *const values[] = {site, tally_version_name(version),
							      tally_group_name(group), resumed ? "yes" : "no", "ok"};
				if (sum->done[version][group][resumed] > 0)
					metric_text_count(&scrape->text, family, values,
							  sum->done[version][group][resumed]);
			}
		}
	}
}

/* Handshakes that were not completed: without version and group, and not resumed. */
static void write_handshakes(struct scrape *scrape, const struct metric_family *family)
{
	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const char *site = managed_site_name(scrape_site(scrape, i));
		const struct site_sum *sum = &scrape->sums[i];
		const char *const failed_values[] = {site, "none", "none", "no", "failed"};
		const char *const timed_out_values[] = {site, "none", "none", "no", "timed_out"};

		write_done(scrape, family, site, sum);
		metric_text_count(&scrape->text, family, failed_values, sum->failed);
		metric_text_count(&scrape->text, family, timed_out_values, sum->timed_out);
	}
}

static void write_alerts(struct scrape *scrape, const struct metric_family *family)
{
	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		for (enum tally_alert alert = 0; alert < NUM_TALLY_ALERTS; alert++) {
			const char *const values[] = {managed_site_name(scrape_site(scrape, i)),
						      tally_alert_name(alert)};
			if (scrape->sums[i].alerts[alert] > 0 || tally_alert_is_rejection(alert))
				metric_text_count(&scrape->text, family, values, scrape->sums[i].alerts[alert]);
		}
	}
}

static void write_bytes(struct scrape *scrape, const struct metric_family *family)
{
	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const char *site = managed_site_name(scrape_site(scrape, i));
		const char *const up[] = {site, "to_backend"};
		const char *const down[] = {site, "to_client"};

		metric_text_count(&scrape->text, family, up, scrape->sums[i].bytes_to_backend);
		metric_text_count(&scrape->text, family, down, scrape->sums[i].bytes_to_client);
	}
}

typedef void backend_writer(struct scrape *scrape, const struct metric_family *family, size_t site, size_t backend,
			    const char *const *values);

/* Says whether the backend was listed before: both are one series, which the first one writes. */
static bool is_repeated(const struct config_site *config, size_t backend)
{
	const struct config_address *address = &config->backends[backend].address;

	for (size_t i = 0; i < backend; i++) {
		const struct config_address *other = &config->backends[i].address;
		if (other->port == address->port && strcmp(other->host, address->host) == 0)
			return true;
	}
	return false;
}

static void for_each_backend(struct scrape *scrape, const struct metric_family *family, backend_writer *write)
{
	char target[CONFIG_ADDRESS_MAX];

	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const struct config_site *config = managed_site_config(scrape_site(scrape, i));
		for (size_t k = 0; k < config->num_backends && k < scrape->sums[i].num_backends; k++) {
			const struct config_address *address = &config->backends[k].address;
			const char *const values[] = {config->name,
						      config_address_print(address->host, address->port, target)};
			if (!is_repeated(config, k))
				write(scrape, family, i, k, values);
		}
	}
}

#define X(field, ...)                                                                                                  \
	static void write_##field##_of_a_backend(struct scrape *scrape, const struct metric_family *family,            \
						 size_t site, size_t backend, const char *const *values)               \
	{                                                                                                              \
		metric_text_count(&scrape->text, family, values, scrape->sums[site].backends[backend].field);          \
	}                                                                                                              \
	static void write_backend_##field(struct scrape *scrape, const struct metric_family *family)                   \
	{                                                                                                              \
		for_each_backend(scrape, family, write_##field##_of_a_backend);                                        \
	}
BACKEND_COUNTERS(X)
#undef X

/* One that nobody has asked yet is neither up nor down. */
static void write_backend_up_of(struct scrape *scrape, const struct metric_family *family, size_t site, size_t backend,
				const char *const *values)
{
	enum backend_state state = site_state_backend(scrape_site(scrape, site), backend, &scrape->sums[site]);
	if (state != BACKEND_STATE_UNKNOWN)
		metric_text_count(&scrape->text, family, values, state == BACKEND_STATE_UP ? 1 : 0);
}

static void write_backend_up(struct scrape *scrape, const struct metric_family *family)
{
	for_each_backend(scrape, family, write_backend_up_of);
}

static void write_site_state(struct scrape *scrape, const struct metric_family *family)
{
	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const struct managed_site *site = scrape_site(scrape, i);
		struct finding_counts findings;

		site_state_count(fix_log_known(scrape->overview->fix_log), managed_site_name(site), &findings);
		enum site_state present = site_state_of(site, &findings, &scrape->sums[i]);
		for (enum site_state state = 0; state < NUM_SITE_STATES; state++) {
			const char *const values[] = {managed_site_name(site), site_state_name(state)};
			metric_text_count(&scrape->text, family, values, state == present ? 1 : 0);
		}
	}
}

static void write_findings(struct scrape *scrape, const struct metric_family *family)
{
	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const char *site = managed_site_name(scrape_site(scrape, i));
		struct finding_counts findings;

		site_state_count(fix_log_known(scrape->overview->fix_log), site, &findings);
		for (enum finding_severity severity = 0; severity <= SEVERITY_ERROR; severity++) {
			const char *const values[] = {site, finding_severity_name(severity)};
			metric_text_count(&scrape->text, family, values, findings.by_severity[severity]);
		}
	}
}

/* In the order of /metrics. A counter whose row names no metric leaves a family without a name. */
static const struct {
	struct metric_family family;
	family_writer *write;
} table[] = {
    {{"chainmend_build_info", METRIC_GAUGE, {"version", "boringssl_api"}, "The version that runs; always 1."},
     write_build},
    {{"chainmend_start_time_seconds", METRIC_GAUGE, {NULL}, "When it started, in seconds since 1970."}, write_start},
    {{"chainmend_ready",
      METRIC_GAUGE,
      {NULL},
      "1 while it listens and serves, 0 while it starts or drains, or no site can be served."},
     write_ready},
    {{"chainmend_reloads_total", METRIC_COUNTER, {"result"}, "Reloads, by SIGHUP or because files changed."},
     reload_metrics_write_total},
    {{"chainmend_last_reload_time_seconds",
      METRIC_GAUGE,
      {"result"},
      "When a reload last ended so, in seconds since 1970; absent where none did."},
     reload_metrics_write_last_time},
    {{"chainmend_last_reload_failed",
      METRIC_GAUGE,
      {NULL},
      "1 when the last reload took over nothing, because the configuration is wrong, else 0."},
     reload_metrics_write_last_failed},
    {{"chainmend_reload_failed",
      METRIC_GAUGE,
      {"site"},
      "1 while a site goes on with what it read before, or serves nobody, because its files are wrong, else 0."},
     reload_metrics_write_sites},
    {{"chainmend_workers", METRIC_GAUGE, {NULL}, "Worker threads."}, write_workers},
    {{"chainmend_admin_wrong_tokens_total", METRIC_COUNTER, {NULL}, "Wrong tokens that the admin page was sent."},
     write_wrong_tokens},
#define X(field, metric, type, help) {{metric, type, {NULL}, help}, write_counter_##field},
    COUNTERS(X)
#undef X
	{{"chainmend_handshakes_total",
	  METRIC_COUNTER,
	  {"site", "version", "group", "resumed", "result"},
	  "TLS handshakes with clients; version and group are none where the result is not ok."},
	 write_handshakes},
    {{"chainmend_client_alerts_total", METRIC_COUNTER, {"site", "alert"}, "Alerts by which clients ended handshakes."},
     write_alerts},
#define X(field, metric, help) {{metric, METRIC_COUNTER, {"site"}, help}, write_site_##field},
    SITE_COUNTERS(X)
#undef X
	{{"chainmend_bytes_total", METRIC_COUNTER, {"site", "direction"}, "Bytes relayed, without TLS around them."},
	 write_bytes},
#define X(field, metric, help) {{metric, METRIC_COUNTER, {"site", "backend"}, help}, write_backend_##field},
    BACKEND_COUNTERS(X)
#undef X
	{{"chainmend_backend_up",
	  METRIC_GAUGE,
	  {"site", "backend"},
	  "0 when the last probe of a backend or the last connection to it failed, else 1; absent while unknown."},
	 write_backend_up},
    {{"chainmend_site_state", METRIC_GAUGE, {"site", "state"}, "1 for the state that a site is in, else 0."},
     write_site_state},
    {{"chainmend_findings", METRIC_GAUGE, {"site", "severity"}, "Findings that stand."}, write_findings},
    {{"chainmend_chain_state", METRIC_GAUGE, {"site", "chain", "state"}, "1 for the state that a chain is in, else 0."},
     chain_metrics_write_state},
    {{"chainmend_chain_trusted",
      METRIC_GAUGE,
      {"site", "chain", "store", "form"},
      "1 when clients of a trust store accept the chain as it was served, or as it is mended."},
     chain_metrics_write_trusted},
    {{"chainmend_chain_handshakes",
      METRIC_GAUGE,
      {"site", "chain", "side"},
      "Handshakes that were shown the chain that goes out (present), and the one before it (former)."},
     chain_metrics_write_shown},
    {{"chainmend_chain_rejections",
      METRIC_GAUGE,
      {"site", "chain", "side"},
      "Those of them that clients ended with an alert about the certificate."},
     chain_metrics_write_rejected},
    {{"chainmend_certificate_expires_in_seconds",
      METRIC_GAUGE,
      {"site", "chain", "position", "subject", "sha256"},
      "Seconds until a certificate of a chain that goes out expires; 0 is the leaf's position."},
     chain_metrics_write_expiry},
    {{"chainmend_fetches_total", METRIC_COUNTER, {"result"}, "Fetches of missing issuers."},
     mend_metrics_write_fetches},
    {{"chainmend_issuers_fetched_total",
      METRIC_COUNTER,
      {NULL},
      "Fetched certificates that are issuers, and were kept."},
     mend_metrics_write_issuers},
    {{"chainmend_mends_total", METRIC_COUNTER, {"result"}, "Mends of chains: of sites, backends, and for verdicts."},
     mend_metrics_write_mends},
    {{"chainmend_mend_duration_seconds", METRIC_HISTOGRAM, {NULL}, "How long a mend took, fetching included."},
     mend_metrics_write_duration},
    {{"chainmend_mend_steps_total", METRIC_COUNTER, {NULL}, "Steps of mends that ran in the mending threads."},
     mend_metrics_write_steps},
    {{"chainmend_mend_cpu_seconds_total", METRIC_COUNTER, {NULL}, "CPU time of these steps."}, mend_metrics_write_cpu},
    {{"chainmend_mend_wait_seconds_total", METRIC_COUNTER, {NULL}, "Time that these steps waited for a thread."},
     mend_metrics_write_wait},
    {{"chainmend_backend_verdicts_refused_total",
      METRIC_COUNTER,
      {NULL},
      "Connections whose backend's chain was not judged, since its site had too many under way."},
     mend_metrics_write_refused},
};

enum { NUM_ROWS = sizeof(table) / sizeof(table[0]) };

const struct metric_family *metrics_family(size_t index)
{
	for (size_t i = 0; i < NUM_ROWS; i++) {
		if (table[i].family.name != NULL && index-- == 0)
			return &table[i].family;
	}
	return NULL;
}

struct error metrics_print(const struct overview *overview, struct buffer *out)
{
	struct scrape scrape = {.overview = overview, .text = {.out = out, .error = error_none()}};
	size_t count = site_set_count(overview->sites);

	scrape.sums = calloc(count + 1, sizeof(*scrape.sums));
	if (scrape.sums == NULL)
		return error_of(ERROR_MEMORY, 0, "write the metrics");
	overview_sum_counters(overview, &scrape.counters);
	for (size_t i = 0; i < count; i++)
		site_tally_sum(managed_site_tally(site_set_get(overview->sites, i)), &scrape.sums[i]);
	for (size_t i = 0; i < NUM_ROWS; i++) {
		if (table[i].family.name == NULL)
			continue;
		metric_text_begin(&scrape.text, &table[i].family);
		table[i].write(&scrape, &table[i].family);
	}
	free(scrape.sums);
	return scrape.text.error;
}
