#include "bench/load/load_context.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/load/client_context.h"
#include "proxy/io/stream.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define REST_MS 20

uint64_t load_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void send_to_stream(void *to, struct bytes bytes)
{
	stream_write(to, bytes);
}

static struct error make_room(struct load_context *context)
{
	context->sessions = calloc(load_context_num_names(context), sizeof(SSL_SESSION *));
	context->received = malloc(LOAD_READ_BYTES);
	context->plain = malloc(LOAD_READ_BYTES);
	if (context->sessions == NULL || context->received == NULL || context->plain == NULL)
		return error_of(ERROR_MEMORY, 0, "make room for the connections");
	return error_none();
}

struct error load_context_init(struct load_context *context, const struct load_plan *plan,
			       const struct sockaddr *address, socklen_t address_len, struct loop *loop)
{
	memset(context, 0, sizeof(*context));
	struct error error = poller_open(&context->poller, loop);
	if (failed(error))
		return error;
	context->plan = plan;
	memcpy(&context->address, address, address_len);
	context->address_len = address_len;
	timer_wheel_init(&context->timers, load_clock_ns() / NS_PER_MS);
	error = make_room(context);
	if (!failed(error))
		error = tls_channel_init(&context->channel, send_to_stream);
	if (!failed(error))
		error = client_context_new(plan, &context->tally.compressed, &context->ctx);
	if (failed(error))
		load_context_cleanup(context);
	return error;
}

void load_context_cleanup(struct load_context *context)
{
	if (context->plan == NULL)
		return;
	for (size_t i = 0; i < load_context_num_names(context) && context->sessions != NULL; i++)
		SSL_SESSION_free(context->sessions[i]);
	free(context->sessions);
	free(context->received);
	free(context->plain);
	SSL_CTX_free(context->ctx);
	if (context->channel.method != NULL)
		tls_channel_cleanup(&context->channel);
	poller_close(&context->poller);
	context->plan = NULL;
}

void load_context_reset(struct load_context *context)
{
	memset(&context->tally, 0, sizeof(context->tally));
	atomic_store(&context->gauge.handshakes, 0);
	atomic_store(&context->gauge.transactions, 0);
	atomic_store(&context->gauge.failures, 0);
	atomic_store(&context->gauge.held, 0);
	atomic_store(&context->gauge.held_all, false);
	atomic_store(&context->gauge.gave_up, false);
}

size_t load_context_num_names(const struct load_context *context)
{
	return context->plan->names.count > 0 ? context->plan->names.count : 1;
}

const char *load_context_name(const struct load_context *context, size_t name)
{
	return context->plan->names.count > 0 ? context->plan->names.items[name] : context->plan->host;
}

void load_context_shook_hands(struct load_context *context)
{
	atomic_fetch_add_explicit(&context->gauge.handshakes, 1, memory_order_relaxed);
}

void load_context_succeeded(struct load_context *context)
{
	atomic_fetch_add_explicit(&context->gauge.transactions, 1, memory_order_relaxed);
}

void load_context_failed(struct load_context *context)
{
	uint64_t failures = atomic_fetch_add_explicit(&context->gauge.failures, 1, memory_order_relaxed) + 1;

	if (failures >= LOAD_MAX_FIRST_FAILURES &&
	    atomic_load_explicit(&context->gauge.handshakes, memory_order_relaxed) == 0)
		atomic_store(&context->gauge.gave_up, true);
}

void load_context_held(struct load_context *context, bool held)
{
	if (held)
		atomic_fetch_add_explicit(&context->gauge.held, 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&context->gauge.held, 1, memory_order_relaxed);
}

void load_context_rest(struct load_context *context)
{
	context->not_before_ns = load_clock_ns() + REST_MS * NS_PER_MS;
}
