#include "proxy/fetch/transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "chaincache/base/buffer.h"
#include "chaincache/fetching/aia.h"
#include "proxy/io/clock.h"

enum {
	HTTP_OK = 200,
	MAX_SHOWN_URL = 160,
	MAX_HOST_CHARS = 256,
};

struct transfer {
	struct curl_client client;
	struct curl_loop *curl_loop;
	const struct transfer_rules *rules;
	char url[AIA_MAX_URL_CHARS + 1]; /* of this hop */
	char host[MAX_HOST_CHARS]; /* of this hop, as in its URL */
	unsigned num_redirects;
	uint64_t deadline_ms; /* of the whole transfer, by clock_now_ms */
	uint64_t hop_limit_ms; /* what was left until then when this hop began */
	bool through_proxy; /* this hop */
	unsigned num_allowed; /* addresses of this hop that the policy let through */
	int socket_errno; /* why no socket could be made for an address of this hop, 0 when one could */
	char refused[INET6_ADDRSTRLEN]; /* the first address of this hop that it did not; "" when none */
	size_t header_bytes; /* of this hop */
	bool header_too_large;
	bool body_unwanted; /* the status says that the body is none: it is not waited for */
	bool body_too_large;
	struct buffer body;
	struct transfer_outcome outcome;
	void *context;
	void (*on_ended)(void *context);
};

static struct transfer *transfer_of(struct curl_client *client)
{
	return (struct transfer *)((char *)client - offsetof(struct transfer, client));
}

/* Sets the outcome. A failure after a redirect says where that led to; a refusal's detail begins with the line to add. */
static void fail(struct transfer *transfer, enum fetch_failure failure, const char *reason)
{
	struct transfer_outcome *outcome = &transfer->outcome;

	outcome->ok = false;
	outcome->failure = failure;
	if (transfer->num_redirects > 0)
		snprintf(outcome->detail, sizeof(outcome->detail), "%s" FETCH_REDIRECTED_TO "%.*s%s)", reason,
			 MAX_SHOWN_URL, transfer->url, strlen(transfer->url) > MAX_SHOWN_URL ? "..." : "");
	else
		snprintf(outcome->detail, sizeof(outcome->detail), "%s", reason);
}

static void fail_refused(struct transfer *transfer, const char *rule)
{
	char line[MAX_HOST_CHARS + 32];

	snprintf(line, sizeof(line), FETCH_ALLOW_LINE "%s", rule);
	fail(transfer, FETCH_FAILURE_REFUSED, line);
}

static void print_duration(unsigned ms, char *out, size_t out_size)
{
	if (ms % 1000 == 0)
		snprintf(out, out_size, "%u s", ms / 1000);
	else
		snprintf(out, out_size, "%u ms", ms);
}

/* libcurl may end a hop up to a millisecond early, so that the clock alone does not say which limit it was. A hop that is
 * connected has no other one. */
