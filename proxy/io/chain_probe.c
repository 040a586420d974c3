#include "proxy/io/chain_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/loop_uv.h"
#include "proxy/io/resolver.h"
#include "proxy/io/shortage.h"

#define READ_BYTES 16384
#define OUTPUT_MAX_BYTES ((size_t)256 * 1024)

/* Where a probe stands. Each handle is open from its init until its close callback. */
enum phase {
	PHASE_RESOLVING,
	PHASE_CONNECTING, /* to addresses[at] */
	PHASE_NEXT_ADDRESS, /* the socket is being closed, to be opened again */
	PHASE_STARTTLS, /* plain text that leads to TLS */
	PHASE_HANDSHAKE,
	PHASE_CLOSING, /* the result is given, or not wanted any more */
};

struct chain_probe {
	struct loop *loop;
	uv_timer_t timer;
	uv_tcp_t tcp;
	uv_connect_t connect;
	unsigned open_handles;
	bool tcp_is_open;
	enum phase phase;

	uint64_t deadline; /* of everything, by uv_now */
	uint64_t timeout_ms;
	struct resolver *resolver;
	struct error not_started; /* why the look-up could not even start */ /* while resolving */
	struct sockaddr_storage addresses[RESOLVER_MAX_ADDRESSES];
	size_t num_addresses;
	size_t at;

	char *sni;
	char *host;
	enum starttls_protocol protocol;
	struct starttls *starttls; /* NULL: TLS at once */
	struct chain_capture_options capture_options;
	struct buffer alpn;
	struct chain_capture *capture;
	uint8_t read_bytes[READ_BYTES];
	char address[RESOLVER_MAX_TEXT];

	void *context;
	void (*on_result)(void *context, const struct chain_probe_result *result);
};

/* One write, freed by its callback. */
struct output {
	uv_write_t request;
	struct buffer bytes;
};

static void open_address(struct chain_probe *probe);

static void free_when_closed(struct chain_probe *probe)
{
	if (probe->open_handles > 0 || probe->phase != PHASE_CLOSING)
		return;
	chain_capture_free(probe->capture);
	starttls_free(probe->starttls);
	SSL_CTX_free(probe->capture_options.ssl_ctx);
	buffer_cleanup(&probe->alpn);
	free(probe->host);
	free(probe->sni);
	free(probe);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct chain_probe *probe = handle->data;
	probe->open_handles--;
	free_when_closed(probe);
}

static void on_tcp_closed(uv_handle_t *handle)
{
	struct chain_probe *probe = handle->data;
	probe->open_handles--;
	if (probe->phase == PHASE_NEXT_ADDRESS)
		open_address(probe);
	free_when_closed(probe);
}

static void close_tcp(struct chain_probe *probe)
{
	if (!probe->tcp_is_open)
		return;
	probe->tcp_is_open = false;
	uv_close((uv_handle_t *)&probe->tcp, on_tcp_closed);
}

static void close_all(struct chain_probe *probe)
{
	probe->phase = PHASE_CLOSING;
	if (probe->resolver != NULL)
		resolver_cancel(probe->resolver);
	probe->resolver = NULL;
	close_tcp(probe);
	uv_close((uv_handle_t *)&probe->timer, on_timer_closed);
}

static void give_result(struct chain_probe *probe, struct chain_probe_result *result)
{
	result->address = probe->address;
	result->tls_version = result->cipher = result->alpn = "";
	if (probe->capture != NULL) {
		result->chain = *chain_capture_chain(probe->capture);
		result->staple = chain_capture_staple(probe->capture);
		result->knows_staple = chain_capture_knows_staple(probe->capture);
		result->tls_version = chain_capture_tls_version(probe->capture);
		result->cipher = chain_capture_cipher(probe->capture);
		result->alpn = chain_capture_alpn(probe->capture);
		result->key_usage_refused = chain_capture_refuses_key_usage(probe->capture);
	}
	close_all(probe);
	probe->on_result(probe->context, result);
}

