#include "proxy/io/resolver.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/loop_uv.h"
#include "proxy/io/shortage.h"

#define PORT_CHARS 6

/* An address needs no look-up, and does not wait for those that hang: the timer gives the answer. */
struct resolver {
	uv_getaddrinfo_t request;
	uv_timer_t timer;
	bool is_literal;
	struct sockaddr_storage literal;
	bool cancelled;
	void *context;
	void (*on_done)(void *context, struct error error, const struct sockaddr_storage *addresses,
			size_t num_addresses);
};

/* Turns a code of libuv into the EAI_* value of getaddrinfo that struct error has. */
static int eai_of_uv(int status)
{
	static const struct {
		int uv, eai;
	} codes[] = {
	    {UV_EAI_AGAIN, EAI_AGAIN},     {UV_EAI_FAIL, EAI_FAIL},         {UV_EAI_FAMILY, EAI_FAMILY},
	    {UV_EAI_SERVICE, EAI_SERVICE}, {UV_EAI_SOCKTYPE, EAI_SOCKTYPE},
	};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].uv == status)
			return codes[i].eai;
	}
	return EAI_NONAME;
}

/* Separates a shortage of this machine from an answer about the name: libuv passes its errno on. */
static struct error error_of_status(int status)
{
	static const char step[] = "no address";

	if (status == UV_EAI_MEMORY || status == UV_ENOMEM)
		return error_of(ERROR_MEMORY, 0, step);
	if (shortage_is(-status))
		return error_of(ERROR_SYSTEM, -status, step);
	return error_of(ERROR_RESOLVE, eai_of_uv(status), step);
}

static size_t copy_addresses(const struct addrinfo *list, struct sockaddr_storage *out)
{
	size_t count = 0;
	for (; list != NULL && count < RESOLVER_MAX_ADDRESSES; list = list->ai_next) {
		if (list->ai_addrlen > sizeof(*out) || (list->ai_family != AF_INET && list->ai_family != AF_INET6))
			continue;
		memset(&out[count], 0, sizeof(out[count]));
		memcpy(&out[count], list->ai_addr, list->ai_addrlen);
		count++;
	}
	return count;
}

static void on_addrinfo(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct resolver *resolver = request->data;
	struct sockaddr_storage addresses[RESOLVER_MAX_ADDRESSES];
	size_t count = status == 0 ? copy_addresses(list, addresses) : 0;
	uv_freeaddrinfo(list);
	if (!resolver->cancelled) {
		struct error error = count > 0 ? error_none() : error_of_status(status);
		resolver->on_done(resolver->context, error, addresses, count);
	}
	free(resolver);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_literal(uv_timer_t *timer)
{
	struct resolver *resolver = timer->data;

	resolver->on_done(resolver->context, error_none(), &resolver->literal, 1);
	uv_close((uv_handle_t *)timer, on_timer_closed);
}

static bool read_literal(const char *host, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	return uv_ip4_addr(host, port, (struct sockaddr_in *)(void *)out) == 0 ||
	       uv_ip6_addr(host, port, (struct sockaddr_in6 *)(void *)out) == 0;
}

void resolver_prepare(void)
{
	(void)setenv("UV_THREADPOOL_SIZE", RESOLVER_THREADS, 0);
}

struct error resolver_start(struct loop *loop, const char *host, uint16_t port, void *context,
			    void (*on_done)(void *context, struct error error, const struct sockaddr_storage *addresses,
					    size_t num_addresses),
			    struct resolver **out)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char service[PORT_CHARS];
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	*out = NULL;
	if (resolver == NULL)
		return error_of(ERROR_MEMORY, 0, "look up a name");
	resolver->context = context;
	resolver->on_done = on_done;
	resolver->request.data = resolver;
	resolver->is_literal = read_literal(host, port, &resolver->literal);
	if (resolver->is_literal) {
		uv_timer_init(&loop->uv, &resolver->timer);
		resolver->timer.data = resolver;
		uv_timer_start(&resolver->timer, on_literal, 0, 0);
		*out = resolver;
		return error_none();
	}
	snprintf(service, sizeof(service), "%u", port);
	int status = uv_getaddrinfo(&loop->uv, &resolver->request, on_addrinfo, host, service, &hints);
	if (status != 0) {
		free(resolver);
		return error_of_status(status);
	}
	*out = resolver;
	return error_none();
}

void resolver_cancel(struct resolver *resolver)
{
	if (resolver->is_literal) {
		uv_close((uv_handle_t *)&resolver->timer, on_timer_closed);
		return;
	}
	resolver->cancelled = true;
	/* Where it is under way already, the answer comes late and is dropped. */
	uv_cancel((uv_req_t *)&resolver->request);
}

const char *resolver_print(const struct sockaddr *address, char out[RESOLVER_MAX_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "";
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
		uv_ip6_name(in6, host, sizeof(host));
		snprintf(out, RESOLVER_MAX_TEXT, "[%s]:%u", host, ntohs(in6->sin6_port));
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;
		uv_ip4_name(in, host, sizeof(host));
		snprintf(out, RESOLVER_MAX_TEXT, "%s:%u", host, ntohs(in->sin_port));
	}
	return out;
}
