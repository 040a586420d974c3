#include "proxy/shared/site_lookup.h"

#include <stdlib.h>
#include <string.h>

/* The first one wins. A wildcard is stored under the name after its "*.". */
enum name_class { HOST_EXACT, HOST_WILDCARD, CERTIFICATE_EXACT, CERTIFICATE_WILDCARD, NUM_NAME_CLASSES };

struct entry {
	char *name; /* lower case, owned; NULL: free */
	const struct site *sites[NUM_NAME_CLASSES]; /* the first one that named it so */
};

/* Holds always: capacity is a power of two, count is at most half of it. */
struct site_lookup {
	struct entry *entries;
	size_t capacity;
	size_t count;
	const struct site *fallback;
	bool has_one_site;
	struct credential *first_credential; /* borrowed */
};

enum { FIRST_CAPACITY = 16 };

static size_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a; the names are the configuration's, so nobody floods it */

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
	return (size_t)(hash ^ (hash >> 32));
}

/* Returns the entry of `name`, or the free one where it belongs. */
static struct entry *slot_of(struct entry *entries, size_t capacity, const char *name)
{
	size_t at = hash_name(name) & (capacity - 1);

	while (entries[at].name != NULL && strcmp(entries[at].name, name) != 0)
		at = (at + 1) & (capacity - 1);
	return &entries[at];
}

static struct error make_room(struct site_lookup *lookup)
{
	if (lookup->capacity > 0 && lookup->count + 1 <= lookup->capacity / 2)
		return error_none();
	size_t capacity = lookup->capacity > 0 ? 2 * lookup->capacity : FIRST_CAPACITY;
	struct entry *entries = calloc(capacity, sizeof(*entries));
	if (entries == NULL)
		return error_of(ERROR_MEMORY, 0, "make the table of names");
	for (size_t i = 0; i < lookup->capacity; i++)
		if (lookup->entries[i].name != NULL)
			*slot_of(entries, capacity, lookup->entries[i].name) = lookup->entries[i];
	free(lookup->entries);
	lookup->entries = entries;
	lookup->capacity = capacity;
	return error_none();
}

static struct error add(struct site_lookup *lookup, const char *name, enum name_class class, const struct site *site)
{
	struct error error = make_room(lookup);
	if (failed(error))
		return error;
	struct entry *entry = slot_of(lookup->entries, lookup->capacity, name);
	if (entry->name == NULL) {
		entry->name = strdup(name);
		if (entry->name == NULL)
			return error_of(ERROR_MEMORY, 0, "make the table of names");
		lookup->count++;
	}
	if (entry->sites[class] == NULL)
		entry->sites[class] = site;
	return error_none();
}

/* A wildcard's class is the one after its exact twin's. */
static struct error add_name(struct site_lookup *lookup, const char *name, enum name_class exact,
			     const struct site *site)
{
	struct host_name host;
	bool is_wildcard = strncmp(name, "*.", 2) == 0;

	if (failed(host_name_parse(is_wildcard ? name + 2 : name, &host)))
		return error_none(); /* no client can ask for it; the audit reports it */
	return add(lookup, host.text, is_wildcard ? exact + 1 : exact, site);
}

static struct error add_site(struct site_lookup *lookup, const struct site *site)
{
	struct error error = error_none();

	for (size_t i = 0; i < site->config->hostnames.count && !failed(error); i++)
		error = add_name(lookup, site->config->hostnames.items[i], HOST_EXACT, site);
	for (size_t i = 0; i < site->num_credentials; i++)
		for (size_t n = 0; n < site->credentials[i]->num_names && !failed(error); n++)
			error = add_name(lookup, site->credentials[i]->names[n], CERTIFICATE_EXACT, site);
	return error;
}

static const struct site *choose_fallback(const struct site *const *sites, size_t num_sites)
{
	for (size_t i = 0; i < num_sites; i++)
		if (sites[i]->config->is_default)
			return sites[i];
	return sites[0];
}

static struct credential *choose_first_credential(const struct site_lookup *lookup, const struct site *const *sites,
						  size_t num_sites)
{
	if (lookup->fallback->num_credentials > 0)
		return lookup->fallback->credentials[0];
	for (size_t i = 0; i < num_sites; i++)
		if (sites[i]->num_credentials > 0)
			return sites[i]->credentials[0];
	return NULL;
}

