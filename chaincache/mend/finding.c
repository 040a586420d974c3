#include "chaincache/mend/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What holds for a code wherever it is told. A message is written where the fact is known. */
static const struct finding_row {
	enum finding_severity severity;
	const char *advice;
} rows[FINDING_CODE_COUNT] = {
    [FINDING_MISSING_INTERMEDIATE] =
	{SEVERITY_FIXED,
	 "Add this certificate to the chain that the server sends, after the certificate that it issued; do so again "
	 "whenever the server certificate is renewed."},
    [FINDING_WRONG_ORDER] = {SEVERITY_FIXED,
			     "Write the server's chain file anew: the server certificate first, then each issuer in "
			     "turn, without the root."},
    [FINDING_UNRELATED_CERTIFICATE] = {SEVERITY_INFO, "Take this certificate out of the chain that the server sends."},
    [FINDING_DUPLICATE_CERTIFICATE] = {SEVERITY_INFO,
				       "Keep one copy of this certificate in the chain that the server sends."},
    [FINDING_ROOT_INCLUDED] = {SEVERITY_INFO,
			       "Take the root out of the chain that the server sends: clients trust their own copy."},
    [FINDING_EXPIRED_INTERMEDIATE] =
	{SEVERITY_FIXED,
	 "Take the expired certificate out of the server's chain (and, on Windows, out of the machine's Intermediate "
	 "Certification Authorities store) and put the valid one in its place."},
    [FINDING_NOT_YET_VALID_INTERMEDIATE] =
	{SEVERITY_FIXED,
	 "Check the clocks of the server and of this machine; until the certificate becomes valid, send one that is "
	 "valid today."},
    [FINDING_BETTER_PATH] =
	{SEVERITY_FIXED, "Replace the chain on the server by the mended one; `chainmend mend` writes it to a file."},
    [FINDING_UNTRUSTED_ROOT] =
	{SEVERITY_ERROR,
	 "Install the root on the clients, name it to chainmend with `roots`, or have the certificate reissued by an "
	 "authority that the clients trust."},
    [FINDING_SELF_SIGNED] = {SEVERITY_ERROR,
			     "Have a certificate issued by an authority that the clients trust, or install this one on "
			     "every client."},
    [FINDING_INCOMPLETE_CHAIN] =
	{SEVERITY_ERROR,
	 "Download the missing issuer from the certificate authority and add it to the server's chain file, or bring "
	 "it into the cache with `chainmend cache import FILE`."},
    [FINDING_LEAF_EXPIRED] = {SEVERITY_ERROR,
			      "Renew the server certificate: no chain makes clients accept an expired one."},
    [FINDING_LEAF_NOT_YET_VALID] = {SEVERITY_ERROR,
				    "Check the clocks of the server and of this machine, or wait with this certificate "
				    "until its validity begins."},
    [FINDING_LEAF_EXPIRES_SOON] = {SEVERITY_WARNING, "Renew the server certificate before it expires."},
    [FINDING_LINK_EXPIRES_FIRST] =
	{SEVERITY_WARNING,
	 "Ask the certificate authority for a newer issuer certificate, or renew the server certificate under one "
	 "that lives longer, before that date."},
    [FINDING_CHAIN_TOO_LARGE] =
	{SEVERITY_WARNING, "Ask the certificate authority for a shorter chain or for ECDSA certificates, or raise "
			   "`max_chain_bytes`."},
    [FINDING_NAME_NOT_COVERED] = {SEVERITY_ERROR,
				  "Have the certificate reissued with this name in its subjectAltName, or let clients "
				  "use a name that it covers."},
    [FINDING_NAME_ONLY_IN_CN] = {SEVERITY_ERROR, "Have the certificate reissued with this name in its subjectAltName."},
    [FINDING_SNI_NOT_COVERED] = {SEVERITY_WARNING,
				 "Have the certificate reissued with this name, or take the name out of DNS where "
				 "nobody should use it."},
    [FINDING_WRONG_PURPOSE] = {SEVERITY_ERROR,
			       "Choose a certificate whose extended key usage holds serverAuth: look whether another "
			       "one (a token-signing or client certificate, say) was picked by mistake."},
    [FINDING_WEAK_SIGNATURE] = {SEVERITY_ERROR, "Have the certificate reissued with a SHA-256 signature."},
    [FINDING_WEAK_KEY] = {SEVERITY_ERROR,
			  "Have the certificate reissued for a new key: RSA of 2048 bits or more, or ECDSA on P-256."},
    [FINDING_CONSTRAINT_VIOLATED] = {SEVERITY_ERROR,
				     "Have the certificate reissued by an authority that is allowed to issue it; no "
				     "chain can lift this restriction."},
    [FINDING_REVOKED] = {SEVERITY_ERROR, "Replace the certificate and its key."},
    [FINDING_REVOCATION_UNKNOWN] =
	{SEVERITY_WARNING, "Give a current CRL of this issuer (`crl` in the configuration, `--crl FILE` for the commands)."},
    [FINDING_NO_ISSUER_URL] = {SEVERITY_WARNING,
			       "Download the issuer from the certificate authority and add it to the server's chain "
			       "file, or bring it into the cache with `chainmend cache import FILE`."},
    [FINDING_FETCH_FAILED] = {SEVERITY_WARNING,
			      "Let this machine reach the URL (a firewall or `fetch_proxy`, perhaps), or bring the "
			      "issuer into the cache with `chainmend cache import FILE`."},
    [FINDING_FETCH_REFUSED] = {SEVERITY_WARNING, "If this address is right, allow it with `fetch_allow`."},
    [FINDING_FETCH_NOT_A_CERTIFICATE] =
	{SEVERITY_WARNING,
	 "Tell the certificate authority that its URL is broken, and bring the issuer into the cache with `chainmend "
	 "cache import FILE`."},
    [FINDING_FETCH_WRONG_ISSUER] =
	{SEVERITY_WARNING,
	 "Tell the certificate authority that its URL gives another certificate, and bring the right one into the "
	 "cache with `chainmend cache import FILE`."},
    [FINDING_KEY_MISMATCH] = {SEVERITY_ERROR,
			      "Configure the private key that this certificate was issued for, or the certificate that "
			      "belongs to this key."},
    [FINDING_BACKEND_UNREACHABLE] = {SEVERITY_WARNING,
				     "Check that the backend runs and that this machine may connect to it."},
    [FINDING_BACKEND_TLS_FAILED] = {SEVERITY_WARNING,
				    "Check which protocol versions and ciphers the backend speaks; `backend_tls_min` "
				    "admits older ones."},
    [FINDING_BACKEND_NAME_MISMATCH] = {SEVERITY_WARNING,
				       "Set `backend_name` to a name that the backend's certificate covers."},
    [FINDING_BACKEND_CERTIFICATE_DIFFERS] =
	{SEVERITY_WARNING,
	 "Bring the new certificate's key to this machine, or put the former certificate back on the backend."},
    [FINDING_CLIENT_REJECTED] = {SEVERITY_WARNING,
				 "Look at which clients these are and which roots they trust; `chainmend check` shows "
				 "what they are served."},
    [FINDING_VERIFICATION_LIMIT] =
	{SEVERITY_WARNING,
	 "Take certificates that do not belong to the chain out of what the server sends and out of the cache."},
};

