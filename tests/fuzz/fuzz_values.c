/* A single value of the configuration, as each kind of key takes it: right, or refused with words; and nothing leaks. */
#include <stdlib.h>
#include <string.h>

#include "conf/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_right(const char *wrong)
{
	must(wrong == NULL || wrong[0] != '\0');
	return wrong == NULL;
}

static void read_numbers(const char *text)
{
	uint8_t pin[SHA256_BYTES];
	uint64_t number;
	bool on;

	is_right(value_parse_switch(text, &on));
	is_right(value_parse_count(text, &number));
	is_right(value_parse_size(text, &number));
	is_right(value_parse_time(text, &number));
	is_right(value_parse_pin(text, pin));
}

/* Printed and read again, an address is the same. */
static void check_again(const struct config_address *address,
			const char *(*parse)(const char *, struct config_address *))
{
	struct config_address again = {.host = NULL};
	char printed[CONFIG_ADDRESS_MAX];

	must(is_right(parse(config_address_print(address->host, address->port, printed), &again)));
	must(again.port == address->port && (again.host == NULL) == (address->host == NULL));
	must(again.host == NULL || strcmp(again.host, address->host) == 0);
	free(again.host);
}

static void read_addresses(const char *text)
{
	struct config_address address = {.host = NULL};
	struct config_backend backend = {.address = {.host = NULL}};
	struct config_admin admin = {.kind = ADMIN_OFF};
	char printed[CONFIG_ADDRESS_MAX];

	if (is_right(value_parse_address(text, &address)))
		check_again(&address, value_parse_address);
	free(address.host);
	address.host = NULL;
	if (is_right(value_parse_listen(text, &address)))
		check_again(&address, value_parse_listen);
	free(address.host);
	if (is_right(value_parse_backend(text, &backend)))
		check_again(&backend.address, value_parse_address);
	free(backend.address.host);
	if (is_right(value_parse_admin(text, &admin)))
		must(strlen(config_admin_print(&admin, printed)) < sizeof(printed));
	free(admin.address.host);
	free(admin.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	read_numbers(text);
	read_addresses(text);
	is_right(value_check_proxy_url(text));
	is_right(value_check_hostname(text));
	is_right(value_check_fetch_rule(text));
	is_right(value_check_alpn(text));
	is_right(value_check_roots(text));
	free(text);
	return 0;
}
