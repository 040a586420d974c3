#include "tests/support/proxy_world.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "conf/reader.h"
#include "proxy/io/alarm.h"
#include "proxy/io/loop.h"
#include "proxy/shared/backend_tls.h"
#include "tests/support/loopback.h"

/* Certificates */

static const struct certificate *issuer;
static const struct certificate *leaf;

int world_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	issuer = PKI(.cn = "Issuer", .ca = true);
	leaf = PKI(.cn = "a.example", .issuer = issuer, .dns = PKI_STRINGS("a.example"));
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
}

const struct certificate *world_issuer(void)
{
	return issuer;
}

const struct certificate *world_leaf(void)
{
	return leaf;
}

struct world_site world_site(uint16_t backend_port, const char *keys)
{
	return (struct world_site){.keys = keys, .backend_port = backend_port, .leaf = leaf, .issuer = issuer};
}

/* The control side */

static void on_mail(void *context, struct mail *take_mail)
{
	struct world *world = context;

	assert_true(world->num_events < sizeof(world->events) / sizeof(world->events[0]));
	world->events[world->num_events++] = (struct worker_event *)(void *)take_mail;
}

static struct shared_config *make_config(const struct world_site *sites, size_t num_sites)
{
	struct buffer text, errors;
	struct config *config = NULL;

	buffer_init(&text, 65536);
	buffer_init(&errors, 65536);
	assert_ok(buffer_printf(&text, "[chainmend]\nfetch = off\n"));
	for (size_t i = 0; i < num_sites; i++) {
		assert_ok(buffer_printf(&text, "[site s%zu]\nlisten = 127.0.0.1:1\ncertificate = none.pem\n%s\n", i,
					sites[i].keys));
		if (strstr(sites[i].keys, "backend =") == NULL)
			assert_ok(buffer_printf(&text, "backend = tcp://127.0.0.1:%u\n", sites[i].backend_port));
	}
	if (!config_read_text(buffer_text(&text), text.len, "test.ini", &config, &errors))
		fail_msg("%s", buffer_text(&errors));
	for (size_t i = 0; i < num_sites; i++)
		config->sites[i].listens[0].port = 0;
	buffer_cleanup(&text);
	buffer_cleanup(&errors);
	struct shared_config *shared = shared_config_new(config);
	assert_non_null(shared);
	return shared;
}

static void add_credential(struct site *site, const struct certificate *own, const struct certificate *above)
{
	struct certificate_list chain = above != NULL ? PKI_LIST(SOURCE_FILE, own, above) : PKI_LIST(SOURCE_FILE, own);

	assert_ok(credential_new(site->config, &chain, pki_key(own), &site->credentials[site->num_credentials++]));
	certificate_list_cleanup(&chain);
}

static void add_backend(struct site *site, uint16_t port)
{
	struct backend_address address = {.address_len = sizeof(struct sockaddr_in)};
	struct sockaddr_in in = loopback_address(port);

	memcpy(&address.address, &in, sizeof(in));
	backend_list_add(site->backends, &address);
}

/* The limits of the configuration; fields are neither set nor removed. */
static void add_http(struct site *site)
{
	const struct config_site *config = site->config;
	struct http_policy settings = {
	    .max_head_bytes = (size_t)config->max_head_bytes,
	    .max_body_bytes = config->max_body_bytes,
	    .head_timeout_ms = (uint32_t)config->head_timeout_ms,
	    .body_timeout_ms = (uint32_t)config->body_timeout_ms,
	    .response_timeout_ms =
		(uint32_t)(config->response_timeout_ms != 0 ? config->response_timeout_ms : config->idle_timeout_ms),
	    .keepalive_timeout_ms = (uint32_t)config->keepalive_timeout_ms,
	    .idle_timeout_ms = (uint32_t)config->idle_timeout_ms,
	    .upgrade = config->upgrade,
	};

	assert_ok(http_policy_new(&settings, &site->http));
}

static void fill_site(struct site *site, const struct world_site *plan)
{
	const char *file = NULL;

	if (plan->leaf != NULL)
		add_credential(site, plan->leaf, plan->issuer);
	if (plan->second_leaf != NULL)
		add_credential(site, plan->second_leaf, plan->issuer);
	site->backends = backend_list_new();
	assert_non_null(site->backends);
	if (plan->backend_port != 0)
		add_backend(site, plan->backend_port);
	if (plan->second_backend_port != 0)
		add_backend(site, plan->second_backend_port);
	if (!plan->looks_up)
		backend_list_set_known(site->backends);
	if (site->config->protocol == PROTOCOL_HTTP)
		add_http(site);
	if (!site->config->backends[0].tls)
		return;
	assert_ok(backend_tls_context_new(site->config, &site->backend_ssl_ctx, &file));
	assert_ok(host_name_parse("backend.example", &site->backend_name));
}

