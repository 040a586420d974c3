/* output - words for a person: colour on a terminal alone, wrapped to its width, and no byte of a certificate that a
 * terminal would obey.
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

/* output_init looks at the terminal behind `file`, at NO_COLOR, TERM, COLUMNS and the locale. */
void output_init(struct output *output, FILE *file);

/* output_printf prints in a style; control characters but line feeds become '?'. */
void output_printf(const struct output *output, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* output_wrap prints a text in lines that fit, each behind `indent` blanks but the first (the cursor stands there). */
void output_wrap(const struct output *output, enum style style, unsigned indent, const char *text);

/* output_glyph is a sign in UTF-8, or in ASCII where the locale has no UTF-8. */
const char *output_glyph(const struct output *output, enum glyph glyph);

/* output_clean copies text of strangers into `out`: no control character of C0 or C1, no change of direction, no
 * broken UTF-8; returns `out`. */
const char *output_clean(const char *text, char *out, size_t out_size);

/* output_finish sees that what was printed on stdout has arrived; false, and told, when it has not (a full disk, a closed
 * descriptor). A reader that went away wanted no more: that is true, and not worth a word. */
bool output_finish(void);

/* output_settle is output_finish for a command that ends with `status`: returns that, or `lost` where what was printed did
 * not arrive. A command that ends with `lost`, or worse, has told its trouble already, and no more is told. */
int output_settle(int status, int lost);

/* output_end is output_settle and then the end of the process, without a word to its other threads: exit() waits for one
 * in which a name is looked up, half a minute where DNS is dead. */
_Noreturn void output_end(int status, int lost);

/* output_point_to_findings says at the end where the codes are explained. */
void output_point_to_findings(const struct output *output);

/* complain writes "chainmend: ...", one line, to stderr; complain_as the name of another program in its place. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void complain_as(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
