/* foreign_file - knows files of other programs that are given in place of a certificate or a key. */
#ifndef CHAINCACHE_FILES_FOREIGN_FILE_H
#define CHAINCACHE_FILES_FOREIGN_FILE_H

#include "chaincache/base/bytes.h"

/* foreign_file_words says what the file is and what to do, as the step of an error; NULL: nothing that is known. */
const char *foreign_file_words(struct bytes content);

#endif
