#include "tests/support/worker_fixture.h"

#include <unistd.h>

SSL_CTX *worker_backend_context(const char *cn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	const struct certificate *certificate =
	    PKI(.cn = cn, .issuer = world_issuer(), .dns = PKI_STRINGS("backend.example"));

	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate->x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki_key(certificate)), 1);
	return ctx;
}

static uint16_t start_backend(struct worker_fixture *fixture, const struct worker_plan *plan)
{
	uint16_t port;

	switch (plan->backend) {
	case PLAN_TALKS:
		fixture->backend = test_backend_start(plan->manner, fixture->tls);
		return test_backend_port(fixture->backend);
	case PLAN_LISTENS:
		fixture->listening = loopback_listen(&port);
		return port;
	case PLAN_NOBODY:
		break;
	}
	return loopback_unused_port();
}

int worker_setup(void **state)
{
	const struct worker_plan *plan = *state;
	struct worker_fixture *fixture = test_calloc(1, sizeof(*fixture));

	fixture->listening = fixture->accepted = -1;
	fixture->plan = *plan;
	if (plan->tls)
		fixture->tls = worker_backend_context("backend.example");
	uint16_t port = start_backend(fixture, plan);
	fixture->site = world_site(port, plan->keys != NULL ? plan->keys : "");
	*state = fixture;
	if (!plan->waits)
		worker_fixture_start(fixture);
	return 0;
}

int worker_teardown(void **state)
{
	struct worker_fixture *fixture = *state;

	worker_fixture_leave(fixture);
	if (fixture->accepted >= 0)
		close(fixture->accepted);
	if (fixture->listening >= 0)
		close(fixture->listening);
	if (fixture->started)
		worker_fixture_stop(fixture);
	if (fixture->backend != NULL)
		test_backend_stop(fixture->backend);
	SSL_CTX_free(fixture->tls);
	test_free(fixture);
	return 0;
}

void worker_fixture_start(struct worker_fixture *fixture)
{
	fixture->world =
	    (struct world){.max_connections = fixture->plan.max_connections, .num_workers = fixture->plan.num_workers};
	world_start(&fixture->world, &fixture->site, 1);
	fixture->started = true;
}

void worker_fixture_stop(struct worker_fixture *fixture)
{
	world_stop(&fixture->world);
	fixture->started = false;
}

void worker_fixture_leave(struct worker_fixture *fixture)
{
	if (fixture->has_client)
		test_client_close(&fixture->client);
	fixture->has_client = false;
}

void worker_fixture_reset(struct worker_fixture *fixture)
{
	test_client_reset(&fixture->client);
	fixture->has_client = false;
}

void worker_fixture_open(struct worker_fixture *fixture, const struct test_client_options *options)
{
	worker_fixture_leave(fixture);
	test_client_open(&fixture->client, &fixture->world, options);
	fixture->has_client = true;
}

void worker_fixture_join(struct worker_fixture *fixture)
{
	struct test_client_options options = {.sni = "a.example"};

	worker_fixture_open(fixture, &options);
	assert_true(test_client_shake(&fixture->client));
}

int worker_fixture_accept(struct worker_fixture *fixture)
{
	if (fixture->accepted >= 0)
		close(fixture->accepted);
	fixture->accepted = loopback_accept(fixture->listening);
	return fixture->accepted;
}
