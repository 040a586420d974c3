/* config - a configuration, read and checked: plain data, owned by struct config, immutable from then on.
 *
 * Times are milliseconds (_ms), sizes bytes (_bytes). A string that was not given is NULL; every other key that was not
 * given has its default from the table in conf/keys.c.
 */
#ifndef CONF_CONFIG_H
#define CONF_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chaincache/certificate/certificate.h" /* SHA256_BYTES */

#define CONFIG_MAX_SITES 10000
#define CONFIG_MAX_VALUES 1000 /* of one repeatable key */

struct string_list {
	char **items;
	size_t count;
};

/* host:port as written; the address is resolved when it is used. A listen address without a host ("443", "*:443") has
 * host "" and stands for all addresses. IPv6 literals are stored without brackets. */
struct config_address {
	char *host;
	uint16_t port;
};

#define CONFIG_MAX_WORKERS 256

#define CONFIG_ADDRESS_MAX 300 /* of its text */

/* config_address_print writes "host:port", "[v6]:port", or "*:port" for every address; returns `out`. */
const char *config_address_print(const char *host, uint16_t port, char out[CONFIG_ADDRESS_MAX]);

struct config_backend {
	bool tls; /* tls:// */
	struct config_address address;
};

/* Where the admin page is. */
enum config_admin_kind { ADMIN_OFF, ADMIN_TCP, ADMIN_UNIX };

struct config_admin {
	enum config_admin_kind kind;
	struct config_address address; /* ADMIN_TCP: without a host, it is 127.0.0.1's; host NULL otherwise */
	char *path; /* ADMIN_UNIX; NULL otherwise */
};

#define CONFIG_ADMIN_MAX_PATH 107 /* of a Unix socket's address (unix(7)) */

/* config_admin_is_local says whether nobody but this machine can get there: loopback, or a Unix socket. */
bool config_admin_is_local(const struct config_admin *admin);

/* config_admin_print writes it as in the file; returns `out`. */
const char *config_admin_print(const struct config_admin *admin, char out[CONFIG_ADDRESS_MAX]);

enum config_switch { CONFIG_OFF, CONFIG_ON };
enum config_backend_verify { BACKEND_VERIFY_MEND, BACKEND_VERIFY_STRICT, BACKEND_VERIFY_OFF };
enum config_mode { MODE_MEND, MODE_REPORT };
enum config_unknown_names { UNKNOWN_NAMES_SERVE, UNKNOWN_NAMES_REJECT };
enum config_protocol { PROTOCOL_TCP, PROTOCOL_HTTP };
enum config_forwarded { FORWARDED_OFF, FORWARDED_X, FORWARDED_RFC7239, FORWARDED_BOTH };
enum config_backend_reuse { BACKEND_REUSE_PRIVATE, BACKEND_REUSE_SHARED };
enum config_log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct config_site {
	char *name;
	unsigned line; /* of its section, 0 for the short form by flags */
	struct config_address *listens;
	size_t num_listens;
	bool is_default;
	struct string_list hostnames;
	struct string_list certificates; /* paths; empty when certificate_is_backend */
	bool certificate_is_backend;
	struct string_list keys; /* paths; the n-th belongs to no particular certificate: they are matched by content */
	char *key_password_file;
	struct config_backend *backends; /* all of them tcp or all of them tls */
	size_t num_backends;
	char *backend_name; /* NULL: not set, or backend_name_is_client */
	bool backend_name_is_client; /* the word client */
	enum config_backend_verify backend_verify;
	uint16_t backend_tls_min; /* TLS1_VERSION ... TLS1_3_VERSION */
	char *backend_certificate;
	char *backend_key;
	bool has_backend_pin;
	uint8_t backend_pin[SHA256_BYTES];
	struct string_list roots; /* as trust_store_set_add_option reads them; empty: the global ones */
	struct string_list crls; /* paths; empty: the global ones */
	enum config_mode mode;
	uint64_t max_chain_bytes; /* 0: no warning */
	struct string_list alpn; /* http/1.1 is among them with PROTOCOL_HTTP */
	uint16_t tls_min;
	uint16_t tls_max;
	char *ciphers; /* TLS 1.2 and below */
	char *groups; /* NULL: chainmend's own list */
	bool certificate_compression;
	enum config_unknown_names unknown_names;
	bool rollback; /* the former chain comes back when clients reject the new one */
	uint64_t probe_interval_ms;
	uint64_t handshake_timeout_ms;
	uint64_t idle_timeout_ms;
	uint64_t connect_timeout_ms;
	enum config_protocol protocol; /* the rest is for PROTOCOL_HTTP */
	enum config_forwarded forwarded;
	char *backend_host; /* NULL: the client's own */
	struct string_list set_headers; /* NAME: VALUE, see header_line_split */
	struct string_list remove_headers;
	enum config_backend_reuse backend_reuse;
	uint64_t max_head_bytes;
	uint64_t max_body_bytes; /* 0: no limit */
	uint64_t head_timeout_ms;
	uint64_t body_timeout_ms;
	uint64_t response_timeout_ms; /* 0: not set, idle_timeout_ms counts */
	uint64_t keepalive_timeout_ms;
	bool upgrade;
};

struct config {
	char *path; /* of the file; NULL for the short form by flags */
	unsigned workers; /* 0: auto, one a core that this process may use */
	char *user;
	char *group;
	char *fix_log; /* path, or "stderr" */
	enum config_log_level log_level;
	char *cache; /* directory */
	struct string_list roots; /* empty never: the default is "system" */
	struct string_list crls; /* paths; empty: revocation is not looked at */
	bool fetch;
	struct string_list fetch_allow; /* empty never: the default is "public" */
	char *fetch_proxy; /* URL of an HTTP proxy; NULL: none */
	struct config_admin admin;
	struct string_list trusted_proxies; /* addresses, blocks, the word unix */
	char *admin_token_file; /* NULL: no token is asked for */
	uint64_t max_connections; /* of all workers together */
	uint64_t drain_timeout_ms;
	char *ticket_keys; /* path; NULL: made in memory */
	struct config_site *sites;
	size_t num_sites;
};

/* config_same_backends says whether two sites have the same backends in the same order. */
bool config_same_backends(const struct config_site *a, const struct config_site *b);

void config_free(struct config *config); /* NULL is fine */

/* string_list_append copies `text` to the end; false when out of memory. */
bool string_list_append(struct string_list *list, const char *text);
bool string_list_has(const struct string_list *list, const char *text);
void string_list_cleanup(struct string_list *list);

#endif
