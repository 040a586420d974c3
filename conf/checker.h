/* checker - checks the rules across keys and sites. */
#ifndef CONF_CHECKER_H
#define CONF_CHECKER_H

#include "conf/draft.h"

/* checker_check adds an error for every rule that a complete draft breaks. */
void checker_check(struct draft *draft);

#endif
