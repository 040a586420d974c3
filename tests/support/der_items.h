/* der_items - elements that X.509 and its neighbours know, for changes to put where others were. */
#ifndef TESTS_SUPPORT_DER_ITEMS_H
#define TESTS_SUPPORT_DER_ITEMS_H

#include "chaincache/base/bytes.h"

#define DER_ITEM_MAX_OID_BYTES 64

/* der_item is element number `index` (any number) in DER: an AlgorithmIdentifier, a key, a name, a time ... */
struct bytes der_item(uint32_t index);

/* der_item_oid writes the content of object identifier number `index` (any number). Returns its length. */
size_t der_item_oid(uint32_t index, uint8_t out[DER_ITEM_MAX_OID_BYTES]);

/* der_item_text is a piece of text that readers of names, URLs and addresses look for. */
struct bytes der_item_text(uint32_t index);

/* der_item_number is the content of an INTEGER at one of the edges. */
struct bytes der_item_number(uint32_t index);

#endif
