#include "proxy/wire/starttls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/wire/starttls_dialogue.h"

#define TLS_PORT 443
#define RECORD_ALERT 0x15
#define RECORD_HANDSHAKE 0x16

static const struct starttls_dialogue dialogues[] = {
    [STARTTLS_NONE] = {.option = "", .name = "TLS", .port = TLS_PORT},
    [STARTTLS_SMTP] = {.option = "smtp",
		       .name = "SMTP",
		       .port = 25,
		       .awaited = {"its greeting", "its answer to EHLO", "its answer to STARTTLS"},
		       .take = starttls_take_smtp},
    [STARTTLS_IMAP] = {.option = "imap",
		       .name = "IMAP",
		       .port = 143,
		       .awaited = {"its greeting", "its answer to CAPABILITY", "its answer to STARTTLS"},
		       .take = starttls_take_imap},
    [STARTTLS_POP3] = {.option = "pop3",
		       .name = "POP3",
		       .port = 110,
		       .awaited = {"its greeting", "its answer to CAPA", "its answer to STLS"},
		       .take = starttls_take_pop3},
    [STARTTLS_LDAP] = {.option = "ldap",
		       .name = "LDAP",
		       .port = 389,
		       .awaited = {"", "", "its answer to the StartTLS request"},
		       .begin = starttls_begin_ldap,
		       .take = starttls_take_ldap},
    [STARTTLS_XMPP] = {.option = "xmpp",
		       .name = "XMPP",
		       .port = 5222,
		       .awaited = {"its stream", "its stream's features", "its answer to <starttls/>"},
		       .begin = starttls_begin_xmpp,
		       .take = starttls_take_xmpp},
};

bool starttls_find(const char *name, enum starttls_protocol *out)
{
	for (size_t i = STARTTLS_NONE + 1; i < sizeof(dialogues) / sizeof(dialogues[0]); i++) {
		if (strcmp(name, dialogues[i].option) == 0) {
			*out = (enum starttls_protocol)i;
			return true;
		}
	}
	return false;
}

uint16_t starttls_default_port(enum starttls_protocol protocol)
{
	return dialogues[protocol].port;
}

/* Allows letters, digits and the characters of address literals: nothing that XML or a line of text reads as its own
 * syntax. */
static bool is_plain(const char *domain)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%";
	size_t len = strlen(domain);
	return len > 0 && len <= HOST_NAME_MAX_CHARS && strspn(domain, plain) == len;
}

struct starttls *starttls_new(enum starttls_protocol protocol, const char *domain)
{
	if (dialogues[protocol].take == NULL || !is_plain(domain))
		return NULL;
	struct starttls *starttls = calloc(1, sizeof(*starttls));
	if (starttls == NULL)
		return NULL;
	starttls->dialogue = &dialogues[protocol];
	snprintf(starttls->domain, sizeof(starttls->domain), "%s", domain);
	buffer_init(&starttls->in, STARTTLS_MAX_BYTES);
	buffer_init(&starttls->out, STARTTLS_MAX_OUTPUT);
	if (starttls->dialogue->begin != NULL)
		starttls->dialogue->begin(starttls);
	if (starttls->state == STARTTLS_GOING)
		return starttls;
	starttls_free(starttls);
	return NULL;
}

void starttls_free(struct starttls *starttls)
{
	if (starttls == NULL)
		return;
	buffer_cleanup(&starttls->in);
	buffer_cleanup(&starttls->out);
	free(starttls);
}

/* Understands what is whole, and keeps the rest. */
static void take_all(struct starttls *starttls)
{
	struct buffer *in = &starttls->in;
	size_t taken = 0;
	size_t unit = 0;
	while (starttls->state == STARTTLS_GOING && taken < in->len) {
		unit = starttls->dialogue->take(starttls, bytes_of(in->data + taken, in->len - taken));
		taken += unit;
		if (unit == 0)
			break;
	}
	in->len -= taken;
	if (taken > 0 && in->len > 0)
		memmove(in->data, in->data + taken, in->len);
}

enum starttls_state starttls_feed(struct starttls *starttls, struct bytes from_server)
{
	if (starttls->state != STARTTLS_GOING || from_server.len == 0)
		return starttls->state;
	bool is_first = starttls->num_bytes == 0;
	if (is_first && (from_server.data[0] == RECORD_ALERT || from_server.data[0] == RECORD_HANDSHAKE)) {
		starttls_fail(starttls, "the server speaks TLS at once on this port, without STARTTLS");
	} else if (from_server.len > STARTTLS_MAX_BYTES - starttls->num_bytes) {
		starttls_fail(starttls, "the server says more than a change to TLS needs");
	} else if (failed(buffer_append(&starttls->in, from_server))) {
		starttls_fail(starttls, "out of memory");
	} else {
		starttls->num_bytes += from_server.len;
		take_all(starttls);
	}
	if (starttls->state == STARTTLS_READY && starttls->in.len > 0) {
		starttls->state = STARTTLS_GOING;
		starttls_fail(starttls, "the server sends %zu bytes in plain text behind its go-ahead for TLS",
			      starttls->in.len);
	}
	return starttls->state;
}

void starttls_end(struct starttls *starttls)
{
	if (starttls->num_bytes == 0)
		starttls_fail(starttls, "the server closed the connection without a word");
	else
		starttls_fail(starttls, "the server closed the connection before %s", starttls_awaited(starttls));
}

struct error starttls_take_output(struct starttls *starttls, struct buffer *out)
{
	struct error error = buffer_append(out, buffer_bytes(&starttls->out));
	if (!failed(error))
		starttls->out.len = 0;
	return error;
}

const char *starttls_reason(const struct starttls *starttls)
{
	return starttls->reason;
}

const char *starttls_awaited(const struct starttls *starttls)
{
	return starttls->dialogue->awaited[starttls->step];
}
