/* windows_store - takes the certificates out of a serialized store of Windows (.sst), as certutil -generateSSTFromWU writes
 * it ([MS-GPEF]'s serialized properties after a header). */
#ifndef CHAINCACHE_FILES_WINDOWS_STORE_H
#define CHAINCACHE_FILES_WINDOWS_STORE_H

#include "chaincache/files/certificate_collector.h"

bool windows_store_is_one(struct bytes content);
MUST_USE struct error windows_store_read(struct certificate_collector *collector, struct bytes content);

#endif
