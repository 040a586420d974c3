#include "proxy/wire/starttls_dialogue.h"

#include <stdarg.h>
#include <stdio.h>

void starttls_say(struct starttls *starttls, struct bytes words)
{
	if (failed(buffer_append(&starttls->out, words)))
		starttls_fail(starttls, "out of memory");
}

void starttls_fail(struct starttls *starttls, const char *format, ...)
{
	va_list arguments;
	if (starttls->state != STARTTLS_GOING)
		return;
	starttls->state = STARTTLS_FAILED;
	va_start(arguments, format);
	vsnprintf(starttls->reason, sizeof(starttls->reason), format, arguments);
	va_end(arguments);
}
