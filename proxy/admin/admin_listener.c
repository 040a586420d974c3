#include "proxy/admin/admin_listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_tcp(const struct admin_listener *listener)
{
	return listener != NULL && listener->tcp != NULL;
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
	case EEXIST:
		return ": a file or a symbolic link stands there, no socket; remove it, or choose another path";
	case EPERM:
		return ": remove it, or choose a path in a folder of chainmend's own user";
	default:
		return "";
	}
}

static bool refuse(const struct config_admin *admin, const struct admin_listener *former, struct error error,
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

static struct error open_tcp(struct admin_listener *listener, const struct config_admin *admin,
			     const struct admin_listener *former)
{
	const struct config_address *address = &admin->address;

	snprintf(listener->host, sizeof(listener->host), "%s", address->host);
	if (is_tcp(former) && former->tcp->port == address->port && strcmp(former->tcp->host, address->host) == 0) {
		listener->tcp = listen_socket_ref(former->tcp);
		return error_none();
	}
	return listen_socket_open(address, 1, &listener->tcp);
}

static struct error open_local(struct admin_listener *listener, const struct config_admin *admin,
			       const struct file_owner *owner, const struct admin_listener *former)
{
	listener->access.any_host = true;
	if (former != NULL && former->local != NULL && strcmp(former->local->path, admin->path) == 0) {
		listener->local = unix_listener_ref(former->local);
		return error_none();
	}
	return unix_listener_open(admin->path, owner, &listener->local);
}

static bool open_socket(struct admin_listener *listener, const struct config *config,
			const struct admin_listener *former, struct buffer *errors)
{
	const struct config_admin *admin = &config->admin;
	struct file_owner owner;

	if (!privileges_owner(config->user, config->group, &owner, errors))
		return false;
	struct error error =
	    admin->kind == ADMIN_UNIX ? open_local(listener, admin, &owner, former) : open_tcp(listener, admin, former);
	return !failed(error) || refuse(admin, former, error, errors);
}

bool admin_listener_open(const struct config *config, const struct admin_listener *former, struct admin_listener **out,
			 struct buffer *errors)
{
	*out = NULL;
	if (config->admin.kind == ADMIN_OFF)
		return true;
	struct admin_listener *listener = calloc(1, sizeof(*listener));
	if (listener == NULL)
		return refuse(&config->admin, former, error_of(ERROR_MEMORY, 0, "open the admin page"), errors);
	listener->access.host = listener->host;
	config_admin_print(&config->admin, listener->where);
	bool good = open_socket(listener, config, former, errors);
	if (config->admin_token_file != NULL)
		good = admin_access_read_token(&listener->access, config->admin_token_file, errors) && good;
	if (!good) {
		admin_listener_close(listener);
		return false;
	}
	*out = listener;
	return true;
}

void admin_listener_close(struct admin_listener *listener)
{
	if (listener == NULL)
		return;
	if (listener->tcp != NULL)
		listen_socket_unref(listener->tcp);
	unix_listener_unref(listener->local);
	free(listener);
}

int admin_listener_fd(const struct admin_listener *listener)
{
	return listener->tcp != NULL ? listener->tcp->fds[0] : listener->local->fd;
}

bool admin_listener_check(const struct config *config, struct buffer *errors)
{
	struct admin_access access = {.host = ""};
	return config->admin_token_file == NULL || admin_access_read_token(&access, config->admin_token_file, errors);
}
