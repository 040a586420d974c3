#include "proxy/sites/address_book.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/alarm.h"
#include "proxy/io/resolver.h"
#include "proxy/system/retry.h"

/* One backend's page. */
struct book_page {
	struct address_book *book;
	const struct config_address *address;
	size_t backend; /* index into config->backends */
	bool is_literal;
	struct sockaddr_storage addresses[RESOLVER_MAX_ADDRESSES];
	size_t num_addresses;
	struct resolver *resolver;
	struct alarm *alarm;
	struct retry retry;
	bool told; /* that it does not resolve */
};

struct address_book {
	struct loop *loop;
	const struct config_site *config;
	const struct program_log *log;
	void *context;
	void (*on_change)(void *context);
	struct book_page *pages;
	size_t num_pages;
};

static bool read_literal(struct book_page *page)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(page->address->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(page->address->port)};

	if (inet_pton(AF_INET, page->address->host, &v4.sin_addr) == 1)
		memcpy(&page->addresses[0], &v4, sizeof v4);
	else if (inet_pton(AF_INET6, page->address->host, &v6.sin6_addr) == 1)
		memcpy(&page->addresses[0], &v6, sizeof v6);
	else
		return false;
	page->num_addresses = 1;
	return true;
}

static void look_up(void *context);

struct address_book *address_book_new(struct loop *loop, const struct config_site *config,
				      const struct program_log *log, void *context, void (*on_change)(void *context))
{
	struct address_book *book = calloc(1, sizeof *book);
	if (book == NULL)
		return NULL;
	*book = (struct address_book){
	    .loop = loop, .config = config, .log = log, .context = context, .on_change = on_change};
	book->pages = calloc(config->num_backends + 1, sizeof *book->pages);
	if (book->pages == NULL)
		goto out;
	for (size_t i = 0; i < config->num_backends; i++) {
		struct book_page *page = &book->pages[book->num_pages++];
		page->book = book;
		page->address = &config->backends[i].address;
		page->backend = i;
		page->is_literal = read_literal(page);
		retry_init(&page->retry, ADDRESS_BOOK_RETRY_FIRST_MS, ADDRESS_BOOK_RENEW_MS);
		if (page->is_literal || loop == NULL)
			continue;
		page->alarm = alarm_new(loop, page, look_up);
		if (page->alarm == NULL)
			goto out;
	}
	return book;
out:
	address_book_free(book);
	return NULL;
}

void address_book_free(struct address_book *book)
{
	if (book == NULL)
		return;
	for (size_t i = 0; i < book->num_pages; i++) {
		if (book->pages[i].resolver != NULL)
			resolver_cancel(book->pages[i].resolver);
		alarm_free(book->pages[i].alarm);
	}
	free(book->pages);
	free(book);
}

static void tell_unresolved(struct book_page *page, struct error error)
{
	const struct address_book *book = page->book;
	char text[ERROR_MAX_TEXT];

	if (!page->told)
		program_log_write(book->log, LOG_LEVEL_WARNING, book->config->name,
				  "backend %s does not resolve: %s; %s", page->address->host,
				  error_print(error, text, sizeof text),
				  page->num_addresses > 0 ? "its last addresses stay in use" : "it is tried again");
	page->told = true;
}

static void on_resolved(void *context, struct error error, const struct sockaddr_storage *addresses,
			size_t num_addresses)
{
	struct book_page *page = context;
	struct address_book *book = page->book;

	page->resolver = NULL;
	if (failed(error)) {
		tell_unresolved(page, error);
		alarm_set(page->alarm, retry_next(&page->retry));
		return;
	}
	page->told = false;
	retry_reset(&page->retry);
	alarm_set(page->alarm, ADDRESS_BOOK_RENEW_MS);
	if (num_addresses > RESOLVER_MAX_ADDRESSES)
		num_addresses = RESOLVER_MAX_ADDRESSES;
	if (num_addresses == page->num_addresses &&
	    memcmp(addresses, page->addresses, num_addresses * sizeof *addresses) == 0)
		return;
	memcpy(page->addresses, addresses, num_addresses * sizeof *addresses);
	page->num_addresses = num_addresses;
	book->on_change(book->context);
}

static void look_up(void *context)
{
	struct book_page *page = context;

	page->resolver = resolver_start(page->book->loop, page->address->host, page->address->port, page, on_resolved);
	if (page->resolver != NULL)
		return;
	tell_unresolved(page, error_of(ERROR_MEMORY, 0, "start looking it up"));
	alarm_set(page->alarm, retry_next(&page->retry));
}

void address_book_begin(struct address_book *book)
{
	for (size_t i = 0; i < book->num_pages; i++) {
		if (!book->pages[i].is_literal)
			look_up(&book->pages[i]);
	}
}

static bool same_host(const struct config_address *a, const struct config_address *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

void address_book_inherit(struct address_book *book, const struct address_book *former)
{
	for (size_t i = 0; i < book->num_pages; i++) {
		struct book_page *page = &book->pages[i];
		for (size_t k = 0; k < former->num_pages && page->num_addresses == 0; k++) {
			const struct book_page *old = &former->pages[k];
			if (!same_host(page->address, old->address))
				continue;
			memcpy(page->addresses, old->addresses, sizeof page->addresses);
			page->num_addresses = old->num_addresses;
		}
	}
}

static socklen_t length_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

void address_book_fill(const struct address_book *book, struct site *site)
{
	site->num_backends = 0;
	for (size_t i = 0; i < book->num_pages; i++) {
		const struct book_page *page = &book->pages[i];
		for (size_t k = 0; k < page->num_addresses && site->num_backends < SITE_MAX_BACKEND_ADDRESSES; k++)
			site->backends[site->num_backends++] = (struct backend_address){
			    .address = page->addresses[k],
			    .address_len = length_of(&page->addresses[k]),
			    .backend = page->backend,
			};
	}
}
