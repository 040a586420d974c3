#include "tools/lists/marked_text.h"

#include "tools/lists/lists.h"

static bool begins_with(struct bytes line, const char *words)
{
	return line.len >= strlen(words) && memcmp(line.data, words, strlen(words)) == 0;
}

static struct bytes skip(struct bytes line, size_t len)
{
	return bytes_of(line.data + len, line.len - len);
}

/* The name in a mark; empty where the line is none. */
static struct bytes mark_of(struct bytes line)
{
	static const char *const starts[] = {"<!-- made: ", ".\\\" made: "};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (!begins_with(line, starts[i]))
			continue;
		struct bytes name = skip(line, strlen(starts[i]));
		size_t len = 0;
		while (len < name.len && ((name.data[len] >= 'a' && name.data[len] <= 'z') || name.data[len] == '_'))
			len++;
		return bytes_of(name.data, len);
	}
	return bytes_of(NULL, 0);
}

/* Takes the first line, with its line feed, off the front of `text`. */
static struct bytes take_line(struct bytes *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	struct bytes line = bytes_of(text->data, end != NULL ? (size_t)(end - text->data) + 1 : text->len);

	*text = skip(*text, line.len);
	return line;
}

struct error marked_text_fill(struct bytes text, struct buffer *out)
{
	const struct list *inside = NULL; /* the list whose former lines are passed over */
	struct error error = error_none();
	int number = 0;

	while (text.len > 0 && !failed(error)) {
		struct bytes line = take_line(&text);
		struct bytes name = mark_of(line);
		bool is_end = bytes_equal(name, bytes_of_string("end"));
		number++;

		if (name.len > 0 && is_end != (inside != NULL))
			return error_of(ERROR_FORMAT, number,
					is_end ? "an end without a list" : "a list begins before the last one's end");
		if (inside != NULL && !is_end)
			continue;
		error = buffer_append(out, line);
		inside = name.len > 0 && !is_end ? lists_find(name) : NULL;
		if (name.len > 0 && !is_end && inside == NULL)
			return error_of(ERROR_FORMAT, number, "there is no list of this name");
		if (inside != NULL && !failed(error))
			error = inside->print(out);
	}
	return inside != NULL && !failed(error) ? error_of(ERROR_FORMAT, number, "a list without an end") : error;
}
