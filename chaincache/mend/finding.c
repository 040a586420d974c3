#include "chaincache/mend/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One row a code. A message is written where the fact is known. */
static const struct finding_row {
	const char *word;
	enum finding_severity severity;
	const char *meaning;
	const char *advice;
	const char *command_advice; /* NULL: the same */
} rows[FINDING_CODE_COUNT] = {
#define FINDING(code, ...) [code] = {__VA_ARGS__},
#include "chaincache/mend/finding_codes.def"
#undef FINDING
};

_Static_assert(FINDING_CODE_COUNT <= 64, "a list has a bit for each code");

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
	return rows[code].word;
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

const char *finding_code_meaning(enum finding_code code)
{
	return rows[code].meaning;
}

const char *finding_code_advice(enum finding_code code, enum finding_reader reader)
{
	const struct finding_row *row = &rows[code];
	return reader == FINDING_OF_COMMAND && row->command_advice != NULL ? row->command_advice : row->advice;
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
	int needed = vsnprintf(text, sizeof(text), format, arguments);

	if (needed < 0)
		return NULL;
	if ((size_t)needed > FINDING_MAX_TEXT) {
		static const char dots[] = "...";
		memcpy(text + character_start(text, FINDING_MAX_TEXT - (sizeof(dots) - 1)), dots, sizeof(dots));
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
		struct finding *items = realloc(list->items, capacity * sizeof(*items));
		if (items == NULL) {
			list->out_of_memory = true;
			return NULL;
		}
		list->items = items;
		list->capacity = capacity;
	}
	struct finding *finding = &list->items[list->count];
	*finding = (struct finding){0};
	return finding;
}

static enum finding_severity worse(enum finding_severity a, enum finding_severity b)
{
	return a > b ? a : b;
}

bool finding_list_has_dropped(const struct finding_list *list, enum finding_code code)
{
	return (list->dropped_codes & FINDING_BIT(code)) != 0;
}

enum finding_severity finding_list_worst_dropped(const struct finding_list *list)
{
	return worse(list->worst_dropped, list->last_dropped.severity);
}

static struct finding *drop(struct finding_list *list, enum finding_code code)
{
	list->worst_dropped = finding_list_worst_dropped(list);
	finding_cleanup(&list->last_dropped);
	list->last_dropped.severity = rows[code].severity;
	list->dropped_codes |= FINDING_BIT(code);
	list->num_dropped++;
	return &list->last_dropped;
}

struct finding *finding_list_add(struct finding_list *list, enum finding_code code, const char *message, ...)
{
	va_list arguments;
	struct finding *finding = make_room(list);

	if (finding == NULL)
		return drop(list, code);
	va_start(arguments, message);
	finding->message = format_text(message, arguments);
	va_end(arguments);
	finding->advice = strdup(finding_code_advice(code, list->reader));
	finding->code = code;
	finding->severity = rows[code].severity;
	if (finding->message == NULL || finding->advice == NULL) {
		finding_cleanup(finding);
		list->out_of_memory = true;
		return drop(list, code);
	}
	list->count++;
	return finding;
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

static void set_text(struct finding *finding, char **field, const char *text)
{
	free(*field);
	*field = text != NULL ? strdup(text) : NULL;
	finding->is_cut = finding->is_cut || (text != NULL && *field == NULL);
}

void finding_set_name(struct finding *finding, const char *name)
{
	if (finding != NULL)
		set_text(finding, &finding->name, name);
}

void finding_set_source(struct finding *finding, const char *source)
{
	if (finding != NULL)
		set_text(finding, &finding->source, source);
}

void finding_set_url(struct finding *finding, const char *url)
{
	if (finding != NULL)
		set_text(finding, &finding->url, url);
}

void finding_set_advice(struct finding *finding, const char *advice, ...)
{
	va_list arguments;

	if (finding == NULL)
		return;
	va_start(arguments, advice);
	char *text = format_text(advice, arguments);
	va_end(arguments);
	if (text == NULL) {
		finding->is_cut = true;
		return;
	}
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
	struct finding_list copy = {.reader = list->reader,
				    .num_dropped = list->num_dropped,
				    .dropped_codes = list->dropped_codes,
				    .worst_dropped = finding_list_worst_dropped(list),
				    .out_of_memory = list->out_of_memory};

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
	finding_cleanup(&list->last_dropped);
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

bool finding_list_is_whole(const struct finding_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].is_cut)
			return false;
	return !list->out_of_memory;
}

bool finding_list_has_about(const struct finding_list *list, enum finding_code code, uint64_t severities,
			    const struct certificate *certificate)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *finding = &list->items[i];
		if ((code == FINDING_CODE_COUNT || finding->code == code) &&
		    (FINDING_BIT(finding->severity) & severities) != 0 && finding->certificate != NULL &&
		    certificate_equal(finding->certificate, certificate))
			return true;
	}
	return false;
}

bool finding_list_has(const struct finding_list *list, enum finding_code code)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].code == code)
			return true;
	return finding_list_has_dropped(list, code);
}

enum finding_severity finding_list_worst(const struct finding_list *list)
{
	enum finding_severity worst = finding_list_worst_dropped(list);

	for (size_t i = 0; i < list->count; i++)
		worst = worse(worst, list->items[i].severity);
	return worst;
}
