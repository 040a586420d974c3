/* certificate_words - certificates and dates in the words of findings. */
#ifndef CHAINCACHE_CERTIFICATE_CERTIFICATE_WORDS_H
#define CHAINCACHE_CERTIFICATE_CERTIFICATE_WORDS_H

#include "chaincache/certificate/certificate.h"

#define CERTIFICATE_WORDS_DATE_CHARS 32
#define CERTIFICATE_WORDS_SLUG_CHARS 40

/* certificate_words_subject is the subject, "(no subject)" when it is empty. Borrowed from the certificate. */
const char *certificate_words_subject(const struct certificate *certificate);
const char *certificate_words_issuer(const struct certificate *certificate);

/* certificate_words_date writes a day in UTC ("2027-01-31") and returns `out`. */
const char *certificate_words_date(int64_t time, char out[CERTIFICATE_WORDS_DATE_CHARS]);

/* certificate_words_slug makes a file name's stem from the common name: lower case, digits and '-'. Returns `out`. */
const char *certificate_words_slug(const struct certificate *certificate, char out[CERTIFICATE_WORDS_SLUG_CHARS]);

#endif
