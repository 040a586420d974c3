/* revocation_look - finds out whether a certificate of a chain is revoked, by a mend without fetching. */
#ifndef PROXY_MENDING_REVOCATION_LOOK_H
#define PROXY_MENDING_REVOCATION_LOOK_H

#include "proxy/mending/mender.h"

/* Zero-initialised: nothing was asked. */
struct revocation_look {
	struct certificate_list chain; /* that is or was judged; empty: none */
	struct mender *mender; /* NULL: none is under way */
	bool revoked;
};

enum revocation_answer { REVOCATION_NONE, REVOCATION_FOUND, REVOCATION_NOT_KNOWN_YET };

/* revocation_look_ask judges `chain`, and all else as the question says. REVOCATION_NOT_KNOWN_YET while a thread judges it,
 * or when out of memory: ask again. */
enum revocation_answer revocation_look_ask(struct revocation_look *look, struct mend_services *services,
					   const struct mender_question *question,
					   const struct certificate_list *chain);
void revocation_look_cleanup(struct revocation_look *look);

#endif
