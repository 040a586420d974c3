/* password - the password of a key, as it stands in a file, and the forms in which it may have been typed. */
#ifndef CHAINCACHE_FILES_PASSWORD_H
#define CHAINCACHE_FILES_PASSWORD_H

#include "chaincache/base/buffer.h"

#define PASSWORD_MAX_FILE_BYTES ((size_t)4096)
#define PASSWORD_MAX_FORMS 4

/* password_read reads the first line of a file, without its end and a byte order mark, into `out`, which it initialises.
 * UTF-16 becomes UTF-8; other bytes stay as they are. The caller wipes it by password_wipe, after an error too. */
MUST_USE struct error password_read(const char *path, struct buffer *out);
void password_wipe(struct buffer *password);

/* The forms of a password that are tried, the likeliest first: as it is, without the blanks at its end, and each of the
 * two with its bytes read as Latin-1, for a PKCS#12 file that was made under another encoding. */
struct password_forms {
	char *items[PASSWORD_MAX_FORMS]; /* owned; the only one is NULL for no password */
	size_t count;
};

MUST_USE struct error password_forms_make(const char *password, struct password_forms *out);
void password_forms_cleanup(struct password_forms *forms); /* wipes them */

#endif
