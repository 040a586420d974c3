/* XMPP: tags. Of XML there is only what XMPP allows (RFC 6120 11.1): no comment, no DTD, no processing instruction but
 * the declaration; and of what is between the tags nothing matters. */
#include <stdio.h>
#include <string.h>

#include "proxy/wire/starttls_dialogue.h"

#define MAX_DEPTH 100 /* of elements within each other */
#define MAX_NAME 64 /* of an element, shortened */
#define MAX_HEADER 512

struct tag {
	bool opens, closes; /* both: <a/> */
	char name[MAX_NAME]; /* without its prefix: which prefix stands for a namespace is the server's choice */
};

void starttls_begin_xmpp(struct starttls *starttls)
{
	char header[MAX_HEADER];
	snprintf(header, sizeof(header),
		 "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
		 "xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>",
		 starttls->domain);
	starttls_say(starttls, bytes_of_string(header));
}

/* Returns the bytes of the tag that `text` begins with, 0 when it is not whole. An attribute's value may hold a '>'. */
static size_t tag_len(struct bytes text)
{
	uint8_t quote = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (quote != 0)
			quote = text.data[i] == quote ? 0 : quote;
		else if (text.data[i] == '\'' || text.data[i] == '"')
			quote = text.data[i];
		else if (text.data[i] == '>')
			return i + 1;
	}
	return 0;
}

static struct tag read_tag(struct bytes text)
{
	bool is_end = text.data[1] == '/';
	const char *name = (const char *)text.data + (is_end ? 2 : 1);
	size_t max = text.len - (is_end ? 3 : 2); /* without the '>' */
	size_t len = 0;
	struct tag tag = {.opens = !is_end, .closes = is_end || text.data[text.len - 2] == '/'};
	while (len < max && strchr(" \t\r\n/", name[len]) == NULL)
		len++;
	const char *colon = memchr(name, ':', len);
	if (colon != NULL) {
		len -= (size_t)(colon + 1 - name);
		name = colon + 1;
	}
	snprintf(tag.name, sizeof(tag.name), "%.*s", (int)(len < MAX_NAME ? len : MAX_NAME - 1), name);
	return tag;
}

static void fail_foreign(struct starttls *starttls)
{
	starttls_fail(starttls, "the server does not speak XMPP here: what it sends is no XMPP stream");
}

static void on_opened(struct starttls *starttls, const char *name)
{
	static const struct {
		const char *name;
		enum starttls_section section;
	} sections[] = {
	    {"features", SECTION_FEATURES},
	    {"error", SECTION_ERROR},
	    {"proceed", SECTION_PROCEED},
	};
	if (starttls->depth == 0) {
		starttls->step = STEP_ABILITIES;
		if (strcmp(name, "stream") != 0)
			fail_foreign(starttls);
	} else if (starttls->depth == 1) {
		starttls->section = SECTION_OTHER;
		for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
			if (strcmp(name, sections[i].name) == 0)
				starttls->section = sections[i].section;
		if (strcmp(name, "failure") == 0) /* RFC 6120 5.4.2.2 */
			starttls_fail(starttls, "the server refuses STARTTLS with a <failure/>");
	} else if (starttls->depth == 2 && starttls->section == SECTION_FEATURES && strcmp(name, "starttls") == 0) {
		starttls->offers_tls = true;
	} else if (starttls->depth == 2 && starttls->section == SECTION_ERROR) {
		starttls_fail(starttls, "the server ends the stream: %s", name);
	}
	if (++starttls->depth > MAX_DEPTH)
		fail_foreign(starttls);
}

static void on_features(struct starttls *starttls)
{
	if (starttls->step != STEP_ABILITIES)
		return;
	if (!starttls->offers_tls) {
		starttls_fail(starttls, "the server does not offer STARTTLS on this port");
		return;
	}
	starttls->step = STEP_GO_AHEAD;
	starttls_say(starttls, bytes_of_string("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
}

static void on_closed(struct starttls *starttls)
{
	if (starttls->depth == 0) {
		fail_foreign(starttls);
		return;
	}
	starttls->depth--;
	if (starttls->depth == 0)
		starttls_fail(starttls, "the server ends the stream");
	else if (starttls->depth > 1)
		return;
	else if (starttls->section == SECTION_FEATURES)
		on_features(starttls);
	else if (starttls->section == SECTION_ERROR)
		starttls_fail(starttls, "the server ends the stream: it gives no reason");
	else if (starttls->section == SECTION_PROCEED && starttls->step == STEP_GO_AHEAD)
		starttls->state = STARTTLS_READY;
	starttls->section = SECTION_NONE;
}

/* Text between two tags. Before the first one it can only be blank. */
static size_t skip_text(struct starttls *starttls, struct bytes waiting)
{
	const uint8_t *tag = memchr(waiting.data, '<', waiting.len);
	size_t len = tag != NULL ? (size_t)(tag - waiting.data) : waiting.len;
	for (size_t i = 0; i < len && starttls->depth == 0; i++) {
		if (strchr(" \t\r\n", waiting.data[i]) == NULL || waiting.data[i] == '\0') {
			fail_foreign(starttls);
			return 0;
		}
	}
	return len;
}

size_t starttls_take_xmpp(struct starttls *starttls, struct bytes waiting)
{
	if (waiting.data[0] != '<')
		return skip_text(starttls, waiting);
	size_t len = tag_len(waiting);
	if (len > STARTTLS_MAX_UNIT || (len == 0 && waiting.len > STARTTLS_MAX_UNIT)) {
		starttls_fail(starttls, "the server sends a tag of more than %d bytes, which is no XMPP",
			      STARTTLS_MAX_UNIT);
		return 0;
	}
	if (len == 0)
		return 0;
	if (waiting.data[1] == '?')
		return len;
	if (waiting.data[1] == '!' || len < sizeof("<a>") - 1) {
		fail_foreign(starttls);
		return 0;
	}
	struct tag tag = read_tag(bytes_of(waiting.data, len));
	if (tag.opens)
		on_opened(starttls, tag.name);
	if (tag.closes && starttls->state == STARTTLS_GOING)
		on_closed(starttls);
	return len;
}
