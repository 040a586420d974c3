/* Reads through inih, which splits a line of over 199 characters in two and takes the second part for another key, cuts
 * section names at 49, takes an indented line for more of the key above, never reports an empty section, and gives no
 * line number. So a line reader of our own stands before it: it counts the lines, takes the indentation off, opens the
 * sections, and refuses what inih would read wrongly. */
#include "conf/reader.h"

#include <ctype.h>
#include <ini.h>
#include <stdlib.h>

#include "chaincache/files/certificate_file.h" /* file_read_all */
#include "conf/checker.h"
#include "conf/draft.h"
#include "conf/keys.h"
#include "conf/spelling.h"

#define MAX_SECTION_CHARS 49 /* inih keeps no more */
#define MAX_SHOWN 60 /* characters of a wrong line that are shown */

enum section_kind { SECTION_NONE, SECTION_CHAINMEND, SECTION_SITE, SECTION_WRONG };

/* The state of one reading; inih's stream and its user pointer both. */
struct line_reader {
	struct draft *draft;
	const char *at, *end;
	unsigned line;
	enum section_kind section;
	unsigned chainmend_line; /* of [chainmend]; 0: it was not read yet */
	bool awaits_key; /* inih was given a line with a key, and has not called back yet */
};

static void refuse(struct line_reader *reader, const char *why, const char *line, size_t len)
{
	config_errors_add(&reader->draft->errors, reader->line, "%.*s%s: %s", (int)(len > MAX_SHOWN ? MAX_SHOWN : len),
			  line, len > MAX_SHOWN ? "..." : "", why);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void open_chainmend(struct line_reader *reader)
{
	reader->section = SECTION_CHAINMEND;
	if (reader->chainmend_line != 0) {
		config_errors_add(&reader->draft->errors, reader->line,
				  "[chainmend]: stands twice (the first is in line %u): make one of them",
				  reader->chainmend_line);
		reader->section = SECTION_WRONG;
	}
	reader->chainmend_line = reader->line;
	reader->draft->global.line = reader->line;
}

static void report_unknown_section(struct line_reader *reader, const char *name)
{
	char word[MAX_SECTION_CHARS + 1];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, " \t"), name);
	struct spelling spelling = spelling_of(word);
	spelling_offer(&spelling, "chainmend");
	spelling_offer(&spelling, "site");
	const char *nearest = spelling_best(&spelling);
	if (nearest != NULL)
		config_errors_add(&reader->draft->errors, reader->line,
				  "[%s]: there is no such section: did you mean [%s]?", name,
				  strcmp(nearest, "site") == 0 ? "site NAME" : nearest);
	else
		config_errors_add(&reader->draft->errors, reader->line,
				  "[%s]: there is no such section: there are [chainmend] and [site NAME]", name);
}

static void open_section(struct line_reader *reader, const char *name)
{
	static const char site[] = "site";
	reader->section = SECTION_WRONG;
	if (strcmp(name, "chainmend") == 0) {
		open_chainmend(reader);
	} else if (strcmp(name, site) == 0) {
		config_errors_add(&reader->draft->errors, reader->line, "[site]: give the site a name: [site mail]");
	} else if (strncmp(name, site, strlen(site)) == 0 && is_blank(name[strlen(site)])) {
		name += strlen(site);
		name += strspn(name, " \t");
		if (draft_add_site(reader->draft, name, reader->line))
			reader->section = SECTION_SITE;
	} else {
		report_unknown_section(reader, name);
	}
}

/* Reads "[name]", with blanks and a comment after it. */
static void read_section(struct line_reader *reader, const char *line, size_t len)
{
	char name[MAX_SECTION_CHARS + 1];
	const char *close = memchr(line, ']', len);
	reader->section = SECTION_WRONG;
	if (close == NULL) {
		refuse(reader, "the bracket is not closed: write [chainmend] or [site NAME]", line, len);
		return;
	}
	const char *rest = close + 1;
	while (rest < line + len && is_blank(*rest))
		rest++;
	if (rest < line + len && *rest != ';' && *rest != '#') {
		refuse(reader, "something stands behind the section's bracket: put it on a line of its own", line, len);
		return;
	}
	line++;
	while (line < close && is_blank(*line))
		line++;
	while (close > line && is_blank(close[-1]))
		close--;
	size_t name_len = (size_t)(close - line);
	if (name_len > MAX_SECTION_CHARS) {
		refuse(reader, "the name of the section is too long: 49 characters are the most", line, name_len);
		return;
	}
	memcpy(name, line, name_len);
	name[name_len] = '\0';
	open_section(reader, name);
}

static const char *find_control(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (iscntrl((unsigned char)line[i]) && line[i] != '\t')
			return line + i;
	}
	return NULL;
}

/* Returns the length of the key in a line, which has no NUL at its end. */
static size_t key_length(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(" \t=", line[i]) == NULL)
		i++;
	return i;
}

static void refuse_length(struct line_reader *reader, const char *line, size_t len, size_t max_chars)
{
	enum config_scope scope = reader->section == SECTION_SITE ? SCOPE_SITE : SCOPE_CHAINMEND;
	char name[MAX_SHOWN];
	char advice[3 * MAX_SHOWN] = "make it shorter";
	char why[4 * MAX_SHOWN];

	snprintf(name, sizeof(name), "%.*s", (int)key_length(line, len), line);
	enum config_key_id id = config_key_find(scope, name);
	if (id < NUM_CONFIG_KEYS && config_key(id)->repeatable)
		snprintf(advice, sizeof(advice),
			 "repeat the key: write `%s =` in several lines, each with some of the values", name);
	snprintf(why, sizeof(why), "the line has %zu characters, and %zu are the most: %s", len, max_chars, advice);
	refuse(reader, why, line, len);
}

