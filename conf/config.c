#include "conf/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool string_list_append(struct string_list *list, const char *text)
{
	char *copy = strdup(text);
	char **items = copy != NULL ? realloc(list->items, (list->count + 1) * sizeof(*items)) : NULL;
	if (items == NULL) {
		free(copy);
		return false;
	}
	list->items = items;
	list->items[list->count++] = copy;
	return true;
}

bool string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

void string_list_cleanup(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){0};
}

const char *config_address_print(const char *host, uint16_t port, char out[CONFIG_ADDRESS_MAX])
{
	bool v6 = strchr(host, ':') != NULL;

	snprintf(out, CONFIG_ADDRESS_MAX, "%s%s%s:%u", v6 ? "[" : "", host[0] != '\0' ? host : "*", v6 ? "]" : "",
		 port);
	return out;
}

bool config_admin_is_local(const struct config_admin *admin)
{
	struct in_addr v4;

	if (admin->kind != ADMIN_TCP)
		return true;
	if (strcasecmp(admin->address.host, "localhost") == 0 || strcmp(admin->address.host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, admin->address.host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

const char *config_admin_print(const struct config_admin *admin, char out[CONFIG_ADDRESS_MAX])
{
	switch (admin->kind) {
	case ADMIN_TCP:
		return config_address_print(admin->address.host, admin->address.port, out);
	case ADMIN_UNIX:
		snprintf(out, CONFIG_ADDRESS_MAX, "unix:%s", admin->path);
		return out;
	case ADMIN_OFF:
		break;
	}
	snprintf(out, CONFIG_ADDRESS_MAX, "off");
	return out;
}

bool config_same_backends(const struct config_site *a, const struct config_site *b)
{
	if (a->num_backends != b->num_backends)
		return false;
	for (size_t i = 0; i < a->num_backends; i++) {
		const struct config_backend *one = &a->backends[i];
		const struct config_backend *other = &b->backends[i];
		if (one->tls != other->tls || one->address.port != other->address.port ||
		    strcmp(one->address.host, other->address.host) != 0)
			return false;
	}
	return true;
}

static void site_cleanup(struct config_site *site)
{
	free(site->name);
	for (size_t i = 0; i < site->num_listens; i++)
		free(site->listens[i].host);
	free(site->listens);
	for (size_t i = 0; i < site->num_backends; i++)
		free(site->backends[i].address.host);
	free(site->backends);
	string_list_cleanup(&site->hostnames);
	string_list_cleanup(&site->certificates);
	string_list_cleanup(&site->keys);
	string_list_cleanup(&site->roots);
	string_list_cleanup(&site->crls);
	string_list_cleanup(&site->alpn);
	string_list_cleanup(&site->set_headers);
	string_list_cleanup(&site->remove_headers);
	free(site->backend_host);
	free(site->key_password_file);
	free(site->backend_name);
	free(site->backend_certificate);
	free(site->backend_key);
	free(site->ciphers);
	free(site->groups);
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->num_sites; i++)
		site_cleanup(&config->sites[i]);
	free(config->sites);
	free(config->path);
	free(config->user);
	free(config->group);
	free(config->fix_log);
	free(config->cache);
	free(config->ticket_keys);
	string_list_cleanup(&config->roots);
	string_list_cleanup(&config->crls);
	string_list_cleanup(&config->fetch_allow);
	string_list_cleanup(&config->trusted_proxies);
	free(config->fetch_proxy);
	free(config->admin.address.host);
	free(config->admin.path);
	free(config->admin_token_file);
	free(config);
}
