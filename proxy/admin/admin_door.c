#include "proxy/admin/admin_door.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/system/privileges.h"

static bool is_tcp(const struct admin_door *door)
{
	return door != NULL && door->tcp != NULL;
}

/* Own: the port is the one that the page is at, by another address. */
static const char *advice(struct error error, bool own)
{
	if (error.kind != ERROR_SYSTEM)
		return "";
	switch (error.code) {
	case EADDRINUSE:
		if (own)
			return ": the page is at this port already, by another address; restart chainmend to move it, "
			       "or "
			       "choose another port";
		return ": another program is there, or another chainmend; choose another address for the admin page";
	case EACCES:
		return ": choose a port above 1023, or a path that chainmend's user may write";
	case EADDRNOTAVAIL:
		return ": this machine has no such address";
	case ENOENT:
		return ": make the folder first";
	default:
		return "";
	}
}

static bool refuse(const struct config_admin *admin, const struct admin_door *former, struct error error,
		   struct buffer *errors)
{
	bool own = admin->kind == ADMIN_TCP && is_tcp(former) && former->tcp->port == admin->address.port;
	char where[CONFIG_ADDRESS_MAX];
	char text[ERROR_MAX_TEXT];
	struct error full = buffer_printf(errors, "admin = %s: %s%s\n", config_admin_print(admin, where),
					  error_print(error, text, sizeof(text)), advice(error, own));
	(void)full;
	return false;
}

static struct error open_tcp(struct admin_door *door, const struct config_admin *admin, const struct admin_door *former)
{
	const struct config_address *address = &admin->address;

	snprintf(door->host, sizeof(door->host), "%s", address->host);
	if (is_tcp(former) && former->tcp->port == address->port && strcmp(former->tcp->host, address->host) == 0) {
		door->tcp = listen_socket_ref(former->tcp);
		return error_none();
	}
	return listen_socket_open(address, 1, &door->tcp);
}

static struct error open_local(struct admin_door *door, const struct config_admin *admin,
			       const struct admin_door *former)
{
	door->access.any_host = true;
	if (former != NULL && former->local != NULL && strcmp(former->local->path, admin->path) == 0) {
		door->local = unix_listener_ref(former->local);
		return error_none();
	}
	return unix_listener_open(admin->path, &door->local);
}

static bool open_socket(struct admin_door *door, const struct config *config, const struct admin_door *former,
			struct buffer *errors)
{
	const struct config_admin *admin = &config->admin;
	struct error error =
	    admin->kind == ADMIN_UNIX ? open_local(door, admin, former) : open_tcp(door, admin, former);

	if (failed(error))
		return refuse(admin, former, error, errors);
	return admin->kind != ADMIN_UNIX || privileges_give(admin->path, config->user, config->group, errors);
}

bool admin_door_open(const struct config *config, const struct admin_door *former, struct admin_door **out,
		     struct buffer *errors)
{
	*out = NULL;
	if (config->admin.kind == ADMIN_OFF)
		return true;
	struct admin_door *door = calloc(1, sizeof(*door));
	if (door == NULL)
		return refuse(&config->admin, former, error_of(ERROR_MEMORY, 0, "open the admin page"), errors);
	door->access.host = door->host;
	config_admin_print(&config->admin, door->where);
	bool good = open_socket(door, config, former, errors);
	if (config->admin_token_file != NULL)
		good = admin_access_read_token(&door->access, config->admin_token_file, errors) && good;
	if (!good) {
		admin_door_close(door);
		return false;
	}
	*out = door;
	return true;
}

void admin_door_close(struct admin_door *door)
{
	if (door == NULL)
		return;
	if (door->tcp != NULL)
		listen_socket_unref(door->tcp);
	unix_listener_unref(door->local);
	free(door);
}

int admin_door_fd(const struct admin_door *door)
{
	return door->tcp != NULL ? door->tcp->fds[0] : door->local->fd;
}

bool admin_door_check(const struct config *config, struct buffer *errors)
{
	struct admin_access access = {.host = ""};
	return config->admin_token_file == NULL || admin_access_read_token(&access, config->admin_token_file, errors);
}
