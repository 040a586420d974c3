/* SMTP, IMAP and POP3: lines. Words are compared without regard to case, as all three ask. */
#include <string.h>
#include <strings.h>

#include "proxy/wire/starttls_dialogue.h"

#define SMTP_CODE_CHARS 3
#define SMTP_READY 220
#define SMTP_OK 250

/* Takes one line, ended by LF, with or without CR before it. */
static size_t take_line(struct starttls *starttls, struct bytes waiting,
			void (*on_line)(struct starttls *starttls, struct bytes line))
{
	const uint8_t *end = memchr(waiting.data, '\n', waiting.len);
	size_t len = end != NULL ? (size_t)(end - waiting.data) : waiting.len;
	if (len > STARTTLS_MAX_UNIT) {
		starttls_fail(starttls, "the server sends a line of more than %d bytes, which is not %s",
			      STARTTLS_MAX_UNIT, starttls->dialogue->name);
		return 0;
	}
	if (end == NULL)
		return 0;
	bool has_cr = len > 0 && waiting.data[len - 1] == '\r';
	on_line(starttls, bytes_of(waiting.data, has_cr ? len - 1 : len));
	return len + 1;
}

/* Says whether the line begins with these words, which end at a word boundary. */
static bool begins(struct bytes line, const char *words)
{
	size_t len = strlen(words);
	return line.len >= len && strncasecmp((const char *)line.data, words, len) == 0 &&
	       (line.len == len || line.data[len] == ' ');
}

static bool has_word(struct bytes line, const char *word)
{
	for (size_t at = 0; at < line.len; at++) {
		if ((at == 0 || line.data[at - 1] == ' ') && begins(bytes_of(line.data + at, line.len - at), word))
			return true;
	}
	return false;
}

/* For %.*s: the line's own words, not all of a long one. */
static int quote_len(struct bytes line)
{
	return (int)(line.len < STARTTLS_MAX_QUOTE ? line.len : STARTTLS_MAX_QUOTE);
}

static void say(struct starttls *starttls, enum starttls_step next, const char *words)
{
	starttls->step = next;
	starttls_say(starttls, bytes_of_string(words));
}

static void fail_foreign(struct starttls *starttls, struct bytes line)
{
	starttls_fail(starttls, "the server does not speak %s here: it says \"%.*s\"", starttls->dialogue->name,
		      quote_len(line), (const char *)line.data);
}

static void fail_refused(struct starttls *starttls, const char *what, struct bytes line)
{
	starttls_fail(starttls, "the server refuses %s: it says \"%.*s\"", what, quote_len(line),
		      (const char *)line.data);
}

static void fail_unable(struct starttls *starttls)
{
	starttls_fail(starttls, "the server does not offer STARTTLS on this port");
}

/* Returns the reply code of an SMTP line, 0 where there is none (RFC 5321 4.2). */
static unsigned smtp_code(struct bytes line)
{
	unsigned code = 0;
	if (line.len < SMTP_CODE_CHARS)
		return 0;
	for (size_t i = 0; i < SMTP_CODE_CHARS; i++) {
		if (line.data[i] < '0' || line.data[i] > '9')
			return 0;
		code = code * 10 + (unsigned)(line.data[i] - '0');
	}
	bool ends =
	    line.len == SMTP_CODE_CHARS || line.data[SMTP_CODE_CHARS] == ' ' || line.data[SMTP_CODE_CHARS] == '-';
	return ends ? code : 0;
}

static void on_smtp_answer(struct starttls *starttls)
{
	switch (starttls->step) {
	case STEP_GREETING:
		/* A reserved name (RFC 2606 2): the server learns nothing about this machine. */
		say(starttls, STEP_ABILITIES, "EHLO chainmend.invalid\r\n");
		return;
	case STEP_ABILITIES:
		if (starttls->offers_tls)
			say(starttls, STEP_GO_AHEAD, "STARTTLS\r\n");
		else
			fail_unable(starttls);
		return;
	default:
		starttls->state = STARTTLS_READY;
	}
}

