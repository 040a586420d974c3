#include "proxy/admin/mend_metrics.h"

void mend_metrics_write_fetches(struct scrape *scrape, const struct metric_family *family)
{
	for (enum mend_fetch_result i = 0; i < NUM_MEND_FETCH_RESULTS; i++) {
		const char *const values[] = {mend_fetch_result_name(i)};
		metric_text_count(&scrape->text, family, values, scrape->overview->mends->fetches[i]);
	}
}

void mend_metrics_write_issuers(struct scrape *scrape, const struct metric_family *family)
{
	scrape_write_one(scrape, family, scrape->overview->mends->issuers);
}

void mend_metrics_write_mends(struct scrape *scrape, const struct metric_family *family)
{
	for (enum mend_outcome i = 0; i < NUM_MEND_OUTCOMES; i++) {
		const char *const values[] = {mend_outcome_name(i)};
		metric_text_count(&scrape->text, family, values, scrape->overview->mends->mends[i]);
	}
}

void mend_metrics_write_duration(struct scrape *scrape, const struct metric_family *family)
{
	const struct mend_tally *mends = scrape->overview->mends;
	uint64_t count = mend_tally_count(mends);

	for (size_t i = 0; i < NUM_MEND_BUCKETS; i++)
		metric_text_bucket(&scrape->text, family, mend_bucket_name(i), mends->at_most[i]);
	metric_text_bucket(&scrape->text, family, "+Inf", count);
	metric_text_sum(&scrape->text, family, (double)mends->took_ns / 1e9, count);
}

void mend_metrics_write_steps(struct scrape *scrape, const struct metric_family *family)
{
	scrape_write_one(scrape, family, scrape->overview->mends->steps);
}

void mend_metrics_write_cpu(struct scrape *scrape, const struct metric_family *family)
{
	metric_text_duration(&scrape->text, family, (double)scrape->overview->mends->steps_cpu_ns / 1e9);
}

void mend_metrics_write_wait(struct scrape *scrape, const struct metric_family *family)
{
	metric_text_duration(&scrape->text, family, (double)scrape->overview->mends->steps_waited_ns / 1e9);
}

void mend_metrics_write_refused(struct scrape *scrape, const struct metric_family *family)
{
	scrape_write_one(scrape, family, scrape->overview->mends->verdicts_refused);
}
