#include "bench/load/transaction.h"

#include <errno.h>
#include <string.h>

#include <openssl/x509.h>

#include "bench/load/client_context.h"

#define MAX_READS 4 /* in one turn: the others have theirs */
#define MAX_WRITES 16
#define MAX_UNSENT_BYTES ((size_t)256 * 1024) /* of a request, in memory */

static struct tally *tally_of(const struct transaction *transaction)
{
	return &transaction->context->tally;
}

static void release(struct transaction *transaction)
{
	struct load_context *context = transaction->context;

	if (transaction->state == TRANSACTION_HELD)
		load_context_held(context, false);
	timer_disarm(&context->timers, &transaction->timer);
	tls_pump_cleanup(&transaction->pump);
	stream_close(&transaction->stream);
	transaction->state = TRANSACTION_FREE;
	transaction->on_ended(transaction);
}

void transaction_stop(struct transaction *transaction)
{
	if (transaction->state == TRANSACTION_HELD) {
		tls_pump_end(&transaction->pump);
		tls_channel_flush(&transaction->context->channel);
	}
	if (transaction->state != TRANSACTION_FREE)
		release(transaction);
}

static void fail_as(struct transaction *transaction, const char *prefix, const char *cause)
{
	name_counts_add_words(&tally_of(transaction)->failures, prefix, cause);
	tls_channel_flush(&transaction->context->channel); /* an alert of ours */
	load_context_failed(transaction->context);
	release(transaction);
}

/* The names of causes are documented in docs/benchmarking.md. */
static void fail_socket(struct transaction *transaction, int code)
{
	static const struct {
		int code;
		const char *cause;
		bool ours; /* this machine's want: to start the next one at once would only fail again */
	} causes[] = {
	    {ECONNREFUSED, "connect_refused", false},
	    {ECONNRESET, "reset", false},
	    {EPIPE, "reset", false},
	    {ETIMEDOUT, "timeout_of_tcp", false},
	    {EHOSTUNREACH, "unreachable", false},
	    {ENETUNREACH, "unreachable", false},
	    {EADDRNOTAVAIL, "no_free_port", true},
	    {EMFILE, "no_free_descriptor", true},
	    {ENFILE, "no_free_descriptor", true},
	    {ENOBUFS, "no_memory", true},
	};
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].code != code)
			continue;
		if (causes[i].ours)
			load_context_rest(transaction->context);
		fail_as(transaction, "", causes[i].cause);
		return;
	}
	fail_as(transaction, "socket_", strerror(code));
}

static void fail_tls(struct transaction *transaction)
{
	static const struct {
		const char *reason;
		const char *cause;
	} causes[] = {
	    {"WRONG_VERSION_NUMBER", "not_tls"},
	    {"HTTP_REQUEST", "not_tls"},
	    {"HTTPS_PROXY_REQUEST", "not_tls"},
	    {"INVALID_ALERT", "not_tls"},
	};
	const struct tls_pump *pump = &transaction->pump;

	if (pump->alert != TLS_PUMP_NO_ALERT) {
		fail_as(transaction, "alert_", pump->reason);
		return;
	}
	if (strcmp(pump->reason, "CERTIFICATE_VERIFY_FAILED") == 0) {
		fail_as(transaction, "verification_", X509_verify_cert_error_string(SSL_get_verify_result(pump->ssl)));
		return;
	}
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (strcmp(causes[i].reason, pump->reason) == 0) {
			fail_as(transaction, "", causes[i].cause);
			return;
		}
	}
	fail_as(transaction, "tls_", pump->reason);
}

static void complete(struct transaction *transaction, uint64_t now_ns)
{
	struct tally *tally = tally_of(transaction);

	tally->transactions++;
	histogram_add(&tally->transaction, now_ns - transaction->intended_ns);
	load_context_succeeded(transaction->context);
	release(transaction);
}

