/* log_line - scans one line of a fix log without copying: checks that it is whole, and finds its members.
 *
 * A log has millions of lines, and most are needed for a few of their members alone. The whole line is checked to be JSON
 * (RFC 8259, but for the encoding of its strings), so that a torn line is recognized.
 */
#ifndef PROXY_COMMANDS_LOG_LOG_LINE_H
#define PROXY_COMMANDS_LOG_LOG_LINE_H

#include <stdint.h>

#include "chaincache/base/bytes.h"

#define LOG_LINE_MAX_DEPTH 32 /* arrays and objects within each other; more is LOG_LINE_FOREIGN */

#define LOG_MEMBERS(X)                                                                                                 \
	X(LOG_TIME, "time")                                                                                            \
	X(LOG_EVENT, "event")                                                                                          \
	X(LOG_SITE, "site")                                                                                            \
	X(LOG_SUBJECT_OF, "subject_of")                                                                                \
	X(LOG_PART, "part")                                                                                            \
	X(LOG_ID, "id")                                                                                                \
	X(LOG_RUN, "run")                                                                                              \
	X(LOG_CODE, "code")                                                                                            \
	X(LOG_SEVERITY, "severity")                                                                                    \
	X(LOG_MESSAGE, "message")                                                                                      \
	X(LOG_ADVICE, "advice")                                                                                        \
	X(LOG_NAME, "name")                                                                                            \
	X(LOG_CERTIFICATE, "certificate")                                                                              \
	X(LOG_URL, "url")                                                                                              \
	X(LOG_STORES, "stores")                                                                                        \
	X(LOG_REJECTIONS, "rejections")

enum log_member {
#define X(name, word) name,
	LOG_MEMBERS(X)
#undef X
	    LOG_MEMBER_COUNT
};

enum log_line_verdict {
	LOG_LINE_FINDING,
	LOG_LINE_TORN, /* it begins as an object and breaks off */
	/* No JSON object, or one that is no finding: time, site, code and severity are not all there, or a key has escapes. */
	LOG_LINE_FOREIGN,
};

/* Borrowed from the line. A string is without its quotes and with its escapes; data is NULL where the member is not
 * there. */
struct log_line {
	struct bytes json; /* the line without a weight in front of it ("<4>") */
	struct bytes members[LOG_MEMBER_COUNT];
};

enum log_line_verdict log_line_scan(struct bytes text, struct log_line *out);

/* log_line_is says whether a member is this text. */
bool log_line_is(const struct log_line *line, enum log_member member, const char *text);

/* log_line_message writes a finding's message for a row, cut to fit. Where the subject is the backend it says so first;
 * messages about clients say so themselves, and the site's own certificate needs no mention. */
void log_line_message(const char *subject, const char *message, char *out, size_t size);

/* log_line_key identifies the finding that the line is about: its id, or a hash of the members that an id depends
 * on. */
uint64_t log_line_key(const struct log_line *line);

#endif
