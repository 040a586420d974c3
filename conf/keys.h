/* keys - the table of the configuration's keys: the parser, --help, the sample, the manual page and
 * docs/configuration.md are made from it. Its rows are in keys.def.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chaincache/base/buffer.h"

enum config_scope { SCOPE_CHAINMEND, SCOPE_SITE };

/* How a value is read and where it goes. */
enum value_type {
	VALUE_SWITCH, /* on or off -> bool */
	VALUE_CHOICE, /* one word of `choices` -> an enum */
	VALUE_TLS_VERSION, /* one word of `choices` -> uint16_t */
	VALUE_WORKERS, /* auto or a number -> unsigned */
	VALUE_COUNT, /* -> uint64_t */
	VALUE_SIZE, /* bytes, with k, m or g -> uint64_t */
	VALUE_TIME, /* with ms, s, m, h or d -> uint64_t, milliseconds */
	VALUE_TEXT, /* -> char * */
	VALUE_CIPHERS, /* of TLS 1.2 and below -> char * */
	VALUE_GROUPS, /* of the key exchange -> char * */
	VALUE_PATH, /* -> char * */
	VALUE_PROXY_URL, /* http://HOST:PORT -> char * */
	VALUE_PATHS, /* one a line -> struct string_list */
	VALUE_ROOTS, /* one a line: system, PATH or NAME=PATH -> struct string_list */
	VALUE_WORDS, /* several a line -> struct string_list */
	VALUE_HOSTNAMES, /* several a line -> struct string_list */
	VALUE_FETCH_RULES, /* several a line -> struct string_list */
	VALUE_NETWORKS, /* several a line: addresses, blocks, the word unix -> struct string_list */
	VALUE_HEADERS, /* one a line: NAME: VALUE -> struct string_list */
	VALUE_HEADER_NAMES, /* several a line -> struct string_list */
	VALUE_BACKEND_HOST, /* a name with or without a port, or the word client -> char *, NULL for client */
	VALUE_CERTIFICATES, /* paths, or the word backend */
	VALUE_BACKEND_NAME, /* a name, or the word client */
	VALUE_LISTENS, /* several a line */
	VALUE_BACKENDS, /* several a line */
	VALUE_PIN, /* SHA-256 */
	VALUE_ADMIN, /* -> struct config_admin */
};

struct config_choice {
	const char *word;
	unsigned value;
};

enum config_key_id {
#define KEY(id, ...) id,
#include "conf/keys.def"
#undef KEY
	NUM_CONFIG_KEYS
};

/* How the sample configuration shows a key. */
enum config_sample {
	SAMPLE_COMMENTED, /* after a semicolon: with its default, or an example */
	SAMPLE_IN_FORCE,
	SAMPLE_EDIT, /* in force, and below a line that asks for an edit */
};

struct config_key {
	const char *name;
	enum config_scope scope;
	enum value_type type;
	bool repeatable;
	const char *default_text; /* as it would be written; NULL: there is none */
	const char *example; /* where there is no default */
	uint64_t min, max; /* of numbers, sizes and times */
	const struct config_choice *choices; /* ends with a NULL word */
	bool not_built; /* a key of the contract that this version refuses ... */
	const char *harmless; /* ... but for this value, which asks for nothing new; may be NULL */
	const char *later; /* a value of the contract that this version refuses; NULL: there is none */
	bool flag; /* run takes it as a flag, too; not a key that needs several sites */
	enum config_sample sample;
	const char *missing; /* the error where a site lacks the key; NULL: a site need not have it */
	size_t offset; /* of the field in struct config or struct config_site */
	const char *help; /* a paragraph; it does not repeat other columns */
};

/* config_key returns the row; never NULL for an id below NUM_CONFIG_KEYS. */
const struct config_key *config_key(enum config_key_id id);

/* config_key_find looks a name up; NUM_CONFIG_KEYS when there is none. */
enum config_key_id config_key_find(enum config_scope scope, const char *name);

/* config_key_nearest is the right spelling of a misspelt name; NULL when nothing is near. */
const char *config_key_nearest(enum config_scope scope, const char *name);

/* config_key_print_form appends the form of a value: "TIME", "mend|strict|off" ... */
MUST_USE struct error config_key_print_form(const struct config_key *key, struct buffer *out);

/* config_key_print_words appends the key's help, and that it must be set or is repeatable. */
MUST_USE struct error config_key_print_words(const struct config_key *key, struct buffer *out);

/* config_key_print_help appends these words and the key's default. */
MUST_USE struct error config_key_print_help(const struct config_key *key, struct buffer *out);

#endif