/* Gives the chain if there is one, even if the connection failed later; for lack of memory, nothing is known. */
static void give_failure(struct chain_probe *probe, enum chain_probe_outcome outcome, const char *reason)
{
	struct chain_probe_result result = {.outcome = outcome, .reason = reason, .refusal = ""};
	if (outcome != CHAIN_PROBE_NO_MEMORY && probe->capture != NULL && chain_capture_has_chain(probe->capture))
		result = (struct chain_probe_result){.outcome = CHAIN_PROBE_OK, .reason = "", .refusal = reason};
	give_result(probe, &result);
}

static uint64_t time_left(const struct chain_probe *probe)
{
	uint64_t now = uv_now(&probe->loop->uv);
	return now < probe->deadline ? probe->deadline - now : 0;
}

static void give_timeout(struct chain_probe *probe)
{
	static const char *const what[] = {
	    [PHASE_RESOLVING] = "the name could not be looked up",
	    [PHASE_CONNECTING] = "no connection stood",
	    [PHASE_NEXT_ADDRESS] = "no connection stood",
	    [PHASE_STARTTLS] = "the server did not send ",
	    [PHASE_HANDSHAKE] = "the server did not answer the TLS handshake",
	    [PHASE_CLOSING] = "",
	};
	char reason[CHAIN_CAPTURE_MAX_REASON];
	snprintf(reason, sizeof(reason), "timed out: %s%s within %g s", what[probe->phase],
		 probe->phase == PHASE_STARTTLS ? starttls_awaited(probe->starttls) : "",
		 (double)probe->timeout_ms / 1000);
	give_failure(probe, CHAIN_PROBE_TIMED_OUT, reason);
}

static void give_unreachable(struct chain_probe *probe, int status)
{
	char reason[CHAIN_CAPTURE_MAX_REASON];
	if (probe->num_addresses > 1)
		snprintf(reason, sizeof(reason), "%s (%s, the last of %zu addresses)", uv_strerror(status),
			 probe->address, probe->num_addresses);
	else
		snprintf(reason, sizeof(reason), "%s (%s)", uv_strerror(status), probe->address);
	give_failure(probe, shortage_is(-status) ? CHAIN_PROBE_NO_MEMORY : CHAIN_PROBE_UNREACHABLE, reason);
}

static void on_written(uv_write_t *request, int status)
{
	struct output *output = request->data;
	(void)status; /* a connection that is gone is seen by the reading side */
	buffer_cleanup(&output->bytes);
	free(output);
}

static struct error take_output(struct chain_probe *probe, struct buffer *out)
{
	if (probe->capture != NULL)
		return chain_capture_take_output(probe->capture, out);
	return starttls_take_output(probe->starttls, out);
}

/* Sends the output of STARTTLS or of the handshake; false when out of memory. */
static bool send_output(struct chain_probe *probe)
{
	struct output *output = calloc(1, sizeof(*output));
	if (output == NULL)
		return false;
	buffer_init(&output->bytes, OUTPUT_MAX_BYTES);
	struct error error = take_output(probe, &output->bytes);
	if (failed(error) || output->bytes.len == 0) {
		on_written(&(uv_write_t){.data = output}, 0);
		return !failed(error);
	}
	output->request.data = output;
	uv_buf_t bytes = uv_buf_init((char *)output->bytes.data, (unsigned)output->bytes.len);
	if (uv_write(&output->request, (uv_stream_t *)&probe->tcp, &bytes, 1, on_written) != 0)
		on_written(&output->request, 0);
	return true;
}

static void give_capture(struct chain_probe *probe)
{
	bool has_chain = chain_capture_has_chain(probe->capture);
	give_failure(probe, chain_capture_outcome(probe->capture),
		     has_chain ? chain_capture_refusal(probe->capture) : chain_capture_reason(probe->capture));
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct chain_probe *probe = handle->data;
	(void)suggested;
	*out = uv_buf_init((char *)probe->read_bytes, sizeof(probe->read_bytes));
}

static void take_handshake(struct chain_probe *probe, struct bytes bytes)
{
	enum chain_capture_state state = CAPTURE_DONE;
	if (bytes.len > 0)
		state = chain_capture_feed(probe->capture, bytes);
	else
		chain_capture_end(probe->capture);
	if (!send_output(probe))
		give_failure(probe, CHAIN_PROBE_NO_MEMORY, "out of memory");
	else if (state == CAPTURE_DONE)
		give_capture(probe);
}

