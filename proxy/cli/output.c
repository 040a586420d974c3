#include "proxy/cli/output.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "chaincache/base/printable.h"

static const char *const styles[] = {
    [STYLE_PLAIN] = "",           [STYLE_BOLD] = "\x1b[1m",   [STYLE_DIM] = "\x1b[2m",    [STYLE_GOOD] = "\x1b[32m",
    [STYLE_WARNING] = "\x1b[33m", [STYLE_BAD] = "\x1b[1;31m", [STYLE_FIXED] = "\x1b[36m",
};

static const struct {
	const char *utf8, *ascii;
} glyphs[] = {
    [GLYPH_YES] = {"\xe2\x9c\x93", "+"},       [GLYPH_NO] = {"\xe2\x9c\x97", "x"},
    [GLYPH_NOTE] = {"\xe2\x80\xa2", "*"},      [GLYPH_BRANCH] = {"\xe2\x94\x94\xe2\x94\x80 ", "`- "},
    [GLYPH_BAR] = {"\xe2\x94\x82  ", "|  "},   [GLYPH_DOT] = {" \xc2\xb7 ", ", "},
    [GLYPH_ARROW] = {"\xe2\x86\x92  ", "-> "},
};

static bool wants_colour(bool is_terminal)
{
	const char *no_color = getenv("NO_COLOR"); /* no-color.org: set and not empty */
	const char *term = getenv("TERM");
	if (no_color != NULL && no_color[0] != '\0')
		return false;
	return is_terminal && term != NULL && strcmp(term, "dumb") != 0;
}

static unsigned width_of(int descriptor, bool is_terminal)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	unsigned long width = columns != NULL ? strtoul(columns, NULL, 10) : 0;
	if (width == 0 && is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (width == 0)
		return OUTPUT_DEFAULT_WIDTH;
	if (width > OUTPUT_MAX_WIDTH)
		return OUTPUT_MAX_WIDTH;
	return width < OUTPUT_MIN_WIDTH ? OUTPUT_MIN_WIDTH : (unsigned)width;
}

void output_init(struct output *output, FILE *file)
{
	int descriptor = fileno(file);
	bool is_terminal = isatty(descriptor) == 1;
	*output = (struct output){
	    .file = file,
	    .colour = wants_colour(is_terminal),
	    .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	    .width = width_of(descriptor, is_terminal),
	};
}

const char *output_glyph(const struct output *output, enum glyph glyph)
{
	return output->utf8 ? glyphs[glyph].utf8 : glyphs[glyph].ascii;
}

const char *output_clean(const char *text, char *out, size_t out_size)
{
	printable_copy(bytes_of_string(text), PRINTABLE_LINES, out, out_size);
	return out;
}

const char *output_clean_line(const char *text, char *out, size_t out_size)
{
	printable_copy(bytes_of_string(text), PRINTABLE_LINE, out, out_size);
	return out;
}

static void print_text(const struct output *output, enum style style, const char *text)
{
	bool coloured = output->colour && style != STYLE_PLAIN;
	fprintf(output->file, "%s%s%s", coloured ? styles[style] : "", text, coloured ? "\x1b[0m" : "");
}

void output_printf(const struct output *output, enum style style, const char *format, ...)
{
	char text[OUTPUT_MAX_TEXT];
	char clean[OUTPUT_MAX_TEXT];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	print_text(output, style, output_clean(text, clean, sizeof(clean)));
}

/* Of a UTF-8 text, one a code point. */
static unsigned count_columns(const char *text)
{
	unsigned columns = 0;
	for (; *text != '\0'; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

void output_wrap(const struct output *output, enum style style, unsigned indent, const char *text)
{
	char clean[OUTPUT_MAX_TEXT];
	char word[OUTPUT_MAX_TEXT];
	unsigned column = indent;
	const char *at = output_clean(text, clean, sizeof(clean));
	for (at += strspn(at, " \n"); *at != '\0'; at += strspn(at, " \n")) {
		size_t len = strcspn(at, " \n");
		memcpy(word, at, len);
		word[len] = '\0';
		at += len;
		unsigned columns = count_columns(word);
		if (column > indent && column + 1 + columns > output->width) {
			fprintf(output->file, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', output->file);
			column++;
		}
		print_text(output, style, word);
		column += columns;
	}
	fputc('\n', output->file);
}

void output_point_to_findings(const struct output *output)
{
	output_printf(output, STYLE_PLAIN, "\n");
	output_wrap(output, STYLE_DIM, 0, "docs/findings.md explains each code, and what clients say.");
}

__attribute__((format(printf, 2, 0))) static void complain_in(const char *program, const char *format,
							      va_list arguments)
{
	char text[OUTPUT_MAX_TEXT];
	char clean[OUTPUT_MAX_TEXT];
	vsnprintf(text, sizeof(text), format, arguments);
	fprintf(stderr, "%s: %s\n", program, output_clean_line(text, clean, sizeof(clean)));
}

void complain(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain_in("chainmend", format, arguments);
	va_end(arguments);
}

void complain_as(const char *program, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain_in(program, format, arguments);
	va_end(arguments);
}

/* Of a pipe or a socket: its other end is closed. */
static bool reader_is_gone(int error)
{
	struct pollfd descriptor = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return error == EPIPE || (poll(&descriptor, 1, 0) == 1 && (descriptor.revents & POLLERR) != 0);
}

bool output_finish(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	int error = errno;
	if (reader_is_gone(error))
		return true;
	complain("standard output: it could not be written%s%s", error != 0 ? ": " : "",
		 error != 0 ? strerror(error) : "");
	return false;
}

int output_settle(int status, int lost)
{
	if (status < lost)
		return output_finish() ? status : lost;
	fflush(stdout);
	return status;
}

void output_end(int status, int lost)
{
	status = output_settle(status, lost);
	fflush(NULL);
	_exit(status);
}
