#include "conf/assign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/config.h"
#include "conf/header_line.h"
#include "conf/values.h"
#include "proxy/wire/tls_ciphers.h"
#include "proxy/wire/tls_groups.h"

#define SEPARATORS ", \t"
#define MAX_WORD 256

static const char no_memory[] = "out of memory";
static const char too_many[] = "is one value more than a key may have";

/* Reads one value into the object: NULL, or what is wrong. */
struct assignment {
	const struct config_key *key;
	void *object;
	char *why; /* ASSIGN_MAX_TEXT, for a text that has to be made */
};

static void *field(const struct assignment *to)
{
	return (char *)to->object + to->key->offset;
}

static const char *assign_switch(const struct assignment *to, const char *text)
{
	return value_parse_switch(text, field(to));
}

static const char *list_choices(const struct assignment *to)
{
	size_t len = (size_t)snprintf(to->why, ASSIGN_MAX_TEXT, "is none of ");
	for (const struct config_choice *choice = to->key->choices; choice->word != NULL && len < ASSIGN_MAX_TEXT;
	     choice++)
		len += (size_t)snprintf(to->why + len, ASSIGN_MAX_TEXT - len, "%s%s",
					choice == to->key->choices ? "" : ", ", choice->word);
	return to->why;
}

static const char *assign_choice(const struct assignment *to, const char *text)
{
	unsigned value = 0;
	if (value_parse_choice(text, to->key->choices, &value) != NULL)
		return list_choices(to);
	memcpy(field(to), &value, sizeof(value));
	return NULL;
}

static const char *assign_tls_version(const struct assignment *to, const char *text)
{
	unsigned value = 0;
	if (value_parse_choice(text, to->key->choices, &value) != NULL)
		return list_choices(to);
	*(uint16_t *)field(to) = (uint16_t)value;
	return NULL;
}

/* Prints a number in the units of the key: the limits of a time are not milliseconds. */
static const char *check_limits(const struct assignment *to, uint64_t value)
{
	const struct config_key *key = to->key;
	if (value >= key->min && value <= key->max)
		return NULL;
	const char *word = value < key->min ? "smallest" : "largest";
	uint64_t limit = value < key->min ? key->min : key->max;
	if (key->type == VALUE_TIME && limit % 1000 == 0)
		snprintf(to->why, ASSIGN_MAX_TEXT, "the %s is %" PRIu64 "s", word, limit / 1000);
	else
		snprintf(to->why, ASSIGN_MAX_TEXT, "the %s is %" PRIu64 "%s", word, limit,
			 key->type == VALUE_TIME ? "ms" : "");
	return to->why;
}

static const char *assign_workers(const struct assignment *to, const char *text)
{
	uint64_t value = 0;
	if (strcmp(text, "auto") != 0) {
		const char *wrong = value_parse_count(text, &value);
		if (wrong != NULL)
			return "is neither auto nor a whole number";
		wrong = check_limits(to, value);
		if (wrong != NULL)
			return wrong;
	}
	*(unsigned *)field(to) = (unsigned)value;
	return NULL;
}

static const char *assign_number(const struct assignment *to, const char *text)
{
	uint64_t value = 0;
	const char *wrong = NULL;
	if (to->key->type == VALUE_TIME)
		wrong = value_parse_time(text, &value);
	else if (to->key->type == VALUE_SIZE)
		wrong = value_parse_size(text, &value);
	else
		wrong = value_parse_count(text, &value);
	if (wrong == NULL)
		wrong = check_limits(to, value);
	if (wrong == NULL)
		*(uint64_t *)field(to) = value;
	return wrong;
}

static const char *assign_text(const struct assignment *to, const char *text)
{
	if (to->key->type == VALUE_PROXY_URL) {
		const char *wrong = value_check_proxy_url(text);
		if (wrong != NULL)
			return wrong;
	}
	char *copy = strdup(text);
	if (copy == NULL)
		return no_memory;
	*(char **)field(to) = copy;
	return NULL;
}

/* Checks a list of names that BoringSSL reads. */
static const char *assign_tls_names(const struct assignment *to, const char *text)
{
	struct buffer wrong;

	buffer_init(&wrong, ASSIGN_MAX_TEXT - 1);
	struct error error =
	    to->key->type == VALUE_CIPHERS ? tls_ciphers_check(text, &wrong) : tls_groups_check(text, &wrong);
	if (failed(error) || wrong.len > 0)
		snprintf(to->why, ASSIGN_MAX_TEXT, "%s", failed(error) ? "cannot be read" : buffer_text(&wrong));
	bool good = !failed(error) && wrong.len == 0;
	buffer_cleanup(&wrong);
	return good ? assign_text(to, text) : to->why;
}

static const char *append(struct string_list *list, const char *text)
{
	if (list->count == CONFIG_MAX_VALUES)
		return too_many;
	return string_list_append(list, text) ? NULL : no_memory;
}

static const char *assign_item(const struct assignment *to, const char *text)
{
	static const struct {
		enum value_type type;
		const char *(*check)(const char *text);
	} checks[] = {
	    {VALUE_ROOTS, value_check_roots},        {VALUE_WORDS, value_check_alpn},
	    {VALUE_HOSTNAMES, value_check_hostname}, {VALUE_FETCH_RULES, value_check_fetch_rule},
	    {VALUE_NETWORKS, value_check_network},   {VALUE_HEADERS, header_line_check},
	    {VALUE_HEADER_NAMES, header_name_check},
	};
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const char *wrong = checks[i].type == to->key->type ? checks[i].check(text) : NULL;
		if (wrong != NULL)
			return wrong;
	}
	return append(field(to), text);
}

