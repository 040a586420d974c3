#include "tools/lists/key_lists.h"

#include "conf/keys.h"
#include "tools/lists/list_text.h"

#define MAX_WORDS ((size_t)2000)

enum { SAMPLE_COLUMNS = 118, MANUAL_COLUMNS = 79 };

/* Chooses the keys of a list. */
typedef bool key_filter(const struct config_key *key);

static bool is_of_chainmend(const struct config_key *key)
{
	return key->scope == SCOPE_CHAINMEND && !key->not_built;
}

static bool is_of_a_site(const struct config_key *key)
{
	return key->scope == SCOPE_SITE && !key->not_built;
}

static bool must_be_edited(const struct config_key *key)
{
	return key->sample == SAMPLE_EDIT;
}

static bool must_be_set(const struct config_key *key)
{
	return key->missing != NULL;
}

static bool is_not_built(const struct config_key *key)
{
	return key->not_built;
}

typedef void key_printer(struct list_text *text, const struct config_key *key);

static void print_each(struct list_text *text, key_filter *filter, key_printer *print)
{
	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
		if (filter(config_key(id)))
			print(text, config_key(id));
	}
}

static size_t count(key_filter *filter)
{
	size_t number = 0;
	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++)
		number += filter(config_key(id)) ? 1 : 0;
	return number;
}

/* "one, two and three". */
static void print_names(struct list_text *text, key_filter *filter)
{
	size_t left = count(filter);

	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
		if (!filter(config_key(id)))
			continue;
		left--;
		list_text_add(text, "%s%s", config_key(id)->name, left > 1 ? ", " : left == 1 ? " and " : "");
	}
}

/* Returns the text that a printer of conf writes; "" where it fails, with the error in `text`. */
static const char *text_of(struct list_text *text, const struct config_key *key,
			   struct error (*print)(const struct config_key *key, struct buffer *out),
			   struct buffer *scratch)
{
	buffer_truncate(scratch, 0);
	struct error error = print(key, scratch);
	if (failed(error))
		text->error = error;
	return buffer_text(scratch);
}

static const char *words_of(struct list_text *text, const struct config_key *key, struct buffer *scratch)
{
	return text_of(text, key, config_key_print_words, scratch);
}

static const char *form_of(struct list_text *text, const struct config_key *key, struct buffer *scratch)
{
	return text_of(text, key, config_key_print_form, scratch);
}

static void print_sample_key(struct list_text *text, const struct config_key *key)
{
	struct buffer scratch;

	buffer_init(&scratch, MAX_WORDS);
	list_text_add(text, "\n");
	list_text_fold(text, "; ", words_of(text, key, &scratch), SAMPLE_COLUMNS);
	list_text_add(text, "%s%s%s = %s\n", key->sample == SAMPLE_EDIT ? "; EDIT this line:\n" : "",
		      key->sample == SAMPLE_COMMENTED ? ";" : "", key->name,
		      key->default_text != NULL ? key->default_text : key->example);
	buffer_cleanup(&scratch);
}

static void print_sample_head(struct list_text *text)
{
	struct buffer words;
	struct list_text head = {.out = &words, .error = error_none()};

	buffer_init(&words, MAX_WORDS);
	list_text_add(&head, "These lines have to be edited before it works: ");
	print_names(&head, must_be_edited);
	list_text_add(&head,
		      ", in the site at the end of this file. Each stands below a line that says EDIT. Then try it: "
		      "chainmend run -c FILE --check-config");
	list_text_fold(text, "; ",
		       "chainmend's configuration, with every key that this version has and its default. See "
		       "chainmend.ini(5).",
		       SAMPLE_COLUMNS);
	list_text_add(text, ";\n");
	list_text_fold(text, "; ", buffer_text(&words), SAMPLE_COLUMNS);
	list_text_add(text, ";\n");
	list_text_fold(
	    text, "; ",
	    "A line that begins with ; or # is a comment, and so is what stands behind a blank and a ; at the "
	    "end of a line. A line has 199 characters at the most. Sizes take k, m or g, times take ms, s, m, h "
	    "or d. A key that is repeatable takes one value a line; where the help says so, several.",
	    SAMPLE_COLUMNS);
	if (failed(head.error))
		text->error = head.error;
	buffer_cleanup(&words);
}