static void fail_timed_out(struct transfer *transfer)
{
	curl_off_t resolved_us = 0;
	curl_off_t connected_us = 0;
	char duration[32];
	char reason[96];

	curl_easy_getinfo(transfer->client.easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
	curl_easy_getinfo(transfer->client.easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	if (clock_now_ms() >= transfer->deadline_ms || connected_us > 0 ||
	    transfer->hop_limit_ms <= transfer->rules->connect_timeout_ms) {
		print_duration(transfer->rules->timeout_ms, duration, sizeof(duration));
		snprintf(reason, sizeof(reason), "timed out after %s", duration);
		fail(transfer, FETCH_FAILURE_NETWORK, reason);
		return;
	}
	print_duration(transfer->rules->connect_timeout_ms, duration, sizeof(duration));
	snprintf(reason, sizeof(reason), "%s within %s",
		 resolved_us == 0 ? "the host name was not resolved" : "the connection did not stand", duration);
	fail(transfer, FETCH_FAILURE_NETWORK, reason);
}

/* libcurl's codes in words for a person; the others keep libcurl's words. */
static const struct {
	CURLcode code;
	const char *words;
} code_words[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "the host name could not be resolved"},
    {CURLE_COULDNT_RESOLVE_PROXY, "the proxy's name could not be resolved"},
    {CURLE_COULDNT_CONNECT, "could not connect"},
    {CURLE_GOT_NOTHING, "the server closed the connection without an answer"},
    {CURLE_SEND_ERROR, "the connection broke off"},
    {CURLE_RECV_ERROR, "the connection broke off"},
    {CURLE_PARTIAL_FILE, "the body ended early"},
    {CURLE_UNSUPPORTED_PROTOCOL, "the answer is not HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, "the answer is not HTTP"},
    {CURLE_FILESIZE_EXCEEDED, "the body is larger than 64 KiB"},
    {CURLE_OUT_OF_MEMORY, "out of memory"},
    {CURLE_URL_MALFORMAT, "the URL is malformed"},
};

static const struct {
	int number;
	const char *words;
} errno_words[] = {
    {ECONNREFUSED, "connection refused"},           {EHOSTUNREACH, "no route to the host"},
    {ENETUNREACH, "the network cannot be reached"}, {EMFILE, "no file descriptor is left"},
    {ENFILE, "no file descriptor is left"},
};

/* Returns in the system's words why there is no connection. */
static const char *words_of_errno(const struct transfer *transfer)
{
	long number = transfer->socket_errno;

	if (number == 0)
		curl_easy_getinfo(transfer->client.easy, CURLINFO_OS_ERRNO, &number);
	for (size_t i = 0; i < sizeof(errno_words) / sizeof(errno_words[0]); i++)
		if (errno_words[i].number == number)
			return errno_words[i].words;
	return NULL;
}

static const char *words_of(const struct transfer *transfer, CURLcode code)
{
	/* With other codes libcurl may keep the reason of an address that it tried earlier. */
	const char *words = code == CURLE_COULDNT_CONNECT ? words_of_errno(transfer) : NULL;

	if (words != NULL)
		return words;
	for (size_t i = 0; i < sizeof(code_words) / sizeof(code_words[0]); i++)
		if (code_words[i].code == code)
			return code_words[i].words;
	return curl_easy_strerror(code);
}

static void fail_by_code(struct transfer *transfer, CURLcode code)
{
	if (transfer->header_too_large)
		fail(transfer, FETCH_FAILURE_NETWORK, "the answer's header is larger than 64 KiB");
	else if (transfer->body_too_large)
		fail(transfer, FETCH_FAILURE_NETWORK, "the body is larger than 64 KiB");
	else if (transfer->refused[0] != '\0' && transfer->num_allowed == 0)
		fail_refused(transfer, transfer->refused);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		fail_timed_out(transfer);
	else
		fail(transfer, FETCH_FAILURE_NETWORK, words_of(transfer, code));
}

/* Judges the very address that is about to be connected to. libcurl reports a refusal as "could not connect", so it is
 * remembered here. */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (transfer->through_proxy || fetch_policy_address(transfer->rules->policy, transfer->host, &address->addr)) {
		transfer->num_allowed++;
		int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
		transfer->socket_errno = fd < 0 ? errno : 0;
		return fd;
	}
	const void *bytes = address->family == AF_INET
				? (const void *)&((struct sockaddr_in *)&address->addr)->sin_addr
				: (const void *)&((struct sockaddr_in6 *)&address->addr)->sin6_addr;
	if (transfer->refused[0] == '\0')
		inet_ntop(address->family, bytes, transfer->refused, sizeof(transfer->refused));
	return CURL_SOCKET_BAD;
}

static long status_of(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->client.easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t len = size * count;

	(void)data;
	transfer->header_bytes += len;
	transfer->header_too_large = transfer->header_bytes > TRANSFER_MAX_HEADER_BYTES;
	return transfer->header_too_large ? 0 : len;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t len = size * count;

	transfer->body_unwanted = status_of(transfer) != HTTP_OK;
	if (transfer->body_unwanted)
		return 0;
	struct error error = buffer_append(&transfer->body, bytes_of(data, len));
	transfer->body_too_large = error.kind == ERROR_LIMIT;
	return failed(error) ? 0 : len;
}

const char *transfer_check_url(const char *url)
{
	switch (aia_url_judge(url)) {
	case AIA_URL_USABLE:
		return NULL;
	case AIA_URL_OTHER_SCHEME:
		return "only http URLs are fetched";
	case AIA_URL_MALFORMED:
	case AIA_URL_OVER_LIMIT:
		break;
	}
	return "the URL is malformed";
}

/* Copies the host out of this hop's URL, as libcurl reads it: what is judged must be what is asked. */
static bool read_host(struct transfer *transfer)
{
	char *host = NULL;
	bool fits = false;
	CURLU *parsed = curl_url();

	if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, transfer->url, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		int len = snprintf(transfer->host, sizeof(transfer->host), "%s", host);
		fits = len > 0 && (size_t)len < sizeof(transfer->host);
	}
	curl_free(host);
	curl_url_cleanup(parsed);
	return fits;
}

/* Sets everything that is the same for each hop. */
static void set_rules(struct transfer *transfer)
{
	CURL *easy = transfer->client.easy;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->rules->user_agent);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	/* A connection that an earlier policy let through must not serve a later one, nor one host's another's. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Without it, ending a transfer waits for a resolver thread, and the loop with it. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)FETCH_MAX_BODY_BYTES);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

/* Asks for transfer->url. False when that ended the transfer. */
static bool start_hop(struct transfer *transfer)
{
	const struct transfer_rules *rules = transfer->rules;
	uint64_t now = clock_now_ms();

	transfer->num_allowed = 0;
	transfer->socket_errno = 0;
	transfer->refused[0] = '\0';
	transfer->header_bytes = 0;
	transfer->header_too_large = transfer->body_unwanted = transfer->body_too_large = false;
	buffer_cleanup(&transfer->body);
	if (!read_host(transfer)) {
		fail(transfer, FETCH_FAILURE_NETWORK, "the URL is malformed");
		return false;
	}
	transfer->through_proxy = fetch_proxy_applies(&rules->proxy, transfer->host);
	if (transfer->through_proxy && !fetch_policy_host(rules->policy, transfer->host)) {
		fail_refused(transfer, transfer->host);
		return false;
	}
	if (now >= transfer->deadline_ms) {
		fail_timed_out(transfer);
		return false;
	}

	CURL *easy = transfer->client.easy;
	transfer->hop_limit_ms = transfer->deadline_ms - now;
	curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
	curl_easy_setopt(easy, CURLOPT_PROXY, transfer->through_proxy ? rules->proxy.url : "");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfer->hop_limit_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)rules->connect_timeout_ms);
	if (curl_loop_add(transfer->curl_loop, &transfer->client))
		return true;
	fail(transfer, FETCH_FAILURE_NETWORK, "out of memory");
	return false;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* RFC 3986 5: the Location may be relative. Writes it, made absolute, over transfer->url. */
