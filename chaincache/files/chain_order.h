/* chain_order - brings the certificates of a set that has no order into that of a served chain. */
#ifndef CHAINCACHE_FILES_CHAIN_ORDER_H
#define CHAINCACHE_FILES_CHAIN_ORDER_H

#include "chaincache/certificate/certificate_list.h"

/* chain_order_sort leaves the leaf first and puts each issuer (by name) after what it issued, as far as that goes; the rest
 * follows in the order that it had. */
void chain_order_sort(struct certificate_list *list);

#endif
