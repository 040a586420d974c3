/* output - prints text for a person: colour on a terminal alone, wrapped to its width, and nothing from a certificate that
 * would control the terminal.
 */
#ifndef PROXY_CLI_OUTPUT_H
#define PROXY_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#define OUTPUT_DEFAULT_WIDTH 100 /* where there is no terminal */
#define OUTPUT_MIN_WIDTH 40
#define OUTPUT_MAX_WIDTH 120
#define OUTPUT_MAX_TEXT 4096 /* of one output_printf */

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARNING, STYLE_BAD, STYLE_FIXED };

enum glyph { GLYPH_YES, GLYPH_NO, GLYPH_NOTE, GLYPH_BRANCH, GLYPH_BAR, GLYPH_DOT, GLYPH_ARROW };

struct output {
	FILE *file;
	bool colour;
	bool utf8;
	unsigned width;
};

/* output_init chooses by the terminal that `file` writes to, NO_COLOR, TERM, COLUMNS and the locale. */
void output_init(struct output *output, FILE *file);

/* output_printf prints in a style; control characters but line feeds are escaped. */
void output_printf(const struct output *output, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* output_wrap prints a text in lines that fit, indented by `indent` blanks; the first begins at the cursor, which is there
 * already. */
void output_wrap(const struct output *output, enum style style, unsigned indent, const char *text);

/* output_glyph is a sign in UTF-8, or in ASCII where the locale has no UTF-8. */
const char *output_glyph(const struct output *output, enum glyph glyph);

/* output_clean copies text that cannot be trusted into `out`, escaped as printable_copy does; line feeds stay. Returns `out`. */
const char *output_clean(const char *text, char *out, size_t out_size);

/* output_clean_line escapes line feeds too: a name must not look like a line of its own. */
const char *output_clean_line(const char *text, char *out, size_t out_size);

/* output_finish flushes stdout. False, with a message on stderr, when output was lost (a full disk, a closed descriptor).
 * True where the reader of a pipe went away: it wanted no more. */
bool output_finish(void);

/* output_settle flushes stdout at the end of a command. Returns `status`, or `lost` where output was lost. A `status` of
 * `lost` or above stays as it is, and a loss is then not reported: the command has reported its failure already. */
int output_settle(int status, int lost);

/* output_end calls output_settle, flushes all files and ends the process by _exit. exit() would wait for a thread that looks
 * up a name: half a minute where DNS is dead. */
_Noreturn void output_end(int status, int lost);

/* output_point_to_findings prints where the codes are explained. */
void output_point_to_findings(const struct output *output);

/* complain writes one line to stderr, "chainmend: ..."; complain_as writes the name of another program in its place. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void complain_as(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
