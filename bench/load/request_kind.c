#include "bench/load/request_kind.h"

#include <stdbool.h>
#include <string.h>

#include "conf/values.h"

static const struct {
	const char *name;
	enum request_kind kind;
	bool has_size;
} requests[] = {
    {"none", REQUEST_NONE, false},          {"echo", REQUEST_ECHO, true},       {"http", REQUEST_HTTP, false},
    {"bulk-down", REQUEST_BULK_DOWN, true}, {"bulk-up", REQUEST_BULK_UP, true},
};

#define NUM_REQUESTS (sizeof(requests) / sizeof(requests[0]))

const char *request_kind_name(enum request_kind kind)
{
	for (size_t i = 0; i < NUM_REQUESTS; i++) {
		if (requests[i].kind == kind)
			return requests[i].name;
	}
	return "none";
}

const char *request_kind_parse(const char *text, enum request_kind *out_kind, uint64_t *out_bytes)
{
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < NUM_REQUESTS; i++) {
		if (strlen(requests[i].name) != len || strncmp(requests[i].name, text, len) != 0)
			continue;
		*out_kind = requests[i].kind;
		*out_bytes = 0;
		if (text[len] == '\0')
			return NULL;
		if (!requests[i].has_size)
			return "it takes no size";
		const char *wrong = value_parse_size(text + len + 1, out_bytes);
		if (wrong != NULL)
			return wrong;
		return *out_bytes > 0 && *out_bytes <= REQUEST_MAX_BYTES ? NULL : "the size is from 1 byte to 1 TiB";
	}
	return "it is none of none, echo[:SIZE], http, bulk-down[:SIZE] and bulk-up[:SIZE]";
}
