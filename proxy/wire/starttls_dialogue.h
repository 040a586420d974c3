/* starttls_dialogue - what the five protocols of starttls have in common. Included by starttls*.c alone. */
#ifndef PROXY_WIRE_STARTTLS_DIALOGUE_H
#define PROXY_WIRE_STARTTLS_DIALOGUE_H

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/host_name.h"
#include "proxy/wire/starttls_state.h"

#define STARTTLS_MAX_OUTPUT 4096
#define STARTTLS_MAX_QUOTE 120 /* characters of the server's own words in a reason */

enum starttls_step { STEP_GREETING, STEP_ABILITIES, STEP_GO_AHEAD, STARTTLS_NUM_STEPS };

/* Where an XMPP stream stands. */
enum starttls_section { SECTION_NONE, SECTION_FEATURES, SECTION_ERROR, SECTION_PROCEED, SECTION_OTHER };

struct starttls_dialogue;

/* Holds always: once the state is not STARTTLS_GOING, nothing but the output changes. */
struct starttls {
	const struct starttls_dialogue *dialogue;
	enum starttls_state state;
	enum starttls_step step;
	bool offers_tls; /* it said so */
	unsigned depth; /* XMPP: of the element that is open; POP3: 1 within the answer to CAPA */
	enum starttls_section section;
	size_t num_bytes; /* taken from the server */
	struct buffer in; /* not understood yet */
	struct buffer out;
	char domain[HOST_NAME_MAX_CHARS + 1];
	char reason[STARTTLS_MAX_REASON];
};

/* One protocol. `begin` says the first word where that is the client's, else it is NULL. `take` understands one unit at
 * the start of `waiting` (never empty) and returns its bytes; 0: it is not whole yet, or the state has changed. */
struct starttls_dialogue {
	const char *option;
	const char *name;
	uint16_t port;
	const char *awaited[STARTTLS_NUM_STEPS];
	void (*begin)(struct starttls *starttls);
	size_t (*take)(struct starttls *starttls, struct bytes waiting);
};

/* starttls_say appends to the output. starttls_fail ends the dialogue with a reason, one clause in printf form; the
 * first reason stays. */
void starttls_say(struct starttls *starttls, struct bytes words);
void starttls_fail(struct starttls *starttls, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The three that talk in lines. */
size_t starttls_take_smtp(struct starttls *starttls, struct bytes waiting);
size_t starttls_take_imap(struct starttls *starttls, struct bytes waiting);
size_t starttls_take_pop3(struct starttls *starttls, struct bytes waiting);

void starttls_begin_ldap(struct starttls *starttls);
size_t starttls_take_ldap(struct starttls *starttls, struct bytes waiting);

void starttls_begin_xmpp(struct starttls *starttls);
size_t starttls_take_xmpp(struct starttls *starttls, struct bytes waiting);

#endif
