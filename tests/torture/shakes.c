#include "tests/torture/shakes.h"

enum { PIECE_PAUSE_MS = 5 };

static SSL *client_ssl_new(struct endpoint *endpoint)
{
	struct endpoint_world *world = endpoint->world;
	const struct plan *plan = &endpoint->plan;
	SSL *ssl = SSL_new(plan->fate == PLAN_REFUSES ? world->refusing_ctx : world->client_ctx);

	if (ssl == NULL || !SSL_set_tlsext_host_name(ssl, world->name))
		return ssl;
	if (plan->tls12 && !SSL_set_max_proto_version(ssl, TLS1_2_VERSION))
		return ssl;
	if (plan->resumes && world->sessions[plan->tls12] != NULL)
		SSL_set_session(ssl, world->sessions[plan->tls12]);
	return ssl;
}

bool endpoint_start_client(struct endpoint *endpoint, struct endpoint_world *world, uint64_t number, uint16_t port)
{
	*endpoint = (struct endpoint){.world = world, .is_client = true, .state = ENDPOINT_CONNECTING};
	plan_make(&endpoint->plan, world->seed, number);
	endpoint->route = endpoint->plan.route;
	plan_put_header(&endpoint->plan, world->seed, endpoint->header);
	endpoint_learn_plan(endpoint);
	return link_connect(&endpoint->link, port, number, endpoint->plan.has_small_buffers);
}

bool endpoint_start_backend(struct endpoint *endpoint, struct endpoint_world *world, enum plan_route route,
			    const struct link *take_link, uint64_t shake_ms)
{
	*endpoint = (struct endpoint){.world = world, .route = route, .link = *take_link, .state = ENDPOINT_OPEN};
	if (route != ROUTE_TLS)
		return true;
	SSL *ssl = SSL_new(world->server_ctx);
	endpoint->state = ENDPOINT_HANDSHAKE;
	endpoint->may_receive_ms = shake_ms;
	return ssl != NULL && link_use_server_tls(&endpoint->link, ssl);
}

/* A connection that is there: its fate may be sealed by that. */
static void begin(struct endpoint *endpoint)
{
	const uint8_t *noise = pattern_at(&endpoint->world->pattern, endpoint->plan.up_key, 0);
	size_t len = 0;

	switch (endpoint->plan.fate) {
	case PLAN_KNOCKS:
	case PLAN_KNOCKS_AND_RESETS:
		endpoint_close(endpoint, ENDPOINT_BROKEN_OFF, endpoint->plan.fate == PLAN_KNOCKS_AND_RESETS);
		return;
	case PLAN_GARBAGE:
		if (link_write(&endpoint->link, noise, endpoint->plan.hello_bytes, &len) == LINK_BROKEN)
			endpoint_close(endpoint, ENDPOINT_CUT, false);
		else if (link_end(&endpoint->link, true) == LINK_BROKEN)
			endpoint_close(endpoint, ENDPOINT_CUT, false);
		else
			endpoint->state = ENDPOINT_AWAITING_END;
		return;
	default:
		break;
	}
	SSL *ssl = client_ssl_new(endpoint);
	if (ssl == NULL || !link_prepare_hello(&endpoint->link, ssl))
		endpoint_close(endpoint, ENDPOINT_WRONG, false);
	else
		endpoint->state = ENDPOINT_HELLO;
}

/* The hello is out. */
static void go_on(struct endpoint *endpoint)
{
	if (endpoint->plan.fate == PLAN_HELLO_AND_RESETS)
		endpoint_close(endpoint, ENDPOINT_BROKEN_OFF, true);
	else if (link_release_hello(&endpoint->link))
		endpoint->state = ENDPOINT_HANDSHAKE;
	else
		endpoint_close(endpoint, ENDPOINT_WRONG, false);
}

static size_t piece_of_hello(const struct endpoint *endpoint)
{
	const struct plan *plan = &endpoint->plan;

	switch (plan->fate) {
	case PLAN_HALF_HELLO:
	case PLAN_HALF_HELLO_AND_RESETS:
		return plan->hello_bytes;
	case PLAN_SLOW_HELLO:
		return link_hello_len(&endpoint->link) / plan->hello_pieces + 1;
	default:
		return SIZE_MAX;
	}
}

static void say_hello(struct endpoint *endpoint, uint64_t now_ms)
{
	const struct plan *plan = &endpoint->plan;
	bool half = plan->fate == PLAN_HALF_HELLO || plan->fate == PLAN_HALF_HELLO_AND_RESETS;

	if (endpoint->may_send_ms > now_ms) {
		endpoint->wake_ms = endpoint->may_send_ms;
		return;
	}
	enum link_result result = link_send_hello(&endpoint->link, piece_of_hello(endpoint));
	if (result == LINK_BROKEN) {
		endpoint_close(endpoint, ENDPOINT_CUT, false);
	} else if (result == LINK_END) {
		go_on(endpoint);
	} else if (half && result == LINK_BYTES) {
		endpoint_close(endpoint, ENDPOINT_BROKEN_OFF, plan->fate == PLAN_HALF_HELLO_AND_RESETS);
	} else {
		endpoint->may_send_ms = now_ms + PIECE_PAUSE_MS;
		endpoint->wake_ms = endpoint->may_send_ms;
	}
}

static void shake_hands(struct endpoint *endpoint, uint64_t now_ms)
{
	if (endpoint->may_receive_ms > now_ms) {
		endpoint->wake_ms = endpoint->may_receive_ms;
		return;
	}
	switch (link_shake_hands(&endpoint->link)) {
	case LINK_END:
		endpoint->state = ENDPOINT_OPEN;
		if (endpoint->is_client && SSL_session_reused(endpoint->link.ssl))
			endpoint->world->num_resumed++;
		return;
	case LINK_BROKEN:
		endpoint_close(endpoint, ENDPOINT_CUT, false);
		return;
	default:
		endpoint->wants_read = true;
		endpoint->wants_write = SSL_want(endpoint->link.ssl) == SSL_WRITING;
		return;
	}
}

void shakes_work(struct endpoint *endpoint, uint64_t now_ms)
{
	if (endpoint->state == ENDPOINT_CONNECTING) {
		int connected = link_is_connected(&endpoint->link);
		endpoint->wants_write = connected == 0;
		if (connected < 0)
			endpoint_close(endpoint, ENDPOINT_CUT, false);
		else if (connected > 0)
			begin(endpoint);
	}
	if (endpoint->state == ENDPOINT_HELLO)
		say_hello(endpoint, now_ms);
	if (endpoint->state == ENDPOINT_HANDSHAKE)
		shake_hands(endpoint, now_ms);
}
