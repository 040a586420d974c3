/* worker_options - what stays the same for a worker's whole life. */
#ifndef PROXY_WORKER_WORKER_OPTIONS_H
#define PROXY_WORKER_WORKER_OPTIONS_H

#include "proxy/io/mailbox.h"
#include "proxy/worker/admission.h"

struct worker_options {
	unsigned index; /* which of each listen_socket's fds is this worker's */
	struct admission *admission; /* of all workers; outlives them */
	struct mailbox *control; /* where its worker_events go; outlives the worker */
};

#endif
