#include "tests/support/failing_memory.h"

#include <errno.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

/* Of a test program, which is one thread. */
static struct {
	size_t left; /* allocations up to the one that fails; 0: none does */
	bool has_failed;
} state;

void failing_memory_begin(size_t nth)
{
	state.left = nth;
	state.has_failed = false;
}

bool failing_memory_end(void)
{
	state.left = 0;
	return state.has_failed;
}

static bool fails(void)
{
	if (state.left == 0 || --state.left > 0)
		return false;
	state.has_failed = true;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return FAILING_MEMORY_REACHES_BORINGSSL && fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return fails() ? NULL : __real_strndup(text, len);
}
