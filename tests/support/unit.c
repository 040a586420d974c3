#include "tests/support/unit.h"

#include <string.h>

void unit_check(struct error error, enum error_kind kind, const char *words, const char *file, int line)
{
	char text[ERROR_MAX_TEXT];

	if (error.kind == kind && strstr(error.step, words) != NULL)
		return;
	print_error("the error is of kind %d, \"%s\"; kind %d with \"%s\" was expected\n", (int)error.kind,
		    error_print(error, text, sizeof(text)), (int)kind, words);
	_fail(file, line);
}
