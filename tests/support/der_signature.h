/* der_signature - signs certificates, CRLs and OCSP responses anew after a change.
 *
 * The key is ECDSA's on P-256 with the private key 1 and the nonce 1: its public key is the curve's generator G, r is G's x,
 * and s is the digest plus r. Nothing secret is signed with it, and whoever makes seeds needs no library for it.
 */
#ifndef TESTS_SUPPORT_DER_SIGNATURE_H
#define TESTS_SUPPORT_DER_SIGNATURE_H

#include "tests/support/der_tree.h"

/* der_signature_renew signs every structure of the tree anew whose signature was made with that key, inner ones first. */
void der_signature_renew(struct der_tree *tree);

#endif