struct error site_lookup_new(const struct site *const *sites, size_t num_sites, struct site_lookup **out)
{
	struct error error = error_none();
	struct site_lookup *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return error_of(ERROR_MEMORY, 0, "make the table of names");

	lookup->fallback = choose_fallback(sites, num_sites);
	lookup->has_one_site = num_sites == 1;
	lookup->first_credential = choose_first_credential(lookup, sites, num_sites);
	for (size_t i = 0; i < num_sites && !failed(error); i++)
		error = add_site(lookup, sites[i]);
	if (failed(error))
		site_lookup_free(lookup);
	else
		*out = lookup;
	return error;
}

void site_lookup_free(struct site_lookup *lookup)
{
	if (lookup == NULL)
		return;
	for (size_t i = 0; i < lookup->capacity; i++)
		free(lookup->entries[i].name);
	free(lookup->entries);
	free(lookup);
}

static const struct entry *look_up(const struct site_lookup *lookup, const char *name)
{
	static const struct entry nothing = {0};

	if (name == NULL || lookup->capacity == 0)
		return &nothing;
	return slot_of(lookup->entries, lookup->capacity, name);
}

/* Lower case, without a trailing dot: as the table's names are. "" for what is too long to be a name. */
static void normalise(const char *sni, char out[HOST_NAME_MAX_CHARS + 1])
{
	size_t len = strnlen(sni, HOST_NAME_MAX_CHARS + 2);

	if (len > 0 && len <= HOST_NAME_MAX_CHARS + 1 && sni[len - 1] == '.')
		len--;
	if (len > HOST_NAME_MAX_CHARS)
		len = 0;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(sni[i] >= 'A' && sni[i] <= 'Z' ? sni[i] - 'A' + 'a' : sni[i]);
	out[len] = '\0';
}

const struct site *site_lookup_find(const struct site_lookup *lookup, const char *sni, bool *out_known)
{
	char name[HOST_NAME_MAX_CHARS + 1];

	*out_known = true;
	if (sni == NULL)
		return lookup->fallback;
	normalise(sni, name);
	const char *dot = strchr(name, '.');
	/* As for certificates: a wildcard never stands directly above a single label, nor covers an empty one. */
	bool may_be_wildcard = dot != NULL && dot != name && strchr(dot + 1, '.') != NULL;
	const struct entry *exact = look_up(lookup, name);
	const struct entry *above = look_up(lookup, may_be_wildcard ? dot + 1 : NULL);
	const struct site *const candidates[] = {
	    exact->sites[HOST_EXACT],
	    above->sites[HOST_WILDCARD],
	    exact->sites[CERTIFICATE_EXACT],
	    above->sites[CERTIFICATE_WILDCARD],
	};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (candidates[i] != NULL)
			return candidates[i];
	*out_known = false;
	return lookup->fallback;
}

/* Writes the host without its port, as the table's names are; false for what is none. */
static bool name_of_host(struct bytes host, char out[HOST_NAME_MAX_CHARS + 1])
{
	struct host_name address;
	bool is_ipv6 = host.len > 0 && host.data[0] == '[';
	const uint8_t *end = host.len > 0 ? memchr(host.data, is_ipv6 ? ']' : ':', host.len) : NULL;
	size_t len = end != NULL ? (size_t)(end - host.data) + is_ipv6 : host.len;

	if (len == 0 || len > HOST_NAME_MAX_CHARS)
		return false;
	memcpy(out, host.data, len);
	out[len] = '\0';
	if (!is_ipv6)
		return true;
	if (failed(host_name_parse(out, &address)))
		return false;
	memcpy(out, address.text, sizeof(address.text));
	return true;
}

bool site_lookup_is_elsewhere(const struct site_lookup *lookup, const struct site *site, struct bytes host)
{
	char name[HOST_NAME_MAX_CHARS + 1];
	bool known = false;

	if (lookup->has_one_site || !name_of_host(host, name))
		return false;
	return site_lookup_find(lookup, name, &known) != site && known;
}

struct credential *site_lookup_first_credential(const struct site_lookup *lookup)
{
	return lookup->first_credential;
}

const struct site *site_lookup_fallback(const struct site_lookup *lookup)
{
	return lookup->fallback;
}
