/* error - a failure as a value: nothing allocated, nothing thread-local.
 *
 * A function that can fail returns a struct error, and the caller must look at it. A verdict or a state is no failure,
 * and has an enum of its own. error_print() makes the words for a person, at the edge.
 */
#ifndef CHAINCACHE_BASE_ERROR_H
#define CHAINCACHE_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))

enum error_kind {
	ERROR_NONE = 0,
	ERROR_MEMORY, /* an allocation failed */
	ERROR_SYSTEM, /* code is an errno */
	ERROR_RESOLVE, /* code is a getaddrinfo EAI_* value */
	ERROR_CRYPTO, /* code is BoringSSL's packed error, 0 where it gave none */
	ERROR_FORMAT, /* the input is not what it should be; step says how */
	ERROR_LIMIT, /* a named maximum was met; step says which */
	ERROR_MISMATCH, /* two things do not belong together; step says which */
	ERROR_USAGE, /* the caller (a person) asked for something that cannot be */
};

/* `step` is a static string that completes "could not ... :" or stands alone: "the file holds no certificate".
 * A colon in it stands before what to do. Of ERROR_FORMAT and ERROR_LIMIT, "%d" in it stands for `code`. */
struct error {
	enum error_kind kind;
	int code;
	const char *step;
};

#define ERROR_MAX_TEXT 256

static inline struct error error_none(void)
{
	return (struct error){ERROR_NONE, 0, ""};
}

static inline struct error error_of(enum error_kind kind, int code, const char *step)
{
	return (struct error){kind, code, step};
}

static inline bool failed(struct error error)
{
	return error.kind != ERROR_NONE;
}

/* error_system returns ERROR_SYSTEM with the errno of this moment. */
struct error error_system(const char *step);

/* error_crypto returns ERROR_CRYPTO with BoringSSL's oldest queued error, ERROR_MEMORY where one of them is an allocation
 * that failed, and empties the queue. */
struct error error_crypto(const char *step);

/* error_crypto_is_memory says whether BoringSSL's queue has an allocation that failed, and empties the queue. */
bool error_crypto_is_memory(void);

/* error_crypto_begins_with_memory says whether the oldest error of the queue is an allocation that failed; the queue stays. */
bool error_crypto_begins_with_memory(void);

/* error_print writes one line without a full stop into `out` ("step: reason"), truncated to `out_size`; returns `out`.
 * */
const char *error_print(struct error error, char *out, size_t out_size);

#endif