struct error key_lists_sample(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	print_sample_head(&text);
	list_text_add(&text, "\n[chainmend]\n");
	print_each(&text, is_of_chainmend, print_sample_key);
	list_text_add(&text, "\n; One section a site; the name is yours, and stands in the logs.\n[site mail]\n");
	print_each(&text, is_of_a_site, print_sample_key);
	return text.error;
}

static void print_manual_key(struct list_text *text, const struct config_key *key)
{
	struct buffer scratch, words;
	struct list_text escaped = {.out = &words, .error = error_none()};

	buffer_init(&scratch, MAX_WORDS);
	buffer_init(&words, 2 * MAX_WORDS);
	list_text_add(text, ".TP\n.BR %s \" = ", key->name);
	list_text_roff(text, form_of(text, key, &scratch));
	if (key->default_text != NULL) {
		list_text_add(text, " (default: ");
		list_text_roff(text, key->default_text);
		list_text_add(text, ")");
	}
	list_text_add(text, "\"\n");
	list_text_roff(&escaped, words_of(text, key, &scratch));
	list_text_fold(text, "", buffer_text(&words), MANUAL_COLUMNS);
	if (failed(escaped.error))
		text->error = escaped.error;
	buffer_cleanup(&scratch);
	buffer_cleanup(&words);
}

static struct error print_manual(struct buffer *out, key_filter *filter)
{
	struct list_text text = {.out = out, .error = error_none()};

	print_each(&text, filter, print_manual_key);
	return text.error;
}

struct error key_lists_manual_chainmend(struct buffer *out)
{
	return print_manual(out, is_of_chainmend);
}

struct error key_lists_manual_site(struct buffer *out)
{
	return print_manual(out, is_of_a_site);
}

struct error key_lists_manual_required(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "The keys ");
	print_names(&text, must_be_set);
	list_text_add(&text, " must be there.\n");
	return text.error;
}

static void print_manual_not_built(struct list_text *text, const struct config_key *key)
{
	list_text_add(text, ".TP\n.B %s\n", key->name);
	list_text_roff(text, key->help);
	if (key->harmless != NULL)
		list_text_add(text, " The value %s is taken.", key->harmless);
	list_text_add(text, "\n");
}

struct error key_lists_manual_not_built(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	print_each(&text, is_not_built, print_manual_not_built);
	return text.error;
}

static void print_table_row(struct list_text *text, const struct config_key *key)
{
	struct buffer scratch;

	buffer_init(&scratch, MAX_WORDS);
	list_text_add(text, "|");
	list_text_code(text, key->name);
	list_text_code(text, form_of(text, key, &scratch));
	list_text_code(text, key->default_text != NULL ? key->default_text : "");
	list_text_cell(text, words_of(text, key, &scratch));
	list_text_add(text, "\n");
	buffer_cleanup(&scratch);
}

static struct error print_table(struct buffer *out, key_filter *filter)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
	print_each(&text, filter, print_table_row);
	return text.error;
}

struct error key_lists_table_chainmend(struct buffer *out)
{
	return print_table(out, is_of_chainmend);
}

struct error key_lists_table_site(struct buffer *out)
{
	return print_table(out, is_of_a_site);
}

static void print_not_built_row(struct list_text *text, const struct config_key *key)
{
	list_text_add(text, "|");
	list_text_code(text, key->name);
	list_text_cell(text, key->scope == SCOPE_SITE ? "[site NAME]" : "[chainmend]");
	list_text_code(text, key->harmless != NULL ? key->harmless : "");
	list_text_cell(text, key->help);
	list_text_add(text, "\n");
}

struct error key_lists_table_not_built(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| key | section | taken | meaning |\n| --- | --- | --- | --- |\n");
	print_each(&text, is_not_built, print_not_built_row);
	return text.error;
}
