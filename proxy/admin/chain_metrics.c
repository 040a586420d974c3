#include "proxy/admin/chain_metrics.h"

#include <stdio.h>

#include "proxy/admin/site_state.h"

enum { MAX_NUMBER = 24 };

static const char *print_number(size_t number, char out[MAX_NUMBER])
{
	snprintf(out, MAX_NUMBER, "%zu", number);
	return out;
}

typedef void chain_writer(struct scrape *scrape, const struct metric_family *family, const struct managed_site *site,
			  size_t chain, const char *number);

static void for_each_chain(struct scrape *scrape, const struct metric_family *family, chain_writer *write)
{
	char number[MAX_NUMBER];

	for (size_t i = 0; i < scrape_num_sites(scrape); i++) {
		const struct managed_site *site = scrape_site(scrape, i);
		for (size_t chain = 0; chain < managed_site_num_certificates(site); chain++)
			write(scrape, family, site, chain, print_number(chain, number));
	}
}

static void write_chain_state_of(struct scrape *scrape, const struct metric_family *family,
				 const struct managed_site *site, size_t chain, const char *number)
{
	enum chain_state present = site_state_chain(site, chain);

	for (enum chain_state state = 0; state < NUM_CHAIN_STATES; state++) {
		const char *const values[] = {managed_site_name(site), number, chain_state_name(state)};
		metric_text_count(&scrape->text, family, values, state == present ? 1 : 0);
	}
}

static void write_chain_trusted_of(struct scrape *scrape, const struct metric_family *family,
				   const struct managed_site *site, size_t chain, const char *number)
{
	const struct chain_verdict *verdict = managed_site_verdict(site, chain);

	for (size_t i = 0; i < verdict->num_stores; i++) {
		const struct store_verdict *store = &verdict->stores[i];
		const char *const given[] = {managed_site_name(site), number, store->name, "served"};
		const char *const mended[] = {managed_site_name(site), number, store->name, "mended"};

		metric_text_count(&scrape->text, family, given, store->served_trusted ? 1 : 0);
		metric_text_count(&scrape->text, family, mended, store->mended_trusted ? 1 : 0);
	}
}

static void write_expiry_of(struct scrape *scrape, const struct metric_family *family, const struct managed_site *site,
			    size_t chain, const char *number)
{
	const struct certificate_list *list = managed_site_chain(site, chain);
	char position[MAX_NUMBER];

	for (size_t i = 0; i < list->count; i++) {
		const struct certificate *certificate = list->items[i].certificate;
		const char *const values[] = {managed_site_name(site), number, print_number(i, position),
					      certificate->subject, certificate->sha256_hex};
		metric_text_seconds(&scrape->text, family, values,
				    certificate->not_after - scrape->overview->now_ms / 1000);
	}
}

/* Of the chain that goes out, and of the one before it. */
static void write_chain_side(struct scrape *scrape, const struct metric_family *family, const struct managed_site *site,
			     const char *number, uint64_t (*count)(const struct chain_record *record),
			     const struct chain_sides *sides)
{
	const char *const present[] = {managed_site_name(site), number, "present"};
	const char *const former[] = {managed_site_name(site), number, "former"};

	metric_text_count(&scrape->text, family, present, count(sides->present));
	if (sides->former != NULL)
		metric_text_count(&scrape->text, family, former, count(sides->former));
}

static void write_chain_shown_of(struct scrape *scrape, const struct metric_family *family,
				 const struct managed_site *site, size_t chain, const char *number)
{
	struct chain_sides sides;

	if (chain_watch_look(scrape->overview->watch, managed_site_name(site), (unsigned)chain, &sides))
		write_chain_side(scrape, family, site, number, chain_record_handshakes, &sides);
}

static void write_chain_rejected_of(struct scrape *scrape, const struct metric_family *family,
				    const struct managed_site *site, size_t chain, const char *number)
{
	struct chain_sides sides;

	if (chain_watch_look(scrape->overview->watch, managed_site_name(site), (unsigned)chain, &sides))
		write_chain_side(scrape, family, site, number, chain_record_rejected, &sides);
}

void chain_metrics_write_shown(struct scrape *scrape, const struct metric_family *family)
{
	for_each_chain(scrape, family, write_chain_shown_of);
}

void chain_metrics_write_rejected(struct scrape *scrape, const struct metric_family *family)
{
	for_each_chain(scrape, family, write_chain_rejected_of);
}

void chain_metrics_write_state(struct scrape *scrape, const struct metric_family *family)
{
	for_each_chain(scrape, family, write_chain_state_of);
}

void chain_metrics_write_trusted(struct scrape *scrape, const struct metric_family *family)
{
	for_each_chain(scrape, family, write_chain_trusted_of);
}

void chain_metrics_write_expiry(struct scrape *scrape, const struct metric_family *family)
{
	for_each_chain(scrape, family, write_expiry_of);
}