static struct snapshot *make_snapshot(struct world *world, const struct world_site *sites, size_t num_sites)
{
	struct shared_config *shared = make_config(sites, num_sites);
	struct snapshot *snapshot = NULL;

	if (world->listening == NULL)
		assert_ok(
		    listen_socket_open(&shared->config->sites[0].listens[0], world->num_workers, &world->listening));
	assert_ok(snapshot_new(shared, world->tickets.keys, &snapshot));
	shared_config_unref(shared);
	for (size_t i = 0; i < num_sites; i++)
		fill_site(&snapshot->sites[i], &sites[i]);
	assert_ok(snapshot_finish(snapshot, &world->listening, 1));
	return snapshot;
}

void world_start(struct world *world, const struct world_site *sites, size_t num_sites)
{
	uint64_t max_connections = world->max_connections > 0 ? world->max_connections : 1000;
	unsigned num_workers = world->num_workers > 0 ? world->num_workers : 1;

	alarm(WORLD_LIFETIME_S);
	memset(world, 0, sizeof(*world));
	world->max_connections = max_connections;
	world->num_workers = num_workers;
	assert_ok(loop_new(&world->loop));
	assert_ok(mailbox_open(world->loop, on_mail, world, &world->control));
	assert_ok(ticket_rotation_init(&world->tickets, 0));
	world->snapshot = make_snapshot(world, sites, num_sites);
	world->port = loopback_port_of(world->listening->fds[0]);
	assert_ok(admission_new(max_connections, num_workers, &world->admission));
	for (unsigned i = 0; i < num_workers; i++) {
		struct worker_options options = {.index = i, .admission = world->admission, .control = world->control};
		assert_ok(worker_start(&options, world->snapshot, &world->workers[i]));
	}
	world->worker = world->workers[0];
}

void world_publish(struct world *world, const struct world_site *sites, size_t num_sites)
{
	snapshot_unref(world->snapshot);
	world->snapshot = make_snapshot(world, sites, num_sites);
	for (unsigned i = 0; i < world->num_workers; i++)
		assert_ok(worker_publish(world->workers[i], world->snapshot));
}

static void on_patience_lost(void *context)
{
	*(bool *)context = true;
}

static struct worker_event *take(struct world *world, enum worker_event_kind kind)
{
	for (size_t i = 0; i < world->num_events; i++) {
		struct worker_event *event = world->events[i];

		if (event->kind != kind)
			continue;
		world->num_events--;
		memmove(&world->events[i], &world->events[i + 1], (world->num_events - i) * sizeof(event));
		return event;
	}
	return NULL;
}

struct worker_event *world_wait(struct world *world, enum worker_event_kind kind)
{
	struct worker_event *event;
	bool lost = false;
	struct alarm *patience = alarm_new(world->loop, &lost, on_patience_lost);

	assert_non_null(patience);
	alarm_set(patience, (uint64_t)LOOPBACK_PATIENCE_S * 1000);
	while ((event = take(world, kind)) == NULL && !lost)
		loop_run_once(world->loop);
	alarm_free(patience);
	assert_non_null(event);
	return event;
}

void world_stop(struct world *world)
{
	for (unsigned i = 0; i < world->num_workers; i++)
		worker_drain(world->workers[i], 0);
	for (unsigned i = 0; i < world->num_workers; i++)
		worker_event_free(world_wait(world, WORKER_STOPPED));
	for (unsigned i = 0; i < world->num_workers; i++)
		worker_join(world->workers[i]);
	admission_free(world->admission);
	mailbox_close(world->control);
	assert_true(loop_free(world->loop));
	for (size_t i = 0; i < world->num_events; i++)
		worker_event_free(world->events[i]);
	snapshot_unref(world->snapshot);
	listen_socket_unref(world->listening);
	ticket_rotation_cleanup(&world->tickets);
	alarm(0);
}

void world_wait_value(const _Atomic uint64_t *value, uint64_t wanted, const char *what)
{
	for (int ms = 0; atomic_load(value) != wanted; ms++) {
		if (ms == LOOPBACK_PATIENCE_S * 1000)
			fail_msg("%s is %llu and does not become %llu", what, (unsigned long long)atomic_load(value),
				 (unsigned long long)wanted);
		usleep(1000);
	}
}
