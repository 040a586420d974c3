/* draft - a configuration while it is read: the values so far, the line of each, and the errors.
 *
 * The keys of [chainmend] and of each site are a section; a complete section gets the table's defaults for keys that
 * it lacks.
 */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "conf/config.h"
#include "conf/config_errors.h"
#include "conf/keys.h"

struct draft_section {
	unsigned line;
	bool has[NUM_CONFIG_KEYS]; /* the key was given, be it with a wrong value */
	unsigned lines[NUM_CONFIG_KEYS]; /* where, the first time; 0 for a flag */
};

struct draft {
	struct config *config; /* owned until draft_finish */
	struct draft_section global;
	struct draft_section *sites; /* the n-th belongs to config->sites[n] */
	size_t capacity; /* of sites, here and in config */
	struct config_errors errors;
	bool by_flags; /* the short form: errors name flags */
};

/* draft_init: false when out of memory. */
bool draft_init(struct draft *draft);
void draft_cleanup(struct draft *draft);

/* draft_add_site begins a site; false when that cannot be, with the error in the draft. */
bool draft_add_site(struct draft *draft, const char *name, unsigned line);

/* draft_set takes one "key = value" of a scope: of the site added last, or of [chainmend]. Adds its errors. */
void draft_set(struct draft *draft, enum config_scope scope, const char *name, const char *value, unsigned line);

/* draft_complete puts the defaults in, for all sections. */
void draft_complete(struct draft *draft);

/* draft_key_text writes a key as errors name it: its name, or the flag of the short form; returns `out`. */
#define DRAFT_MAX_KEY_TEXT 64
const char *draft_key_text(const struct draft *draft, enum config_key_id id, char out[DRAFT_MAX_KEY_TEXT]);

#endif