static void start_handshake(struct chain_probe *probe)
{
	probe->phase = PHASE_HANDSHAKE;
	probe->capture = chain_capture_new(&probe->capture_options);
	if (probe->capture == NULL || !send_output(probe))
		give_failure(probe, CHAIN_PROBE_NO_MEMORY, "no TLS handshake could be begun");
}

static void take_starttls(struct chain_probe *probe, struct bytes bytes)
{
	enum starttls_state state = STARTTLS_FAILED;
	if (bytes.len > 0)
		state = starttls_feed(probe->starttls, bytes);
	else
		starttls_end(probe->starttls);
	if (state == STARTTLS_FAILED)
		give_failure(probe, bytes.len > 0 ? CHAIN_PROBE_NO_STARTTLS : CHAIN_PROBE_CLOSED,
			     starttls_reason(probe->starttls));
	else if (!send_output(probe))
		give_failure(probe, CHAIN_PROBE_NO_MEMORY, "out of memory");
	else if (state == STARTTLS_READY)
		start_handshake(probe);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	struct chain_probe *probe = stream->data;
	if (count == 0)
		return;
	if (count < 0 && count != UV_EOF) {
		give_failure(probe, shortage_is((int)-count) ? CHAIN_PROBE_NO_MEMORY : CHAIN_PROBE_CLOSED,
			     count == UV_ECONNRESET ? "the server reset the connection" : uv_strerror((int)count));
		return;
	}
	struct bytes read = bytes_of(bytes->base, count == UV_EOF ? 0 : (size_t)count);
	if (probe->phase == PHASE_STARTTLS)
		take_starttls(probe, read);
	else
		take_handshake(probe, read);
}

static void start_starttls(struct chain_probe *probe)
{
	probe->phase = PHASE_STARTTLS;
	probe->starttls = starttls_new(probe->protocol, probe->sni != NULL ? probe->sni : probe->host);
	if (probe->starttls == NULL || !send_output(probe))
		give_failure(probe, CHAIN_PROBE_NO_MEMORY, "no plain text that leads to TLS could be begun");
}

static void start_talking(struct chain_probe *probe)
{
	if (uv_read_start((uv_stream_t *)&probe->tcp, on_alloc, on_read) != 0)
		give_failure(probe, CHAIN_PROBE_CLOSED, "the server reset the connection");
	else if (probe->protocol != STARTTLS_NONE)
		start_starttls(probe);
	else
		start_handshake(probe);
}

static void try_next_address(struct chain_probe *probe)
{
	probe->at++;
	probe->phase = PHASE_NEXT_ADDRESS;
	close_tcp(probe);
}

static void on_timeout(uv_timer_t *timer)
{
	struct chain_probe *probe = timer->data;
	if (probe->phase == PHASE_CONNECTING && time_left(probe) > 0 && probe->at + 1 < probe->num_addresses)
		try_next_address(probe);
	else
		give_timeout(probe);
}

static void set_timer(struct chain_probe *probe, uint64_t milliseconds)
{
	uv_timer_start(&probe->timer, on_timeout, milliseconds,
		       0); /* fails for a NULL callback or a closing handle only */
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct chain_probe *probe = connect->data;
	if (status == UV_ECANCELED || probe->phase != PHASE_CONNECTING)
		return; /* the socket is being closed */
	if (status == 0) {
		set_timer(probe, time_left(probe));
		start_talking(probe);
	} else if (probe->at + 1 < probe->num_addresses) {
		try_next_address(probe);
	} else {
		give_unreachable(probe, status);
	}
}

