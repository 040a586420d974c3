/* der_mac - makes the MAC of a PKCS#12 file (RFC 7292 appendix B) anew after a change. */
#ifndef TESTS_SUPPORT_DER_MAC_H
#define TESTS_SUPPORT_DER_MAC_H

#include "tests/support/der_tree.h"

#define DER_MAC_PASSWORD "secret" /* whose MACs are made anew */
#define DER_MAC_MAX_TURNS 4096U

/* der_mac_renew does it where the first element is a PFX that is protected by a MAC of SHA-1 or SHA-256. */
void der_mac_renew(struct der_tree *tree);

#endif
