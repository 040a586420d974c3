#include "proxy/admin/reload_metrics.h"

void reload_metrics_write_total(struct scrape *scrape, const struct metric_family *family)
{
	for (enum reload_result i = 0; i < NUM_RELOAD_RESULTS; i++) {
		const char *const values[] = {reload_result_name(i)};
		metric_text_count(&scrape->text, family, values, scrape->overview->reloads->counts[i]);
	}
}

/* A result that there was not yet has no time. */
void reload_metrics_write_last_time(struct scrape *scrape, const struct metric_family *family)
{
	const struct reload_tally *reloads = scrape->overview->reloads;

	for (enum reload_result i = 0; i < NUM_RELOAD_RESULTS; i++) {
		const char *const values[] = {reload_result_name(i)};
		if (reloads->counts[i] > 0)
			metric_text_count(&scrape->text, family, values, (uint64_t)(reloads->last_ms[i] / 1000));
	}
}

void reload_metrics_write_last_failed(struct scrape *scrape, const struct metric_family *family)
{
	metric_text_count(&scrape->text, family, NULL, reload_tally_last_failed(scrape->overview->reloads) ? 1 : 0);
}

void reload_metrics_write_sites(struct scrape *scrape, const struct metric_family *family)
{
	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const struct managed_site *site = scrape_site(scrape, i);
		const char *const values[] = {managed_site_name(site)};
		metric_text_count(&scrape->text, family, values, managed_site_reading(site) != SITE_READ ? 1 : 0);
	}
}
