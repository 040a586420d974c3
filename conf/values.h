/* values - parses the texts of single values: sizes, times, addresses, URLs. Pure.
 *
 * Each returns NULL when the text is right, else a static clause that completes "VALUE: ...".
 */
#ifndef CONF_VALUES_H
#define CONF_VALUES_H

#include "conf/config.h"
#include "conf/keys.h"

#define VALUE_MAX_ADDRESS_CHARS 300 /* of host:port, brackets included */

extern const char value_no_memory[]; /* the clause where memory runs out, told apart by its address */

const char *value_parse_switch(const char *text, bool *out);
const char *value_parse_choice(const char *text, const struct config_choice *choices, unsigned *out);
const char *value_parse_count(const char *text, uint64_t *out);
const char *value_parse_size(const char *text, uint64_t *out_bytes);
const char *value_parse_time(const char *text, uint64_t *out_ms);
const char *value_parse_pin(const char *text, uint8_t out[SHA256_BYTES]);

/* HOST:PORT or [IPV6]:PORT. On success out->host is owned by the caller. */
const char *value_parse_address(const char *text, struct config_address *out);

/* The same, or PORT, :PORT or *:PORT for every address. */
const char *value_parse_listen(const char *text, struct config_address *out);

/* off, PORT (loopback), ADDRESS:PORT or unix:PATH. The caller owns what it points to. */
const char *value_parse_admin(const char *text, struct config_admin *out);

/* tcp://HOST:PORT or tls://HOST:PORT. */
const char *value_parse_backend(const char *text, struct config_backend *out);

/* http://HOST:PORT, with or without a slash after it. */
const char *value_check_proxy_url(const char *text);

/* A DNS name, an address, or a wildcard (*.example.com). */
const char *value_check_hostname(const char *text);

/* HOST or HOST:PORT, as it stands in a Host field: an IPv6 address in brackets. */
const char *value_check_authority(const char *text);

/* An address, a CIDR block, or the word unix. */
const char *value_check_network(const char *text);

const char *value_check_fetch_rule(const char *text);

/* An ALPN protocol: 1 to 255 bytes (RFC 7301 3.1), of TLS over TCP. */
const char *value_check_alpn(const char *text);

/* system, PATH or NAME=PATH. */
const char *value_check_roots(const char *text);

#endif