/* Everything was answered: the end, in the plan's manner. */
static void finish(struct transaction *transaction)
{
	struct load_context *context = transaction->context;

	if (context->holds) {
		transaction->state = TRANSACTION_HELD;
		timer_disarm(&context->timers, &transaction->timer);
		load_context_held(context, true);
		return;
	}
	enum close_manner manner = context->close;
	if (manner == CLOSE_RESET) {
		struct linger at_once = {.l_onoff = 1, .l_linger = 0};
		setsockopt(transaction->stream.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	} else {
		tls_pump_end(&transaction->pump);
		tls_channel_flush(&context->channel);
	}
	if (manner != CLOSE_WAIT) {
		complete(transaction, load_clock_ns());
		return;
	}
	stream_end(&transaction->stream);
	transaction->state = TRANSACTION_CLOSING;
}

static void send_request(struct transaction *transaction)
{
	struct request *request = &transaction->request;
	struct stream *stream = &transaction->stream;

	for (unsigned i = 0;
	     !request_all_sent(request) && stream_backlog(stream) < MAX_UNSENT_BYTES && !stream->write_failed; i++) {
		if (i == MAX_WRITES) {
			poller_queue(&transaction->context->poller, &stream->pollable);
			break;
		}
		struct bytes next = request_next(request);
		tally_of(transaction)->bytes_up += next.len;
		if (!tls_pump_write(&transaction->pump, next)) {
			fail_tls(transaction);
			return;
		}
		if (next.len == REQUEST_CHUNK_BYTES)
			tls_channel_flush(&transaction->context->channel);
	}
	tls_channel_flush(&transaction->context->channel);
}

static void begin_request(struct transaction *transaction)
{
	struct load_context *context = transaction->context;

	tally_add_handshake(tally_of(transaction), transaction->pump.ssl, load_clock_ns() - transaction->intended_ns,
			    transaction->flight_bytes);
	load_context_shook_hands(context);
	transaction->state = TRANSACTION_REQUEST;
	request_begin(&transaction->request, context->plan, load_context_name(context, transaction->name));
	if (context->plan->request == REQUEST_NONE)
		finish(transaction);
	else
		send_request(transaction);
}

static void take_handshake(struct transaction *transaction, struct tls_input *input)
{
	size_t before = input->bytes.len;
	enum tls_result result = tls_pump_handshake(&transaction->pump, input);

	transaction->flight_bytes += before - input->bytes.len;
	if (result == TLS_DONE)
		begin_request(transaction);
	else if (result == TLS_FAILED && input->ended)
		fail_as(transaction, "", "closed_in_handshake");
	else if (result == TLS_FAILED)
		fail_tls(transaction);
}

static void judge(struct transaction *transaction, enum request_verdict verdict)
{
	char cause[NAME_COUNTS_MAX_CHARS + 1];

	if (verdict == REQUEST_COMPLETE)
		finish(transaction);
	else if (verdict == REQUEST_WRONG)
		fail_as(transaction, "", request_failure(&transaction->request, cause, sizeof(cause)));
}

static void take_end(struct transaction *transaction)
{
	if (transaction->state == TRANSACTION_CLOSING)
		complete(transaction, load_clock_ns());
	else if (transaction->state == TRANSACTION_HELD)
		fail_as(transaction, "", "closed_while_held");
	else if (request_end(&transaction->request) == REQUEST_COMPLETE)
		finish(transaction);
	else
		fail_as(transaction, "", "closed_before_answer");
}

/* Where the answer was complete and more comes in the same bytes, the rest is read and dropped. */
static void take_plain(struct transaction *transaction, struct tls_input *input)
{
	struct load_context *context = transaction->context;
	enum tls_result result = TLS_DONE;

	while (result == TLS_DONE && transaction->state != TRANSACTION_FREE) {
		size_t len = 0;

		result = tls_pump_read(&transaction->pump, input, context->plain, LOAD_READ_BYTES, &len);
		tally_of(transaction)->bytes_down += len;
		if (len > 0 && transaction->state == TRANSACTION_REQUEST)
			judge(transaction, request_take(&transaction->request, bytes_of(context->plain, len)));
	}
	if (transaction->state == TRANSACTION_FREE)
		return;
	if (result == TLS_ENDED)
		take_end(transaction);
	else if (result == TLS_FAILED)
		fail_tls(transaction);
}

static void take_input(struct transaction *transaction, struct tls_input *input)
{
	if (transaction->state == TRANSACTION_HANDSHAKE)
		take_handshake(transaction, input);
	if (transaction->state != TRANSACTION_FREE && transaction->state != TRANSACTION_HANDSHAKE &&
	    (input->bytes.len > 0 || input->ended))
		take_plain(transaction, input);
}

static void read_some(struct transaction *transaction)
{
	struct load_context *context = transaction->context;
	struct stream *stream = &transaction->stream;

	for (unsigned i = 0; i < MAX_READS && transaction->state != TRANSACTION_FREE; i++) {
		struct tls_input input = {.ended = false};
		size_t len = 0;
		enum stream_result result = stream_read(stream, context->received, LOAD_READ_BYTES, &len);

		if (result == STREAM_BLOCKED)
			return;
		if (result == STREAM_BROKEN) {
			fail_socket(transaction, stream->error);
			return;
		}
		input.bytes = bytes_of(context->received, len);
		input.ended = result == STREAM_END;
		take_input(transaction, &input);
		if (input.ended)
			return;
	}
	if (transaction->state != TRANSACTION_FREE && stream->readable)
		poller_queue(&context->poller, &stream->pollable);
}

static void on_ready(struct pollable *pollable, uint32_t events)
{
	struct transaction *transaction = (struct transaction *)(void *)pollable;

	stream_note(&transaction->stream, events);
	if (transaction->state == TRANSACTION_REQUEST)
		send_request(transaction);
	if (transaction->state != TRANSACTION_FREE)
		read_some(transaction);
	tls_channel_flush(&transaction->context->channel);
}

static void on_due(struct timer *timer)
{
	struct transaction *transaction =
	    (struct transaction *)(void *)((char *)timer - offsetof(struct transaction, timer));

	switch (transaction->state) {
	case TRANSACTION_HANDSHAKE:
		fail_as(transaction, "",
			stream_is_connected(&transaction->stream) ? "timeout_of_handshake" : "timeout_of_connect");
		break;
	case TRANSACTION_CLOSING:
		fail_as(transaction, "", "timeout_of_close");
		break;
	default:
		fail_as(transaction, "", "timeout_of_answer");
		break;
	}
}

static bool open_tls(struct transaction *transaction)
{
	struct load_context *context = transaction->context;
	SSL *ssl = client_context_connect(context->ctx, context->plan, load_context_name(context, transaction->name));

	if (ssl == NULL)
		return false;
	SSL_SESSION *session = context->sessions[transaction->name];
	if (session != NULL)
		SSL_set_session(ssl, session);
	SSL_set_app_data(ssl, transaction);
	return !failed(tls_pump_init(&transaction->pump, &context->channel, ssl, &transaction->stream));
}

void transaction_start(struct transaction *transaction, size_t name, uint64_t intended_ns)
{
	struct load_context *context = transaction->context;

	transaction->state = TRANSACTION_HANDSHAKE;
	transaction->name = name;
	transaction->intended_ns = intended_ns;
	transaction->flight_bytes = 0;
	transaction->timer.on_due = on_due;
	stream_init(&transaction->stream, &context->poller, on_ready);
	struct error error = stream_connect(&transaction->stream, (const struct sockaddr *)&context->address,
					    context->address_len, false);
	if (failed(error)) {
		fail_socket(transaction, error.code);
		return;
	}
	if (!open_tls(transaction)) {
		fail_as(transaction, "", "no_memory");
		return;
	}
	timer_arm(&context->timers, &transaction->timer, context->now_ms + context->plan->timeout_ms);
	struct tls_input none = {.ended = false};
	take_handshake(transaction, &none);
	tls_channel_flush(&context->channel);
}