static const char *assign_certificate(const struct assignment *to, const char *text)
{
	struct config_site *site = to->object;
	if (strcmp(text, "backend") != 0)
		return append(&site->certificates, text);
	site->certificate_is_backend = true;
	return NULL;
}

static const char *assign_backend_name(const struct assignment *to, const char *text)
{
	struct config_site *site = to->object;
	site->backend_name_is_client = strcmp(text, "client") == 0;
	return site->backend_name_is_client ? NULL : assign_text(to, text);
}

static const char *assign_backend_host(const struct assignment *to, const char *text)
{
	if (strcmp(text, "client") == 0)
		return NULL;
	const char *wrong = value_check_authority(text);
	return wrong != NULL ? wrong : assign_text(to, text);
}

static const char *assign_listen(const struct assignment *to, const char *text)
{
	struct config_site *site = to->object;
	struct config_address address = {0};
	if (site->num_listens == CONFIG_MAX_VALUES)
		return too_many;
	const char *wrong = value_parse_listen(text, &address);
	if (wrong != NULL)
		return wrong;
	struct config_address *grown = realloc(site->listens, (site->num_listens + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(address.host);
		return no_memory;
	}
	site->listens = grown;
	site->listens[site->num_listens++] = address;
	return NULL;
}

static const char *assign_backend(const struct assignment *to, const char *text)
{
	struct config_site *site = to->object;
	struct config_backend backend = {0};
	if (site->num_backends == CONFIG_MAX_VALUES)
		return too_many;
	const char *wrong = value_parse_backend(text, &backend);
	if (wrong != NULL)
		return wrong;
	struct config_backend *grown = realloc(site->backends, (site->num_backends + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(backend.address.host);
		return no_memory;
	}
	site->backends = grown;
	site->backends[site->num_backends++] = backend;
	return NULL;
}

static const char *assign_pin(const struct assignment *to, const char *text)
{
	struct config_site *site = to->object;
	const char *wrong = value_parse_pin(text, site->backend_pin);
	site->has_backend_pin = wrong == NULL;
	return wrong;
}

static const char *assign_admin(const struct assignment *to, const char *text)
{
	return value_parse_admin(text, field(to));
}

static const struct {
	const char *(*assign)(const struct assignment *to, const char *text);
	bool splits; /* several values may stand in a line */
} types[] = {
    [VALUE_SWITCH] = {assign_switch, false},
    [VALUE_CHOICE] = {assign_choice, false},
    [VALUE_TLS_VERSION] = {assign_tls_version, false},
    [VALUE_WORKERS] = {assign_workers, false},
    [VALUE_COUNT] = {assign_number, false},
    [VALUE_SIZE] = {assign_number, false},
    [VALUE_TIME] = {assign_number, false},
    [VALUE_TEXT] = {assign_text, false},
    [VALUE_PROXY_URL] = {assign_text, false},
    [VALUE_CIPHERS] = {assign_tls_names, false},
    [VALUE_GROUPS] = {assign_tls_names, false},
    [VALUE_PATH] = {assign_text, false},
    [VALUE_PATHS] = {assign_item, false},
    [VALUE_ROOTS] = {assign_item, false},
    [VALUE_WORDS] = {assign_item, true},
    [VALUE_HOSTNAMES] = {assign_item, true},
    [VALUE_FETCH_RULES] = {assign_item, true},
    [VALUE_NETWORKS] = {assign_item, true},
    [VALUE_HEADERS] = {assign_item, false},
    [VALUE_HEADER_NAMES] = {assign_item, true},
    [VALUE_BACKEND_HOST] = {assign_backend_host, false},
    [VALUE_CERTIFICATES] = {assign_certificate, false},
    [VALUE_BACKEND_NAME] = {assign_backend_name, false},
    [VALUE_LISTENS] = {assign_listen, true},
    [VALUE_BACKENDS] = {assign_backend, true},
    [VALUE_PIN] = {assign_pin, false},
    [VALUE_ADMIN] = {assign_admin, false},
};

/* Each word of the line by itself; a wrong one is named when it does not stand alone. */
static const char *assign_words(const struct assignment *to, const char *text)
{
	char word[MAX_WORD + 1];
	bool is_alone = strpbrk(text, SEPARATORS) == NULL;
	for (text += strspn(text, SEPARATORS); *text != '\0'; text += strspn(text, SEPARATORS)) {
		size_t len = strcspn(text, SEPARATORS);
		if (len > MAX_WORD)
			return "has a value that is too long";
		memcpy(word, text, len);
		word[len] = '\0';
		text += len;
		const char *wrong = types[to->key->type].assign(to, word);
		if (wrong == NULL)
			continue;
		if (is_alone)
			return wrong;
		char clause[ASSIGN_MAX_TEXT];
		snprintf(clause, sizeof(clause), "%s", wrong);
		snprintf(to->why, ASSIGN_MAX_TEXT, "%.100s %.150s", word, clause);
		return to->why;
	}
	return NULL;
}

bool assign_value(const struct config_key *key, void *object, const char *text, char why[ASSIGN_MAX_TEXT])
{
	struct assignment to = {key, object, why};
	const char *wrong = NULL;
	if (text[strspn(text, SEPARATORS)] == '\0')
		wrong = "has no value: give one, or take the line out";
	else if (text[0] == '"' || text[0] == '\'')
		wrong = "stands in quotes: write it without";
	else if (strstr(text, " #") != NULL)
		wrong = "has a # in it: write a comment on a line of its own, or behind a blank and a semicolon";
	else
		wrong = types[key->type].splits ? assign_words(&to, text) : types[key->type].assign(&to, text);
	if (wrong != NULL && wrong != why)
		snprintf(why, ASSIGN_MAX_TEXT, "%s", wrong);
	return wrong == NULL;
}
