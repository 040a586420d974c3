#include "conf/same_site.h"

#include <string.h>

#include "conf/keys.h"

/* Two sites, and one key. */
struct comparison {
	const struct config_site *a;
	const struct config_site *b;
	size_t offset; /* of the key's field */
};

static const void *field_a(const struct comparison *both)
{
	return (const char *)both->a + both->offset;
}

static const void *field_b(const struct comparison *both)
{
	return (const char *)both->b + both->offset;
}

static bool same_switch(const struct comparison *both)
{
	return *(const bool *)field_a(both) == *(const bool *)field_b(both);
}

static bool same_choice(const struct comparison *both)
{
	return memcmp(field_a(both), field_b(both), sizeof(unsigned)) == 0;
}

static bool same_version(const struct comparison *both)
{
	return *(const uint16_t *)field_a(both) == *(const uint16_t *)field_b(both);
}

static bool same_number(const struct comparison *both)
{
	return *(const uint64_t *)field_a(both) == *(const uint64_t *)field_b(both);
}

static bool same_text(const struct comparison *both)
{
	const char *a = *(char *const *)field_a(both);
	const char *b = *(char *const *)field_b(both);

	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool same_site_lists(const struct string_list *a, const struct string_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

static bool same_list(const struct comparison *both)
{
	return same_site_lists(field_a(both), field_b(both));
}

static bool same_certificates(const struct comparison *both)
{
	return both->a->certificate_is_backend == both->b->certificate_is_backend &&
	       same_site_lists(&both->a->certificates, &both->b->certificates);
}

static bool same_listens(const struct comparison *both)
{
	if (both->a->num_listens != both->b->num_listens)
		return false;
	for (size_t i = 0; i < both->a->num_listens; i++) {
		const struct config_address *a = &both->a->listens[i], *b = &both->b->listens[i];
		if (a->port != b->port || strcmp(a->host, b->host) != 0)
			return false;
	}
	return true;
}

static bool same_backends(const struct comparison *both)
{
	return config_same_backends(both->a, both->b);
}

static bool same_backend_name(const struct comparison *both)
{
	return both->a->backend_name_is_client == both->b->backend_name_is_client && same_text(both);
}

static bool same_pin(const struct comparison *both)
{
	return both->a->has_backend_pin == both->b->has_backend_pin &&
	       (!both->a->has_backend_pin ||
		memcmp(both->a->backend_pin, both->b->backend_pin, sizeof(both->a->backend_pin)) == 0);
}

/* By value_type. */
static bool (*const comparisons[])(const struct comparison *both) = {
    [VALUE_SWITCH] = same_switch,   [VALUE_CHOICE] = same_choice,     [VALUE_TLS_VERSION] = same_version,
    [VALUE_COUNT] = same_number,    [VALUE_SIZE] = same_number,       [VALUE_TIME] = same_number,
    [VALUE_TEXT] = same_text,       [VALUE_PATH] = same_text,         [VALUE_PROXY_URL] = same_text,
    [VALUE_PATHS] = same_list,      [VALUE_ROOTS] = same_list,        [VALUE_WORDS] = same_list,
    [VALUE_HOSTNAMES] = same_list,  [VALUE_FETCH_RULES] = same_list,  [VALUE_CERTIFICATES] = same_certificates,
    [VALUE_LISTENS] = same_listens, [VALUE_BACKENDS] = same_backends, [VALUE_PIN] = same_pin,
    [VALUE_HEADERS] = same_list,    [VALUE_HEADER_NAMES] = same_list, [VALUE_BACKEND_HOST] = same_text,
    [VALUE_CIPHERS] = same_text,    [VALUE_GROUPS] = same_text,       [VALUE_BACKEND_NAME] = same_backend_name,
};

static bool is_same(enum value_type type, const struct comparison *both)
{
	bool is_known = (size_t)type < sizeof(comparisons) / sizeof(comparisons[0]) && comparisons[type] != NULL;
	return is_known && comparisons[type](both);
}

bool same_site_by_keys(const struct config_site *a, const struct config_site *b)
{
	if (strcmp(a->name, b->name) != 0)
		return false;
	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
		const struct config_key *key = config_key(id);
		const struct comparison both = {a, b, key->offset};
		if (key->scope != SCOPE_SITE || key->not_built)
			continue;
		if (!is_same(key->type, &both))
			return false;
	}
	return true;
}