/* Opens the next address, for its share of the time that is left: a dead one leaves some for the others. */
static void open_address(struct chain_probe *probe)
{
	const struct sockaddr *address = (const struct sockaddr *)&probe->addresses[probe->at];
	probe->phase = PHASE_CONNECTING;
	resolver_print(address, probe->address);
	int status = uv_tcp_init(&probe->loop->uv, &probe->tcp);
	if (status != 0) {
		give_unreachable(probe, status);
		return;
	}
	probe->tcp.data = probe;
	probe->tcp_is_open = true;
	probe->open_handles++;
	probe->connect.data = probe;
	set_timer(probe, time_left(probe) / (probe->num_addresses - probe->at));
	status = uv_tcp_connect(&probe->connect, &probe->tcp, address, on_connect);
	if (status != 0 && probe->at + 1 < probe->num_addresses)
		try_next_address(probe);
	else if (status != 0)
		give_unreachable(probe, status);
}

static void give_unresolved(struct chain_probe *probe, struct error error)
{
	char reason[ERROR_MAX_TEXT];

	give_failure(probe, error.kind == ERROR_RESOLVE ? CHAIN_PROBE_UNRESOLVED : CHAIN_PROBE_NO_MEMORY,
		     error_print(error, reason, sizeof(reason)));
}

static void on_resolved(void *context, struct error error, const struct sockaddr_storage *addresses,
			size_t num_addresses)
{
	struct chain_probe *probe = context;
	probe->resolver = NULL;
	if (failed(error)) {
		give_unresolved(probe, error);
		return;
	}
	memcpy(probe->addresses, addresses, num_addresses * sizeof(*addresses));
	probe->num_addresses = num_addresses;
	open_address(probe);
}

/* Reports a host that cannot even be looked up from the loop, as every other failure. */
static void on_no_resolver(uv_timer_t *timer)
{
	struct chain_probe *probe = timer->data;

	give_unresolved(probe, probe->not_started);
}

static bool copy_options(struct chain_probe *probe, const struct chain_probe_options *options)
{
	probe->host = strdup(options->host);
	probe->sni = options->sni != NULL ? strdup(options->sni) : NULL;
	buffer_init(&probe->alpn, CHAIN_PROBE_MAX_ALPN_BYTES);
	return probe->host != NULL && (options->sni == NULL || probe->sni != NULL) &&
	       !failed(buffer_append(&probe->alpn, options->alpn));
}

struct chain_probe *chain_probe_start(struct loop *loop, const struct chain_probe_options *options, void *context,
				      void (*on_result)(void *context, const struct chain_probe_result *result))
{
	struct chain_probe *probe = calloc(1, sizeof(*probe));
	if (probe == NULL)
		return NULL;
	if (!copy_options(probe, options)) {
		free(probe->host);
		free(probe->sni);
		free(probe);
		return NULL;
	}
	probe->protocol = options->starttls;
	probe->loop = loop;
	probe->context = context;
	probe->on_result = on_result;
	probe->capture_options = (struct chain_capture_options){
	    .sni = probe->sni,
	    .ssl_ctx = options->ssl_ctx,
	    .alpn = buffer_bytes(&probe->alpn),
	    .tls_max = options->tls_max,
	    .ignores_key_usage = options->ignores_key_usage,
	    .source = options->source,
	};
	if (options->ssl_ctx != NULL)
		SSL_CTX_up_ref(options->ssl_ctx);
	probe->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : CHAIN_PROBE_TIMEOUT_MS;
	uv_update_time(&loop->uv);
	probe->deadline = uv_now(&loop->uv) + probe->timeout_ms;
	uv_timer_init(&loop->uv, &probe->timer); /* always 0 */
	probe->timer.data = probe;
	probe->open_handles = 1;
	probe->phase = PHASE_RESOLVING;
	probe->not_started = resolver_start(loop, options->host, options->port, probe, on_resolved, &probe->resolver);
	if (failed(probe->not_started))
		uv_timer_start(&probe->timer, on_no_resolver, 0, 0);
	else
		set_timer(probe, probe->timeout_ms);
	return probe;
}

void chain_probe_cancel(struct chain_probe *probe)
{
	close_all(probe);
}

bool chain_probe_is_unreachable(enum chain_probe_outcome outcome)
{
	return outcome == CHAIN_PROBE_UNRESOLVED || outcome == CHAIN_PROBE_UNREACHABLE ||
	       outcome == CHAIN_PROBE_TIMED_OUT || outcome == CHAIN_PROBE_CLOSED;
}
