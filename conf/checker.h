/* checker - the rules across keys and sites: what each value alone cannot say. */
#ifndef CONF_CHECKER_H
#define CONF_CHECKER_H

#include "conf/draft.h"

/* checker_check tells every rule that a complete draft breaks. */
void checker_check(struct draft *draft);

#endif
