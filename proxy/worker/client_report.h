/* client_report - counts how clients' handshakes end, and reports clients that reject the certificate to the control
 * thread. */
#ifndef PROXY_WORKER_CLIENT_REPORT_H
#define PROXY_WORKER_CLIENT_REPORT_H

#include "proxy/worker/connection.h"

/* client_report_handshake counts a handshake that is complete. */
void client_report_handshake(struct connection *connection);

/* client_report_failure counts a handshake that failed, or that the client broke off; `ended`: the client has closed
 * its connection. */
void client_report_failure(struct connection *connection, bool ended);
void client_report_timeout(struct connection *connection);

/* client_report_late_alert reports the alert that the client sent in place of its first byte, if it did. In TLS 1.3 a
 * client may reject the certificate after our side of the handshake is done. */
void client_report_late_alert(struct connection *connection);

#endif
