/* tls_pump - one SSL, fed with bytes in memory: the server side towards a client, or the client side towards a
 * backend.
 *
 * An SSL reads what it is given with the call and writes into the send buffer of its channel; it keeps no buffer
 * of its own between events. A channel is shared by all pumps of a thread. Pure: no socket, no clock.
 */
#ifndef PROXY_WIRE_TLS_PUMP_H
#define PROXY_WIRE_TLS_PUMP_H

#include <openssl/ssl.h>

#include "chaincache/base/buffer.h"

#define TLS_CHANNEL_SEND_BYTES ((size_t)136 * 1024) /* 128 KiB of plain text with the records around it */
#define TLS_PUMP_MAX_KEPT_BYTES ((size_t)128 * 1024) /* while a verdict is awaited */
#define TLS_PUMP_NO_ALERT (-1)
#define TLS_PUMP_SMALL_RECORD_BYTES ((size_t)1360) /* of plain text: a record that one TCP segment carries */
#define TLS_PUMP_SMALL_RECORDS 12 /* about as many as the segments that TCP sends before the first is acknowledged */

/* Takes all the bytes; `to` notes errors by itself. */
typedef void tls_channel_sender(void *to, struct bytes bytes);

/* The input of an SSL during one call; consumed bytes are gone from the front. */
struct tls_input {
	struct bytes bytes;
	bool ended; /* the peer closed its connection after them */
};

struct tls_channel {
	BIO_METHOD *method;
	BIO *bio; /* shared by every SSL of the channel: they work one at a time */
	struct tls_input *input; /* of the call that is under way */
	uint8_t *send; /* TLS_CHANNEL_SEND_BYTES */
	size_t send_len;
	size_t mark; /* send_len at the start of the call */
	void *to; /* the receiver of `send` */
	tls_channel_sender *sender;
	uint32_t error; /* BoringSSL's packed error of the last handshake, where that failed; 0: none */
};

MUST_USE struct error tls_channel_init(struct tls_channel *channel, tls_channel_sender *sender);
void tls_channel_cleanup(struct tls_channel *channel);

/* tls_channel_flush hands the written bytes to their receiver. Called once an event, and by the channel itself when the
 * receiver changes or the buffer is full. */
void tls_channel_flush(struct tls_channel *channel);

struct tls_pump {
	SSL *ssl; /* owned; NULL: not in use */
	struct tls_channel *channel;
	void *to; /* the receiver of its bytes */
	struct buffer kept; /* input that came while a verdict was awaited */
	bool end_sent : 1;
	bool failed : 1;
	bool out_of_memory : 1; /* it failed for lack of memory: the peer has done nothing wrong */
	bool alert_sent : 1; /* an alert of ours is out */
	bool cut : 1; /* its peer ended without close_notify: somebody else may have ended it (RFC 8446 6.1) */
	uint8_t small_left; /* small records to come before the large ones */
	int alert; /* that the peer sent, encrypted or not, or TLS_PUMP_NO_ALERT */
	const char *reason; /* why it failed, a static text; "" */
};

enum tls_result {
	TLS_DONE, /* handshake: it is complete. read: some bytes came */
	TLS_WANT_INPUT, /* all input is consumed */
	TLS_WANT_VERDICT, /* the certificate callback waits; the rest of the input is kept */
	TLS_ENDED, /* read: close_notify, or the end of the input without one (see cut) */
	TLS_FAILED, /* see alert and reason; an alert of ours is written as far as there is memory (alert_sent) */
};

/* tls_pump_init starts with an SSL whose side (accept or connect) is set. */
MUST_USE struct error tls_pump_init(struct tls_pump *pump, struct tls_channel *channel, SSL *take_ssl, void *to);
void tls_pump_cleanup(struct tls_pump *pump); /* a zeroed one is fine */

/* tls_pump_move hands the SSL of `pump`, whose handshake is complete, over to `to`, which has none; its bytes go to
 * `receiver` from then on. */
void tls_pump_move(struct tls_pump *pump, struct tls_pump *to, void *receiver);

enum tls_result tls_pump_handshake(struct tls_pump *pump, struct tls_input *input);

/* tls_pump_resume goes on with a handshake whose verdict has come, and with the input that was kept. *out_rest: the
 * rest of it, borrowed until tls_pump_release. */
enum tls_result tls_pump_resume(struct tls_pump *pump, struct tls_input *out_rest);
void tls_pump_release(struct tls_pump *pump);

/* tls_pump_read decrypts as much as the input holds and `out` takes. */
enum tls_result tls_pump_read(struct tls_pump *pump, struct tls_input *input, uint8_t *out, size_t out_size,
			      size_t *out_len);

/* tls_pump_start_small makes the next TLS_PUMP_SMALL_RECORDS records small, for the start of an answer: the peer can
 * decrypt each segment as it comes, and need not wait for the last one of a record of 16 KiB (RFC 8446 5.1). */
void tls_pump_start_small(struct tls_pump *pump);

/* tls_pump_write is false when the SSL cannot write any more. */
bool tls_pump_write(struct tls_pump *pump, struct bytes bytes);

/* tls_pump_fail writes a fatal alert, where none of ours is out and the peer has sent none; false when none can be
 * written: there is no memory, or close_notify is out. */
bool tls_pump_fail(struct tls_pump *pump, uint8_t alert);

/* tls_pump_retract takes back the alert of a handshake that has failed within the present event, and has none written
 * later: the peer speaks no TLS. */
void tls_pump_retract(struct tls_pump *pump);

/* tls_pump_end writes close_notify, once; nothing where the handshake is not complete or has failed. */
void tls_pump_end(struct tls_pump *pump);

#endif
