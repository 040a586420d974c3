/* scrape - one scrape of the metrics, for those who write its families. */
#ifndef PROXY_ADMIN_SCRAPE_H
#define PROXY_ADMIN_SCRAPE_H

#include "proxy/admin/metric_text.h"
#include "proxy/admin/overview.h"
#include "proxy/shared/site_tally.h"

struct scrape {
	const struct overview *overview;
	struct counter_sums counters;
	struct site_sum *sums; /* one a site */
	struct metric_text text;
};

/* Writes the samples of one family. */
typedef void family_writer(struct scrape *scrape, const struct metric_family *family);

static inline const struct managed_site *scrape_site(const struct scrape *scrape, size_t index)
{
	return site_set_get(scrape->overview->sites, index);
}

static inline size_t scrape_num_sites(const struct scrape *scrape)
{
	return site_set_count(scrape->overview->sites);
}

/* scrape_write_one writes the one sample of a family without labels. */
static inline void scrape_write_one(struct scrape *scrape, const struct metric_family *family, uint64_t count)
{
	metric_text_count(&scrape->text, family, NULL, count);
}

#endif
