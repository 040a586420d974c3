/* certificate_words - certificates and dates in the words of findings. */
#ifndef CHAINCACHE_CERTIFICATE_CERTIFICATE_WORDS_H
#define CHAINCACHE_CERTIFICATE_CERTIFICATE_WORDS_H

#include "chaincache/base/quoted_name.h"
#include "chaincache/certificate/certificate.h"

#define CERTIFICATE_WORDS_DATE_CHARS 32
#define CERTIFICATE_WORDS_SLUG_CHARS 40
#define CERTIFICATE_WORDS_KEY_ID_BYTES 20 /* shown of a key identifier, which mostly is a SHA-1 */
#define CERTIFICATE_WORDS_KEY_ID_CHARS (3 * CERTIFICATE_WORDS_KEY_ID_BYTES + 4)

/* certificate_words_subject is the subject as quoted_name writes it, "(no subject)" when it is empty: its .text is an argument of
 * printf. */
struct quoted_name certificate_words_subject(const struct certificate *certificate);
struct quoted_name certificate_words_issuer(const struct certificate *certificate);

/* certificate_words_date writes a day in UTC ("2027-01-31") and returns `out`. */
const char *certificate_words_date(int64_t time, char out[CERTIFICATE_WORDS_DATE_CHARS]);

/* certificate_words_time writes a second in UTC ("2027-01-31 09:30:00 UTC") and returns `out`. */
const char *certificate_words_time(int64_t time, char out[CERTIFICATE_WORDS_DATE_CHARS]);

/* certificate_words_key_id writes a key identifier as openssl and Windows show it ("7C:47:F0"), a longer one with "..." at its
 * end, and returns `out`. */
const char *certificate_words_key_id(struct bytes key_id, char out[CERTIFICATE_WORDS_KEY_ID_CHARS]);

/* certificate_words_slug makes a file name's stem from the common name: lower case, digits and '-'. Returns `out`. */
const char *certificate_words_slug(const struct certificate *certificate, char out[CERTIFICATE_WORDS_SLUG_CHARS]);

#endif