static const char *const code_words[FINDING_CODE_COUNT] = {
#define X(name, word) [name] = word,
    FINDING_CODES(X)
#undef X
};

static const char *const severity_words[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_FIXED] = "fixed",
    [SEVERITY_ERROR] = "error",
};

static const char *const action_words[] = {
    [ACTION_NONE] = "none",           [ACTION_ADDED] = "added",       [ACTION_REMOVED] = "removed",
    [ACTION_REORDERED] = "reordered", [ACTION_REPLACED] = "replaced",
};

const char *finding_code_name(enum finding_code code)
{
	return code_words[code];
}

const char *finding_severity_name(enum finding_severity severity)
{
	return severity_words[severity];
}

const char *finding_action_name(enum finding_action action)
{
	return action_words[action];
}

enum finding_severity finding_code_severity(enum finding_code code)
{
	return rows[code].severity;
}

const char *finding_code_advice(enum finding_code code)
{
	return rows[code].advice;
}

/* Moves `end` down so that no UTF-8 character is cut in two. */
static size_t character_start(const char *text, size_t end)
{
	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	return end;
}

static char *format_text(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list arguments)
{
	char text[FINDING_MAX_TEXT + 1];
	int needed = vsnprintf(text, sizeof text, format, arguments);

	if (needed < 0)
		return NULL;
	if ((size_t)needed > FINDING_MAX_TEXT) {
		static const char dots[] = "...";
		memcpy(text + character_start(text, FINDING_MAX_TEXT - (sizeof dots - 1)), dots, sizeof dots);
	}
	return strdup(text);
}

static void finding_cleanup(struct finding *finding)
{
	free(finding->message);
	free(finding->advice);
	free(finding->name);
	free(finding->source);
	free(finding->url);
	certificate_unref(finding->certificate);
	*finding = (struct finding){0};
}

