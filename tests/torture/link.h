/* link - one non-blocking socket of a torture, plain or with TLS over it, that can be ended, closed or reset. */
#ifndef TESTS_TORTURE_LINK_H
#define TESTS_TORTURE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum link_result { LINK_BYTES, LINK_BLOCKED, LINK_END, LINK_BROKEN };

struct link {
	int fd; /* -1: closed */
	SSL *ssl; /* NULL: plain */
	BIO *hello; /* holds the ClientHello until link_release_hello */
	size_t hello_at; /* of it that were sent */
	bool clean_end; /* the peer ended by close_notify, or by FIN where there is no TLS */
	const char *reason; /* why it broke */
};

/* link_connect starts to connect to 127.0.0.1:`port`, from an address of 127.0.0.0/8 that `number` chooses. */
bool link_connect(struct link *link, uint16_t port, uint64_t number, bool small_buffers);
bool link_accept(struct link *link, int listener); /* false: nobody waits */

/* link_is_connected: 1 yes, 0 not yet, -1 never. */
int link_is_connected(struct link *link);

/* link_prepare_hello makes the SSL's first flight without sending it; link_send_hello sends up to `max` bytes more of
 * it. With LINK_END all of it is out, and link_release_hello has the SSL write to the socket from there on. */
bool link_prepare_hello(struct link *link, SSL *take_ssl);
size_t link_hello_len(const struct link *link);
enum link_result link_send_hello(struct link *link, size_t max);
bool link_release_hello(struct link *link);

bool link_use_server_tls(struct link *link, SSL *take_ssl);

/* link_shake_hands: LINK_END when it is done. */
enum link_result link_shake_hands(struct link *link);

enum link_result link_read(struct link *link, uint8_t *out, size_t out_size, size_t *out_len);

/* link_write: after LINK_BLOCKED the same bytes come again. */
enum link_result link_write(struct link *link, const uint8_t *bytes, size_t len, size_t *out_len);

/* link_update_keys asks the peer for new keys and sends one's own, with the next bytes (TLS 1.3; else nothing). */
void link_update_keys(struct link *link);

/* link_end sends close_notify (unless `without_notify`) and FIN: LINK_END when they are out. */
enum link_result link_end(struct link *link, bool without_notify);

void link_close(struct link *link);
void link_reset(struct link *link); /* RST */

#endif