static bool resolve_location(struct transfer *transfer, const char *location)
{
	char *absolute = NULL;
	bool fits = false;
	CURLU *parsed = curl_url();

	if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, transfer->url, 0) == CURLUE_OK &&
	    curl_url_set(parsed, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_URL, &absolute, 0) == CURLUE_OK &&
	    strlen(absolute) < sizeof(transfer->url)) {
		memcpy(transfer->url, absolute, strlen(absolute) + 1);
		fits = true;
	}
	curl_free(absolute);
	curl_url_cleanup(parsed);
	return fits;
}

/* Follows a redirect. False when there was nowhere to go, which ended the transfer. */
static bool follow(struct transfer *transfer)
{
	struct curl_header *location;

	if (curl_easy_header(transfer->client.easy, "Location", 0, CURLH_HEADER, -1, &location) != CURLHE_OK) {
		fail(transfer, FETCH_FAILURE_NETWORK, "a redirect that does not say where to");
		return false;
	}
	if (transfer->num_redirects == FETCH_MAX_REDIRECTS) {
		fail(transfer, FETCH_FAILURE_NETWORK, "more than 2 redirects");
		return false;
	}
	if (!resolve_location(transfer, location->value)) {
		fail(transfer, FETCH_FAILURE_NETWORK, "a redirect to a malformed URL");
		return false;
	}
	transfer->num_redirects++;
	enum aia_url_verdict verdict = aia_url_judge(transfer->url);
	if (verdict == AIA_URL_USABLE)
		return start_hop(transfer);
	fail(transfer, FETCH_FAILURE_NETWORK,
	     verdict == AIA_URL_OTHER_SCHEME ? "a redirect away from http" : "a redirect to a malformed URL");
	return false;
}

/* Looks at a hop that came to its end. True when another one follows. */
static bool finish_hop(struct transfer *transfer, CURLcode code)
{
	char reason[64];
	long status = status_of(transfer);
	/* Ended by us, or because the body is too long, after the status was known. */
	bool has_status = code == CURLE_OK || transfer->body_unwanted || code == CURLE_FILESIZE_EXCEEDED;

	if (has_status && is_redirect(status))
		return follow(transfer);
	if (has_status && status != HTTP_OK) {
		snprintf(reason, sizeof(reason), "HTTP status %ld", status);
		fail(transfer, FETCH_FAILURE_NETWORK, reason);
		return false;
	}
	if (code != CURLE_OK) {
		fail_by_code(transfer, code);
		return false;
	}
	transfer->outcome.ok = true;
	transfer->outcome.body = buffer_bytes(&transfer->body);
	return false;
}

static void on_done(struct curl_client *client, CURLcode code)
{
	struct transfer *transfer = transfer_of(client);

	if (!finish_hop(transfer, code))
		transfer->on_ended(transfer->context);
}

struct transfer *transfer_new(struct curl_loop *curl_loop, const struct transfer_rules *rules, const char *url)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (transfer == NULL)
		return NULL;
	transfer->client.easy = curl_easy_init();
	if (transfer->client.easy == NULL) {
		free(transfer);
		return NULL;
	}
	transfer->client.on_done = on_done;
	transfer->curl_loop = curl_loop;
	transfer->rules = rules;
	snprintf(transfer->url, sizeof(transfer->url), "%s", url);
	buffer_init(&transfer->body, FETCH_MAX_BODY_BYTES);
	set_rules(transfer);
	return transfer;
}

bool transfer_start(struct transfer *transfer, void *context, void (*on_ended)(void *context))
{
	const char *why = transfer_check_url(transfer->url);

	transfer->context = context;
	transfer->on_ended = on_ended;
	transfer->deadline_ms = clock_now_ms() + transfer->rules->timeout_ms;
	if (why == NULL)
		return start_hop(transfer);
	fail(transfer, FETCH_FAILURE_NETWORK, why);
	return false;
}

const struct transfer_outcome *transfer_outcome(const struct transfer *transfer)
{
	return &transfer->outcome;
}

void transfer_free(struct transfer *transfer)
{
	if (transfer == NULL)
		return;
	curl_loop_remove(transfer->curl_loop, &transfer->client);
	curl_easy_cleanup(transfer->client.easy);
	buffer_cleanup(&transfer->body);
	free(transfer);
}