static struct finding *make_room(struct finding_list *list)
{
	if (list->count == FINDING_LIST_MAX)
		return NULL;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity > 0 ? 2 * list->capacity : 8;
		struct finding *items = realloc(list->items, capacity * sizeof *items);
		if (items == NULL)
			return NULL;
		list->items = items;
		list->capacity = capacity;
	}
	struct finding *finding = &list->items[list->count];
	*finding = (struct finding){0};
	return finding;
}

struct finding *finding_list_add(struct finding_list *list, enum finding_code code, const char *message, ...)
{
	va_list arguments;
	struct finding *finding = make_room(list);

	if (finding == NULL)
		goto dropped;
	va_start(arguments, message);
	finding->message = format_text(message, arguments);
	va_end(arguments);
	finding->advice = strdup(rows[code].advice);
	finding->code = code;
	finding->severity = rows[code].severity;
	if (finding->message == NULL || finding->advice == NULL) {
		finding_cleanup(finding);
		goto dropped;
	}
	list->count++;
	return finding;
dropped:
	list->num_dropped++;
	return NULL;
}

void finding_set_severity(struct finding *finding, enum finding_severity severity)
{
	if (finding != NULL)
		finding->severity = severity;
}

void finding_set_action(struct finding *finding, enum finding_action action)
{
	if (finding != NULL)
		finding->action = action;
}

void finding_set_certificate(struct finding *finding, const struct certificate *certificate)
{
	if (finding == NULL || finding->certificate == certificate)
		return;
	certificate_unref(finding->certificate);
	finding->certificate = certificate != NULL ? certificate_ref(certificate) : NULL;
}

static void set_text(char **field, const char *text)
{
	free(*field);
	*field = text != NULL ? strdup(text) : NULL;
}

void finding_set_name(struct finding *finding, const char *name)
{
	if (finding != NULL)
		set_text(&finding->name, name);
}

void finding_set_source(struct finding *finding, const char *source)
{
	if (finding != NULL)
		set_text(&finding->source, source);
}

void finding_set_url(struct finding *finding, const char *url)
{
	if (finding != NULL)
		set_text(&finding->url, url);
}

void finding_set_advice(struct finding *finding, const char *advice, ...)
{
	va_list arguments;

	if (finding == NULL)
		return;
	va_start(arguments, advice);
	char *text = format_text(advice, arguments);
	va_end(arguments);
	if (text == NULL)
		return;
	free(finding->advice);
	finding->advice = text;
}

static bool copy_text(char **out, const char *text)
{
	*out = text != NULL ? strdup(text) : NULL;
	return text == NULL || *out != NULL;
}

static bool copy_finding(struct finding *out, const struct finding *from)
{
	*out = (struct finding){.code = from->code, .severity = from->severity, .action = from->action};
	out->certificate = from->certificate != NULL ? certificate_ref(from->certificate) : NULL;
	bool copied = copy_text(&out->message, from->message);
	copied = copy_text(&out->advice, from->advice) && copied;
	copied = copy_text(&out->name, from->name) && copied;
	copied = copy_text(&out->source, from->source) && copied;
	copied = copy_text(&out->url, from->url) && copied;
	if (!copied)
		finding_cleanup(out);
	return copied;
}

struct error finding_list_copy(struct finding_list *out, const struct finding_list *list)
{
	struct finding_list copy = {.num_dropped = list->num_dropped};

	for (size_t i = 0; i < list->count; i++) {
		struct finding *finding = make_room(&copy);
		if (finding == NULL || !copy_finding(finding, &list->items[i])) {
			finding_list_cleanup(&copy);
			return error_of(ERROR_MEMORY, 0, "copy findings");
		}
		copy.count++;
	}
	*out = copy;
	return error_none();
}

void finding_list_cleanup(struct finding_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		finding_cleanup(&list->items[i]);
	free(list->items);
	*list = (struct finding_list){0};
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_certificate(const struct certificate *a, const struct certificate *b)
{
	return a == b || (a != NULL && b != NULL && certificate_equal(a, b));
}

bool finding_same(const struct finding *a, const struct finding *b)
{
	return a->code == b->code && same_certificate(a->certificate, b->certificate) && same_text(a->name, b->name) &&
	       same_text(a->url, b->url);
}

bool finding_list_has(const struct finding_list *list, enum finding_code code)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].code == code)
			return true;
	return false;
}

enum finding_severity finding_list_worst(const struct finding_list *list)
{
	enum finding_severity worst = SEVERITY_INFO;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].severity > worst)
			worst = list->items[i].severity;
	return worst;
}
