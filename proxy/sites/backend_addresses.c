#include "proxy/sites/backend_addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/alarm.h"
#include "proxy/io/resolver.h"
#include "proxy/system/retry.h"

/* One backend, by the host that its address names. */
struct backend_host {
	struct backend_addresses *backends;
	const struct config_address *address;
	size_t backend; /* index into config->backends */
	bool is_literal;
	struct sockaddr_storage addresses[RESOLVER_MAX_ADDRESSES];
	size_t num_addresses;
	struct resolver *resolver;
	struct alarm *alarm;
	struct retry retry;
	bool answered; /* the first look-up has come to its end: what is known counts */
	bool logged; /* that it does not resolve */
};

struct backend_addresses {
	struct loop *loop;
	const struct config_site *config;
	const struct program_log *log;
	void *context;
	void (*on_change)(void *context);
	struct backend_host *hosts;
	size_t num_hosts;
	struct backend_list *list; /* one reference */
};

static bool read_literal(struct backend_host *host)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(host->address->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(host->address->port)};

	if (inet_pton(AF_INET, host->address->host, &v4.sin_addr) == 1)
		memcpy(&host->addresses[0], &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, host->address->host, &v6.sin6_addr) == 1)
		memcpy(&host->addresses[0], &v6, sizeof(v6));
	else
		return false;
	host->num_addresses = 1;
	host->answered = true;
	return true;
}

static socklen_t length_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* Makes the present list one that can be filled. False: out of memory, it stays as it was. */
static bool open_list(struct backend_addresses *backends)
{
	if (backends->list != NULL && !backend_list_is_known(backends->list))
		return true;
	struct backend_list *list = backend_list_new();
	if (list == NULL)
		return false;
	backend_list_unref(backends->list);
	backends->list = list;
	return true;
}

static void add_host(struct backend_list *list, const struct backend_host *host)
{
	for (size_t i = 0; i < host->num_addresses; i++) {
		const struct backend_address address = {
		    .address = host->addresses[i],
		    .address_len = length_of(&host->addresses[i]),
		    .backend = host->backend,
		};
		backend_list_add(list, &address);
	}
}

/* Fills the open list once there is an address, or no first answer is awaited any more. Returns whether it did. */
static bool fill_list(struct backend_addresses *backends)
{
	bool is_awaited = false;

	for (size_t i = 0; i < backends->num_hosts; i++) {
		add_host(backends->list, &backends->hosts[i]);
		is_awaited = is_awaited || !backends->hosts[i].answered;
	}
	if (backends->list->count == 0 && is_awaited)
		return false;
	backend_list_set_known(backends->list);
	return true;
}

static void look_up(void *context);

struct backend_addresses *backend_addresses_new(struct loop *loop, const struct config_site *config,
						const struct program_log *log, void *context,
						void (*on_change)(void *context))
{
	struct backend_addresses *backends = calloc(1, sizeof(*backends));
	if (backends == NULL)
		return NULL;
	*backends = (struct backend_addresses){
	    .loop = loop, .config = config, .log = log, .context = context, .on_change = on_change};
	backends->hosts = calloc(config->num_backends + 1, sizeof(*backends->hosts));
	if (backends->hosts == NULL)
		goto out;
	for (size_t i = 0; i < config->num_backends; i++) {
		struct backend_host *host = &backends->hosts[backends->num_hosts++];
		host->backends = backends;
		host->address = &config->backends[i].address;
		host->backend = i;
		host->is_literal = read_literal(host);
		retry_init(&host->retry, BACKEND_ADDRESSES_RETRY_FIRST_MS, BACKEND_ADDRESSES_RENEW_MS);
		if (host->is_literal || loop == NULL)
			continue;
		host->alarm = alarm_new(loop, host, look_up);
		if (host->alarm == NULL)
			goto out;
	}
	if (!open_list(backends))
		goto out;
	(void)fill_list(backends);
	return backends;
out:
	backend_addresses_free(backends);
	return NULL;
}

void backend_addresses_free(struct backend_addresses *backends)
{
	if (backends == NULL)
		return;
	for (size_t i = 0; i < backends->num_hosts; i++) {
		if (backends->hosts[i].resolver != NULL)
			resolver_cancel(backends->hosts[i].resolver);
		alarm_free(backends->hosts[i].alarm);
	}
	backend_list_unref(backends->list);
	free(backends->hosts);
	free(backends);
}

