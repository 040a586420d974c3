/* keys - the one table of what a configuration file may say: the parser, --help, the man page and the sample come from
 * it or are tested against it.
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
	VALUE_PATH, /* -> char * */
	VALUE_PROXY_URL, /* http://HOST:PORT -> char * */
	VALUE_PATHS, /* one a line -> struct string_list */
	VALUE_ROOTS, /* one a line: system, PATH or NAME=PATH -> struct string_list */
	VALUE_WORDS, /* several a line -> struct string_list */
	VALUE_HOSTNAMES, /* several a line -> struct string_list */
	VALUE_FETCH_RULES, /* several a line -> struct string_list */
	VALUE_CERTIFICATES, /* paths, or the word backend */
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
	KEY_WORKERS,
	KEY_USER,
	KEY_GROUP,
	KEY_FIX_LOG,
	KEY_ACCESS_LOG,
	KEY_LOG_LEVEL,
	KEY_CACHE,
	KEY_ROOTS,
	KEY_CRL,
	KEY_FETCH,
	KEY_FETCH_ALLOW,
	KEY_FETCH_PROXY,
	KEY_ADMIN,
	KEY_ADMIN_TOKEN_FILE,
	KEY_MAX_CONNECTIONS,
	KEY_DRAIN_TIMEOUT,
	KEY_TICKET_KEYS,

	KEY_LISTEN,
	KEY_DEFAULT,
	KEY_HOSTNAMES,
	KEY_CERTIFICATE,
	KEY_KEY,
	KEY_KEY_PASSWORD_FILE,
	KEY_BACKEND,
	KEY_BACKEND_NAME,
	KEY_BACKEND_VERIFY,
	KEY_BACKEND_TLS_MIN,
	KEY_BACKEND_CERTIFICATE,
	KEY_BACKEND_KEY,
	KEY_BACKEND_PIN,
	KEY_PROBE_INTERVAL,
	KEY_SITE_ROOTS,
	KEY_SITE_CRL,
	KEY_MODE,
	KEY_MAX_CHAIN_BYTES,
	KEY_ALPN,
	KEY_TLS_MIN,
	KEY_TLS_MAX,
	KEY_CIPHERS,
	KEY_GROUPS,
	KEY_CERTIFICATE_COMPRESSION,
	KEY_UNKNOWN_NAMES,
	KEY_HANDSHAKE_TIMEOUT,
	KEY_IDLE_TIMEOUT,
	KEY_CONNECT_TIMEOUT,
	KEY_PROTOCOL,
	KEY_HSTS,
	KEY_REDIRECT_LISTEN,
	KEY_CERTIFICATE_DIRECTORY,
	KEY_CLIENT_CA,
	KEY_CLIENT_VERIFY,
	KEY_SEND_PROXY,
	KEY_ACCEPT_PROXY,
	KEY_ROLLBACK,

	NUM_CONFIG_KEYS
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
	const char *harmless; /* ... but for this value, which says what is so anyway; may be NULL */
	size_t offset; /* of the field in struct config or struct config_site */
	const char *help; /* lines for a person */
};

/* config_key returns the row; never NULL for an id below NUM_CONFIG_KEYS. */
const struct config_key *config_key(enum config_key_id id);

/* config_key_find looks a name up; NUM_CONFIG_KEYS when there is none. */
enum config_key_id config_key_find(enum config_scope scope, const char *name);

/* config_key_nearest is the right spelling of a misspelt name; NULL when nothing is near. */
const char *config_key_nearest(enum config_scope scope, const char *name);

/* config_key_print_form appends what a value looks like: "TIME (ms, s, m, h, d)", "mend|strict|off" ... */
MUST_USE struct error config_key_print_form(const struct config_key *key, struct buffer *out);

/* config_key_print_help appends the key's help and its default, for --help. */
MUST_USE struct error config_key_print_help(const struct config_key *key, struct buffer *out);

/* config_key_print_sample appends the key as the sample configuration shows it: help, then the commented line. */
MUST_USE struct error config_key_print_sample(const struct config_key *key, struct buffer *out);

/* config_key_print_man appends the key as the man page shows it. */
MUST_USE struct error config_key_print_man(const struct config_key *key, struct buffer *out);

#endif
