#include "conf/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/assign.h"

#define FIRST_CAPACITY 8

bool draft_init(struct draft *draft)
{
	*draft = (struct draft){0};
	draft->config = calloc(1, sizeof(*draft->config));
	return draft->config != NULL;
}

void draft_cleanup(struct draft *draft)
{
	config_free(draft->config);
	free(draft->sites);
	config_errors_cleanup(&draft->errors);
	*draft = (struct draft){0};
}

static bool grow(struct draft *draft)
{
	if (draft->config->num_sites < draft->capacity)
		return true;
	size_t capacity = draft->capacity == 0 ? FIRST_CAPACITY : draft->capacity * 2;
	struct config_site *sites = realloc(draft->config->sites, capacity * sizeof(*sites));
	if (sites == NULL)
		return false;
	draft->config->sites = sites;
	struct draft_section *sections = realloc(draft->sites, capacity * sizeof(*sections));
	if (sections == NULL)
		return false;
	draft->sites = sections;
	draft->capacity = capacity;
	return true;
}

bool draft_add_site(struct draft *draft, const char *name, unsigned line)
{
	struct config *config = draft->config;
	if (config->num_sites == CONFIG_MAX_SITES) {
		config_errors_add(&draft->errors, line, "[site %s]: more than %d sites are not supported", name,
				  CONFIG_MAX_SITES);
		return false;
	}
	char *copy = strdup(name);
	if (copy == NULL || !grow(draft)) {
		free(copy);
		config_errors_add(&draft->errors, line, "out of memory");
		return false;
	}
	draft->sites[config->num_sites] = (struct draft_section){.line = line};
	config->sites[config->num_sites] = (struct config_site){.name = copy, .line = line};
	config->num_sites++;
	return true;
}

const char *draft_key_text(const struct draft *draft, enum config_key_id id, char out[DRAFT_MAX_KEY_TEXT])
{
	snprintf(out, DRAFT_MAX_KEY_TEXT, "%s%s", draft->by_flags ? "--" : "", config_key(id)->name);
	for (char *at = out; draft->by_flags && *at != '\0'; at++) {
		if (*at == '_')
			*at = '-';
	}
	return out;
}

static void report_unknown(struct draft *draft, enum config_scope scope, const char *name, unsigned line)
{
	enum config_scope other = scope == SCOPE_SITE ? SCOPE_CHAINMEND : SCOPE_SITE;
	const char *nearest = config_key_nearest(scope, name);
	if (config_key_find(other, name) != NUM_CONFIG_KEYS)
		config_errors_add(&draft->errors, line, "%s: this key belongs into %s: move the line there", name,
				  other == SCOPE_SITE ? "a [site NAME] section" : "the [chainmend] section");
	else if (nearest != NULL)
		config_errors_add(&draft->errors, line, "%s: there is no such key: did you mean %s?", name, nearest);
	else
		config_errors_add(&draft->errors, line, "%s: there is no such key: chainmend run --help lists them all",
				  name);
}

/* Says whether a value may be taken: the key is built, and was not given before where it takes one value. */
static bool may_take(struct draft *draft, struct draft_section *section, enum config_key_id id, const char *value,
		     unsigned line)
{
	const struct config_key *key = config_key(id);
	char text[DRAFT_MAX_KEY_TEXT];
	draft_key_text(draft, id, text);
	if (section->has[id] && !key->repeatable) {
		if (draft->by_flags)
			config_errors_add(&draft->errors, line, "%s: given twice, and it takes one value", text);
		else
			config_errors_add(&draft->errors, line,
					  "%s: given twice, and it takes one value (the first is in line %u)", text,
					  section->lines[id]);
		return false;
	}
	bool is_later = key->later != NULL && strcmp(key->later, value) == 0;
	if (is_later || (key->not_built && (key->harmless == NULL || strcmp(key->harmless, value) != 0))) {
		config_errors_add(&draft->errors, line, "%s%s%s: not built yet in this version: take it out", text,
				  draft->by_flags ? " " : " = ", value);
		return false;
	}
	return !key->not_built;
}

void draft_set(struct draft *draft, enum config_scope scope, const char *name, const char *value, unsigned line)
{
	enum config_key_id id = config_key_find(scope, name);
	if (id == NUM_CONFIG_KEYS) {
		report_unknown(draft, scope, name, line);
		return;
	}
	size_t last = draft->config->num_sites - 1;
	struct draft_section *section = scope == SCOPE_SITE ? &draft->sites[last] : &draft->global;
	void *object = scope == SCOPE_SITE ? (void *)&draft->config->sites[last] : (void *)draft->config;
	bool take = may_take(draft, section, id, value, line);
	if (!section->has[id])
		section->lines[id] = line;
	section->has[id] = true;
	if (!take)
		return;

	char why[ASSIGN_MAX_TEXT];
	char text[DRAFT_MAX_KEY_TEXT];
	if (!assign_value(config_key(id), object, value, why))
		config_errors_add(&draft->errors, line, "%s%s%s: %s", draft_key_text(draft, id, text),
				  draft->by_flags ? " " : " = ", value, why);
}

static void complete_section(struct draft *draft, enum config_scope scope, const struct draft_section *section,
			     void *object)
{
	char why[ASSIGN_MAX_TEXT];
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		const struct config_key *key = config_key((enum config_key_id)i);
		if (key->scope != scope || section->has[i] || key->default_text == NULL)
			continue;
		if (!assign_value(key, object, key->default_text, why))
			config_errors_add(&draft->errors, section->line, "%s: %s", key->name, why);
	}
}

/* With http, chainmend speaks HTTP/1.1 itself, whatever the backend agrees to. */
static void complete_alpn(struct draft *draft, const struct draft_section *section, struct config_site *site)
{
	static const char http[] = "http/1.1";

	if (site->protocol != PROTOCOL_HTTP || string_list_has(&site->alpn, http))
		return;
	if (!string_list_append(&site->alpn, http))
		config_errors_add(&draft->errors, section->line, "out of memory");
}

void draft_complete(struct draft *draft)
{
	complete_section(draft, SCOPE_CHAINMEND, &draft->global, draft->config);
	for (size_t i = 0; i < draft->config->num_sites; i++) {
		complete_section(draft, SCOPE_SITE, &draft->sites[i], &draft->config->sites[i]);
		complete_alpn(draft, &draft->sites[i], &draft->config->sites[i]);
	}
}