static void on_smtp_line(struct starttls *starttls, struct bytes line)
{
	static const struct {
		unsigned code;
		const char *what;
	} wanted[] = {
	    [STEP_GREETING] = {SMTP_READY, "the connection"},
	    [STEP_ABILITIES] = {SMTP_OK, "EHLO"},
	    [STEP_GO_AHEAD] = {SMTP_READY, "STARTTLS"},
	};
	unsigned code = smtp_code(line);
	bool is_last = line.len <= SMTP_CODE_CHARS || line.data[SMTP_CODE_CHARS] == ' ';
	if (code == 0) {
		fail_foreign(starttls, line);
		return;
	}
	if (code != wanted[starttls->step].code) {
		fail_refused(starttls, wanted[starttls->step].what, line);
		return;
	}
	if (starttls->step == STEP_ABILITIES && line.len > SMTP_CODE_CHARS &&
	    begins(bytes_of(line.data + SMTP_CODE_CHARS + 1, line.len - SMTP_CODE_CHARS - 1), "STARTTLS"))
		starttls->offers_tls = true;
	if (is_last)
		on_smtp_answer(starttls);
}

size_t starttls_take_smtp(struct starttls *starttls, struct bytes waiting)
{
	return take_line(starttls, waiting, on_smtp_line);
}

static void on_imap_greeting(struct starttls *starttls, struct bytes line)
{
	if (begins(line, "* OK"))
		say(starttls, STEP_ABILITIES, "a1 CAPABILITY\r\n");
	else if (begins(line, "* PREAUTH")) /* RFC 9051 7.1.4 */
		starttls_fail(starttls, "the server greets with PREAUTH, and IMAP allows no STARTTLS after that");
	else
		fail_foreign(starttls, line);
}

static void on_imap_line(struct starttls *starttls, struct bytes line)
{
	bool asks_for_tls = starttls->step == STEP_GO_AHEAD;
	const char *tag = asks_for_tls ? "a2" : "a1";
	if (begins(line, "* BYE")) {
		fail_refused(starttls, "the connection", line);
	} else if (starttls->step == STEP_GREETING) {
		on_imap_greeting(starttls, line);
	} else if (begins(line, "*")) {
		starttls->offers_tls =
		    starttls->offers_tls ||
		    (starttls->step == STEP_ABILITIES && begins(line, "* CAPABILITY") && has_word(line, "STARTTLS"));
	} else if (!begins(line, tag)) {
		fail_foreign(starttls, line);
	} else if (!begins(line, asks_for_tls ? "a2 OK" : "a1 OK")) {
		fail_refused(starttls, asks_for_tls ? "STARTTLS" : "CAPABILITY", line);
	} else if (asks_for_tls) {
		starttls->state = STARTTLS_READY;
	} else if (starttls->offers_tls) {
		say(starttls, STEP_GO_AHEAD, "a2 STARTTLS\r\n");
	} else {
		fail_unable(starttls);
	}
}

size_t starttls_take_imap(struct starttls *starttls, struct bytes waiting)
{
	return take_line(starttls, waiting, on_imap_line);
}

/* The answer to CAPA goes on to a line with a dot. A server without CAPA (RFC 2449 came after 1939) may have STLS. */
static void on_pop3_ability(struct starttls *starttls, struct bytes line)
{
	bool begun = starttls->depth > 0;
	if (!begun && begins(line, "-ERR"))
		say(starttls, STEP_GO_AHEAD, "STLS\r\n");
	else if (!begun && begins(line, "+OK"))
		starttls->depth = 1;
	else if (!begun)
		fail_foreign(starttls, line);
	else if (begins(line, "STLS"))
		starttls->offers_tls = true;
	else if (begins(line, ".") && starttls->offers_tls)
		say(starttls, STEP_GO_AHEAD, "STLS\r\n");
	else if (begins(line, "."))
		fail_unable(starttls);
}

static void on_pop3_line(struct starttls *starttls, struct bytes line)
{
	if (starttls->step == STEP_ABILITIES)
		on_pop3_ability(starttls, line);
	else if (begins(line, "-ERR"))
		fail_refused(starttls, starttls->step == STEP_GREETING ? "the connection" : "STLS", line);
	else if (!begins(line, "+OK"))
		fail_foreign(starttls, line);
	else if (starttls->step == STEP_GREETING)
		say(starttls, STEP_ABILITIES, "CAPA\r\n");
	else
		starttls->state = STARTTLS_READY;
}

size_t starttls_take_pop3(struct starttls *starttls, struct bytes waiting)
{
	return take_line(starttls, waiting, on_pop3_line);
}