static void log_unresolved(struct backend_host *host, struct error error)
{
	const struct backend_addresses *backends = host->backends;
	char text[ERROR_MAX_TEXT];

	if (!host->logged)
		program_log_write(backends->log, LOG_LEVEL_WARNING, backends->config->name,
				  "backend %s does not resolve: %s; %s", host->address->host,
				  error_print(error, text, sizeof(text)),
				  host->num_addresses > 0 ? "its last addresses stay in use" : "it is tried again");
	host->logged = true;
}

/* A shortage says nothing about the name, and leaves its first answer awaited. */
static void note_failure(struct backend_host *host, struct error error)
{
	struct backend_addresses *backends = host->backends;

	log_unresolved(host, error);
	alarm_set(host->alarm, retry_next(&host->retry));
	if (error.kind != ERROR_RESOLVE)
		return;
	host->answered = true;
	if (!backend_list_is_known(backends->list) && fill_list(backends))
		backends->on_change(backends->context);
}

static void on_resolved(void *context, struct error error, const struct sockaddr_storage *addresses,
			size_t num_addresses)
{
	struct backend_host *host = context;
	struct backend_addresses *backends = host->backends;

	host->resolver = NULL;
	if (failed(error)) {
		note_failure(host, error);
		return;
	}
	host->logged = false;
	retry_reset(&host->retry);
	alarm_set(host->alarm, BACKEND_ADDRESSES_RENEW_MS);
	if (num_addresses > RESOLVER_MAX_ADDRESSES)
		num_addresses = RESOLVER_MAX_ADDRESSES;
	if (num_addresses == host->num_addresses &&
	    memcmp(addresses, host->addresses, num_addresses * sizeof(*addresses)) == 0)
		return;
	if (!open_list(backends)) {
		note_failure(host, error_of(ERROR_MEMORY, 0, "keep its addresses"));
		return;
	}
	memcpy(host->addresses, addresses, num_addresses * sizeof(*addresses));
	host->num_addresses = num_addresses;
	host->answered = true;
	(void)fill_list(backends);
	backends->on_change(backends->context);
}

static void look_up(void *context)
{
	struct backend_host *host = context;

	struct error error = resolver_start(host->backends->loop, host->address->host, host->address->port, host,
					    on_resolved, &host->resolver);
	if (failed(error))
		note_failure(host, error);
}

void backend_addresses_begin(struct backend_addresses *backends)
{
	for (size_t i = 0; i < backends->num_hosts; i++) {
		if (!backends->hosts[i].is_literal)
			look_up(&backends->hosts[i]);
	}
}

static bool same_host(const struct config_address *a, const struct config_address *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static void inherit_host(struct backend_host *host, const struct backend_host *old)
{
	memcpy(host->addresses, old->addresses, sizeof(host->addresses));
	host->num_addresses = old->num_addresses;
	host->answered = old->answered;
}

static bool same_hosts(const struct backend_addresses *a, const struct backend_addresses *b)
{
	bool same = a->num_hosts == b->num_hosts;

	for (size_t i = 0; same && i < a->num_hosts; i++)
		same = same_host(a->hosts[i].address, b->hosts[i].address);
	return same;
}

/* Nobody else has the new list yet. */
static void inherit_list(struct backend_addresses *backends, const struct backend_addresses *former)
{
	if (!backend_list_is_known(former->list) && same_hosts(backends, former)) {
		backend_list_unref(backends->list);
		backends->list = backend_list_ref(former->list);
		return;
	}
	backends->list->count = 0;
	(void)fill_list(backends);
}

void backend_addresses_inherit(struct backend_addresses *backends, const struct backend_addresses *former)
{
	for (size_t i = 0; i < backends->num_hosts; i++) {
		struct backend_host *host = &backends->hosts[i];
		for (size_t k = 0; k < former->num_hosts && host->num_addresses == 0; k++) {
			if (same_host(host->address, former->hosts[k].address))
				inherit_host(host, &former->hosts[k]);
		}
	}
	inherit_list(backends, former);
}

struct backend_list *backend_addresses_list(const struct backend_addresses *backends)
{
	return backends->list;
}
