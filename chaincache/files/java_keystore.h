/* java_keystore - takes certificates out of a Java keystore: JKS, and JCEKS without secret keys.
 *
 * The format has no document: it is that of OpenJDK's JavaKeyStore. A certificate in it is not encrypted, so no password
 * is needed, and the digest at the end, which is made with it, is not checked.
 */
#ifndef CHAINCACHE_FILES_JAVA_KEYSTORE_H
#define CHAINCACHE_FILES_JAVA_KEYSTORE_H

#include "chaincache/files/certificate_collector.h"

bool java_keystore_is_one(struct bytes content);

/* java_keystore_read takes the trusted certificates into a trust store, the chains of the keys too into another bundle.
 * Where one certificate with its key was looked for, it is ERROR_FORMAT with the keytool line that makes PKCS#12. */
MUST_USE struct error java_keystore_read(struct certificate_collector *collector, struct bytes content);

#endif
