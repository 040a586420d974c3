#include "chaincache/base/error.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

struct error error_system(const char *step)
{
	return error_of(ERROR_SYSTEM, errno, step);
}

struct error error_crypto(const char *step)
{
	uint32_t code = ERR_peek_error();

	return error_crypto_is_memory() ? error_of(ERROR_MEMORY, 0, step) : error_of(ERROR_CRYPTO, (int)code, step);
}

bool error_crypto_is_memory(void)
{
	bool is_memory = false;

	for (uint32_t code = ERR_get_error(); code != 0; code = ERR_get_error())
		is_memory = is_memory || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
	return is_memory;
}

bool error_crypto_begins_with_memory(void)
{
	return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
}

static const char *reason(struct error error, char *scratch, size_t scratch_size)
{
	switch (error.kind) {
	case ERROR_MEMORY:
		return "out of memory";
	case ERROR_SYSTEM:
		/* POSIX strerror_r: returns a status, writes into scratch. */
		return strerror_r(error.code, scratch, scratch_size) == 0 ? scratch : "unknown system error";
	case ERROR_RESOLVE:
		return gai_strerror(error.code);
	case ERROR_CRYPTO:
		return error.code != 0 ? ERR_reason_error_string((uint32_t)error.code) : NULL;
	case ERROR_NONE:
	case ERROR_FORMAT:
	case ERROR_LIMIT:
	case ERROR_MISMATCH:
	case ERROR_USAGE:
		break;
	}
	return NULL;
}

/* Writes the step, with the code in place of its "%d". */
static void print_step(struct error error, char *out, size_t out_size)
{
	const char *number = strstr(error.step, "%d");

	if (number == NULL || (error.kind != ERROR_FORMAT && error.kind != ERROR_LIMIT))
		snprintf(out, out_size, "%s", error.step);
	else
		snprintf(out, out_size, "%.*s%d%s", (int)(number - error.step), error.step, error.code, number + 2);
}

const char *error_print(struct error error, char *out, size_t out_size)
{
	char scratch[128];
	const char *why = reason(error, scratch, sizeof(scratch));

	if (why == NULL)
		print_step(error, out, out_size);
	else if (error.step[0] == '\0')
		snprintf(out, out_size, "%s", why);
	else
		snprintf(out, out_size, "%s: %s", error.step, why);
	return out;
}
