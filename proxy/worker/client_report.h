/* client_report - counts what becomes of clients' handshakes, and tells the control thread of those who dislike what
 * they are shown. */
#ifndef PROXY_WORKER_CLIENT_REPORT_H
#define PROXY_WORKER_CLIENT_REPORT_H

#include "proxy/worker/connection.h"

/* client_report_handshake counts one that is done. */
void client_report_handshake(struct connection *connection);

/* client_report_failure counts one that failed by what the client sent or did; with `ended`, its connection is over. */
void client_report_failure(struct connection *connection, bool ended);
void client_report_timeout(struct connection *connection);

/* client_report_late_alert tells of the alert that the client sent in place of its first byte, if it did. In TLS 1.3
 * it may find out that it dislikes the certificate after we hold the handshake for done. */
void client_report_late_alert(struct connection *connection);

#endif
