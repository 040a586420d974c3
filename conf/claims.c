#include "conf/claims.h"

#include <stdlib.h>
#include <strings.h>

#define NONE SIZE_MAX

struct claim {
	const char *word; /* borrowed */
	size_t site;
};

/* Holds always: the listen addresses of site i are places[first_place[i]] up to places[first_place[i + 1]]. */
struct claims {
	struct claim *items;
	size_t count;
	size_t *first_place; /* one more than there are sites */
	size_t *places; /* the number of each listen address: equal addresses have the same one, from 0 on */
	size_t *last_claim; /* by the number of an address: the last claim there, in a settlement */
	size_t num_places;
};

/* An address on its way to its number. */
struct numbered {
	const struct config_address *address; /* borrowed */
	size_t place;
};

static int compare_addresses(const void *left, const void *right)
{
	const struct config_address *a = ((const struct numbered *)left)->address;
	const struct config_address *b = ((const struct numbered *)right)->address;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return strcasecmp(a->host, b->host);
}

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left;
	const struct claim *b = right;
	int order = strcasecmp(a->word, b->word);
	return order != 0 ? order : a->site < b->site ? -1 : a->site > b->site;
}

/* Equal addresses stand side by side once they are sorted. */
static bool number_addresses(struct claims *claims, const struct config *config)
{
	struct numbered *numbered = calloc(claims->num_places + 1, sizeof(*numbered));
	if (numbered == NULL)
		return false;
	size_t count = 0;
	for (size_t i = 0; i < config->num_sites; i++) {
		claims->first_place[i] = count;
		for (size_t k = 0; k < config->sites[i].num_listens; k++, count++)
			numbered[count] = (struct numbered){&config->sites[i].listens[k], count};
	}
	claims->first_place[config->num_sites] = count;
	qsort(numbered, count, sizeof(*numbered), compare_addresses);
	size_t number = 0;
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare_addresses(&numbered[i - 1], &numbered[i]) != 0)
			number++;
		claims->places[numbered[i].place] = number;
	}
	free(numbered);
	return true;
}

struct claims *claims_new(const struct config *config)
{
	size_t num_claims = config->num_sites;
	struct claims *claims = calloc(1, sizeof(*claims));
	if (claims == NULL)
		return NULL;
	for (size_t i = 0; i < config->num_sites; i++) {
		num_claims += config->sites[i].hostnames.count;
		claims->num_places += config->sites[i].num_listens;
	}
	claims->items = calloc(num_claims + 1, sizeof(*claims->items));
	claims->first_place = calloc(config->num_sites + 1, sizeof(*claims->first_place));
	claims->places = calloc(claims->num_places + 1, sizeof(*claims->places));
	claims->last_claim = calloc(claims->num_places + 1, sizeof(*claims->last_claim));
	if (claims->items != NULL && claims->first_place != NULL && claims->places != NULL &&
	    claims->last_claim != NULL && number_addresses(claims, config))
		return claims;
	claims_free(claims);
	return NULL;
}

void claims_free(struct claims *claims)
{
	if (claims == NULL)
		return;
	free(claims->items);
	free(claims->first_place);
	free(claims->places);
	free(claims->last_claim);
	free(claims);
}

void claims_add(struct claims *claims, const char *word, size_t site)
{
	claims->items[claims->count++] = (struct claim){word, site};
}

/* Returns the last claim from `first` on at an address of this site; NONE when there is none. Notes claim `index` as
 * the last. */
static size_t take_addresses(struct claims *claims, size_t index, size_t first)
{
	size_t site = claims->items[index].site;
	size_t found = NONE;
	for (size_t i = claims->first_place[site]; i < claims->first_place[site + 1]; i++) {
		size_t *last = &claims->last_claim[claims->places[i]];
		bool is_others =
		    *last != NONE && *last >= first && *last != index; /* a site may list an address twice */
		if (is_others && (found == NONE || *last > found))
			found = *last;
		*last = index;
	}
	return found;
}

void claims_settle(struct claims *claims, enum claims_scope scope,
		   void (*report)(void *context, size_t first_site, size_t second_site), void *context)
{
	size_t first = 0; /* of the claims of this word */
	size_t other = NONE;
	for (size_t i = 0; i < claims->num_places; i++)
		claims->last_claim[i] = NONE;
	if (claims->count > 1)
		qsort(claims->items, claims->count, sizeof(*claims->items), compare_claims);
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];
		bool is_first = i == 0 || strcasecmp(claim[-1].word, claim->word) != 0;
		if (is_first)
			first = i;
		/* A site that claims a word twice meets the same other one twice. */
		if (is_first || claim[-1].site != claim->site)
			other = scope == CLAIMS_AT_AN_ADDRESS ? take_addresses(claims, i, first)
				: is_first                    ? NONE
							      : i - 1;
		if (other != NONE)
			report(context, claims->items[other].site, claim->site);
	}
	claims->count = 0;
}