/* Looks at one line without its end and its indentation; true when inih is to read it as "key = value". */
static bool examine(struct line_reader *reader, const char *line, size_t len, size_t max_chars)
{
	if (len == 0 || line[0] == ';' || line[0] == '#')
		return false;
	if (find_control(line, len) != NULL) {
		config_errors_add(&reader->draft->errors, reader->line,
				  "the line holds a control character: is this a text file in UTF-8?");
		return false;
	}
	if (line[0] == '[') {
		read_section(reader, line, len);
		return false;
	}
	if (len > max_chars) {
		refuse_length(reader, line, len, max_chars);
		return false;
	}
	if (reader->section == SECTION_NONE) {
		refuse(reader, "stands before the first section: put [chainmend] or [site NAME] above it", line, len);
		reader->section = SECTION_WRONG; /* once is enough */
	}
	return reader->section != SECTION_WRONG;
}

/* Reports that the line given to inih held no key: inih reports only the first such line, by its return value. */
static void report_no_key(struct line_reader *reader)
{
	if (reader->awaits_key)
		config_errors_add(&reader->draft->errors, reader->line, "the line is not of the form KEY = VALUE");
	reader->awaits_key = false;
}

/* inih's reader, as fgets: one line into `out` of `size` bytes, NULL at the end. */
static char *next_line(char *out, int size, void *stream)
{
	struct line_reader *reader = stream;
	report_no_key(reader);
	while (reader->at < reader->end) {
		const char *line = reader->at;
		size_t left = (size_t)(reader->end - line);
		const char *feed = memchr(line, '\n', left);
		size_t len = feed != NULL ? (size_t)(feed - line) : left;
		reader->at += feed != NULL ? len + 1 : len;
		reader->line++;
		while (len > 0 && (is_blank(line[len - 1]) || line[len - 1] == '\r'))
			len--;
		while (len > 0 && is_blank(*line)) {
			line++;
			len--;
		}
		if (!examine(reader, line, len, (size_t)size - 1))
			continue;
		memcpy(out, line, len);
		out[len] = '\0';
		reader->awaits_key = true;
		return out;
	}
	return NULL;
}

static int on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct line_reader *reader = user;
	(void)section; /* cut at 49 characters, and the same for "site a" and "site  a" */
	reader->awaits_key = false;
	draft_set(reader->draft, reader->section == SECTION_SITE ? SCOPE_SITE : SCOPE_CHAINMEND, name, value,
		  reader->line);
	return 1;
}

/* Turns the draft into the result, or prints its errors. */
static bool finish(struct draft *draft, const char *path, struct config **out, struct buffer *errors)
{
	if (draft->errors.count == 0 && path != NULL) {
		draft->config->path = strdup(path);
		if (draft->config->path == NULL)
			config_errors_add(&draft->errors, 0, "out of memory");
	}
	bool good = draft->errors.count == 0;
	config_errors_print(&draft->errors, path, errors);
	*out = good ? draft->config : NULL;
	if (good)
		draft->config = NULL;
	draft_cleanup(draft);
	return good;
}

/* Prints an error from before there is a draft. */
static bool fail(const char *path, const char *why, struct config **out, struct buffer *errors)
{
	*out = NULL;
	struct error error = buffer_printf(errors, "%s: %s\n", path, why);
	(void)error; /* the caller learns of the failure all the same */
	return false;
}

bool config_read_text(const char *text, size_t len, const char *path, struct config **out, struct buffer *errors)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct draft draft;
	if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		return fail(path, "the file is in UTF-16: save it as UTF-8", out, errors);
	if (!draft_init(&draft))
		return fail(path, "out of memory", out, errors);
	struct line_reader reader = {.draft = &draft, .at = text, .end = text + len};
	if (len >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0)
		reader.at += strlen(bom);
	if (ini_parse_stream(next_line, &reader, on_pair, &reader) < 0)
		config_errors_add(&draft.errors, 0, "out of memory");
	report_no_key(&reader);
	draft_complete(&draft);
	checker_check(&draft);
	return finish(&draft, path, out, errors);
}

bool config_read_file(const char *path, struct config **out, struct buffer *errors)
{
	struct buffer content;
	buffer_init(&content, CONFIG_FILE_MAX_BYTES);
	struct error error = file_read_all(path, CONFIG_FILE_MAX_BYTES, &content);
	bool good = false;
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];
		char why[ERROR_MAX_TEXT + 80];
		snprintf(why, sizeof(why), "%s%s", error_print(error, text, sizeof(text)), file_advice(error));
		good = fail(path, why, out, errors);
	} else {
		good = config_read_text(buffer_text(&content), content.len, path, out, errors);
	}
	buffer_cleanup(&content);
	return good;
}

bool config_read_pairs(const char *const *pairs, struct config **out, struct buffer *errors)
{
	struct draft draft;
	if (!draft_init(&draft))
		return fail("chainmend", "out of memory", out, errors);
	draft.by_flags = true;
	if (draft_add_site(&draft, "default", 0)) {
		for (; pairs[0] != NULL; pairs += 2) {
			bool global = config_key_find(SCOPE_CHAINMEND, pairs[0]) != NUM_CONFIG_KEYS;
			draft_set(&draft, global ? SCOPE_CHAINMEND : SCOPE_SITE, pairs[0], pairs[1], 0);
		}
	}
	draft_complete(&draft);
	checker_check(&draft);
	return finish(&draft, NULL, out, errors);
}
