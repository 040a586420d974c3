#include "proxy/io/stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proxy/io/shortage.h"

#define READ_EVENTS (POLLER_READABLE | POLLER_PEER_ENDED | POLLER_URGENT)

enum { NO_DELAY_IS_SET = 2 };

void stream_init(struct stream *stream, struct poller *poller, void (*on_ready)(struct pollable *, uint32_t))
{
	*stream = (struct stream){.pollable = {.on_ready = on_ready}, .poller = poller, .fd = -1};
	buffer_init(&stream->pending, STREAM_MAX_PENDING_BYTES);
}

static uint32_t wanted_events(bool writable)
{
	return READ_EVENTS | (writable ? POLLER_WRITABLE : 0U) | POLLER_EDGES;
}

struct error stream_open(struct stream *stream, int take_fd, bool watch_writable)
{
	struct error error = poller_add(stream->poller, &stream->pollable, take_fd, wanted_events(watch_writable));
	if (failed(error)) {
		close(take_fd);
		return error;
	}
	stream->fd = take_fd;
	stream->num_writes = NO_DELAY_IS_SET;
	stream->watches_writable = watch_writable;
	return error_none();
}

struct error stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t address_len,
			    bool watch_writable)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system("make a socket");
	if (connect(fd, address, address_len) != 0 && errno != EINPROGRESS) {
		struct error error = error_system("connect");
		close(fd);
		return error;
	}
	struct error error = stream_open(stream, fd, watch_writable);
	stream->num_writes = 0;
	return error;
}

static void set_close_resets(struct stream *stream)
{
	const struct linger none = {.l_onoff = 1};

	setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

void stream_close(struct stream *stream)
{
	if (stream->fd >= 0)
		poller_forget(stream->poller, &stream->pollable);
	buffer_cleanup(&stream->pending);
	stream->pending_at = 0;
	if (stream->fd >= 0)
		close(stream->fd); /* leaves the epoll set by itself */
	stream->fd = -1;
	stream->readable = false;
}

void stream_reset(struct stream *stream)
{
	if (stream->fd >= 0)
		set_close_resets(stream);
	stream_close(stream);
}

/* Watches it anew, so that an event which has come meanwhile comes once more. */
struct error stream_move(struct stream *stream, struct stream *to, void (*on_ready)(struct pollable *, uint32_t))
{
	poller_forget(stream->poller, &stream->pollable);
	*to = *stream;
	to->pollable = (struct pollable){.on_ready = on_ready};
	to->watches_writable = false;
	stream_init(stream, stream->poller, stream->pollable.on_ready);
	struct error error = poller_change(to->poller, &to->pollable, to->fd, wanted_events(false));
	if (failed(error))
		stream_close(to);
	return error;
}

bool stream_is_delivered(const struct stream *stream)
{
	int unacknowledged = 0;

	if (stream_backlog(stream) > 0)
		return false;
	return stream->fd < 0 || ioctl(stream->fd, SIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0;
}

/* Notes a failed write. When memory is short, the peer is still there and may stay silent: SHUT_RD raises an event,
 * after which the stream reads as broken. Not inlined: its callers are on the path of each byte, and would save
 * registers for it. */
static __attribute__((noinline, cold)) void fail_write(struct stream *stream, int code)
{
	if (stream->error == 0)
		stream->error = code;
	stream->write_failed = true;
	stream->readable = stream->read_to_end = true; /* the reads find out whether the peer has ended or broken off */
	buffer_cleanup(&stream->pending);
	stream->pending_at = 0;
	if (shortage_is(code)) {
		set_close_resets(stream);
		shutdown(stream->fd, SHUT_RD);
	}
}

/* Turns Nagle's algorithm off at the second write, the first that it could delay: a connection with one request does
 * without the call. */
static void turn_off_delay(struct stream *stream)
{
	int on = 1;

	if (stream->num_writes == 1)
		setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (stream->num_writes < 2)
		stream->num_writes++;
}

/* Writes what it can: the count, or -1 after a failure. */
static ssize_t send_now(struct stream *stream, struct bytes bytes)
{
	turn_off_delay(stream);
	ssize_t sent = send(stream->fd, bytes.data, bytes.len, MSG_NOSIGNAL);

	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	fail_write(stream, errno);
	return -1;
}

void stream_watch_writable(struct stream *stream)
{
	if (stream->watches_writable || stream->fd < 0)
		return;
	stream->watches_writable = true;
	struct error error = poller_change(stream->poller, &stream->pollable, stream->fd, wanted_events(true));
	if (failed(error))
		fail_write(stream, error.code);
}

static void send_end(struct stream *stream)
{
	if (!stream->end_wanted || stream->end_sent || stream_backlog(stream) > 0 || stream->write_failed)
		return;
	stream->end_sent = true;
	if (shutdown(stream->fd, SHUT_WR) != 0 && errno != ENOTCONN)
		fail_write(stream, errno);
}

static void write_pending(struct stream *stream)
{
	if (stream_backlog(stream) > 0) {
		ssize_t sent =
		    send_now(stream, bytes_of(stream->pending.data + stream->pending_at, stream_backlog(stream)));
		if (sent < 0)
			return;
		stream->pending_at += (size_t)sent;
		if (stream_backlog(stream) == 0) {
			buffer_cleanup(&stream->pending);
			stream->pending_at = 0;
		}
	}
	send_end(stream);
}

/* Treats an urgent byte like any other. A read stops short of it: from now on, a short read does not mean an empty
 * socket. */
static void take_urgent(struct stream *stream)
{
	int on = 1;

	setsockopt(stream->fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	stream->readable = stream->read_to_end = true;
}

void stream_note(struct stream *stream, uint32_t events)
{
	if (stream->fd < 0)
		return;
	if (events & (POLLER_READABLE | POLLER_PEER_ENDED | POLLER_CLOSED | POLLER_ERROR))
		stream->readable = true;
	if (events & (POLLER_PEER_ENDED | POLLER_CLOSED | POLLER_ERROR))
		stream->read_to_end = true;
	if (events & POLLER_URGENT)
		take_urgent(stream);
	/* Both directions are closed, and ours not by us: a reset, noted even while nobody reads. */
	if ((events & POLLER_CLOSED) && !stream->end_sent)
		fail_write(stream, 0);
	if (events & POLLER_WRITABLE)
		write_pending(stream);
}

bool stream_is_connected(struct stream *stream)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	socklen_t error_len = sizeof(stream->error);

	if (stream->fd < 0)
		return false;
	if (getpeername(stream->fd, (struct sockaddr *)&peer, &len) == 0)
		return true;
	if (stream->error == 0)
		getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &stream->error, &error_len);
	return false;
}

/* Says whether a read of 0 bytes is an end that the peer has sent. After a reset without an end, the first error is
 * another one than EPIPE. */
static bool is_end_of_peer(const struct stream *stream)
{
	return !stream->write_failed || stream->error == 0 || stream->error == EPIPE;
}

enum stream_result stream_read(struct stream *stream, uint8_t *out, size_t out_size, size_t *out_len)
{
	*out_len = 0;
	if (stream->fd < 0 || !stream->readable)
		return STREAM_BLOCKED;
	ssize_t got = recv(stream->fd, out, out_size, 0);
	if (got > 0) {
		*out_len = (size_t)got;
		/* A short read has emptied the socket: later bytes are a new edge. An end that has arrived already is
		 * none. */
		if ((size_t)got < out_size && !stream->read_to_end)
			stream->readable = false;
		return STREAM_BYTES;
	}
	if (got < 0 && errno == EINTR)
		return STREAM_BLOCKED;
	bool blocked = got < 0 && errno == EAGAIN;
	if (got < 0 && !blocked)
		fail_write(stream, errno);
	stream->readable = false;
	if (blocked)
		return STREAM_BLOCKED;
	if (got < 0 || !is_end_of_peer(stream))
		return STREAM_BROKEN;
	stream->ended = true;
	return STREAM_END;
}

enum stream_result stream_try_write(struct stream *stream, struct bytes bytes, size_t *out_len)
{
	*out_len = 0;
	if (stream->fd < 0 || stream->write_failed)
		return STREAM_BROKEN;
	if (stream_backlog(stream) > 0)
		return STREAM_BLOCKED;
	ssize_t sent = send_now(stream, bytes);
	if (sent < 0)
		return STREAM_BROKEN;
	*out_len = (size_t)sent;
	return sent > 0 ? STREAM_BYTES : STREAM_BLOCKED;
}

void stream_write(struct stream *stream, struct bytes bytes)
{
	if (stream->fd < 0 || stream->write_failed || stream->end_sent || bytes.len == 0)
		return;
	if (stream_backlog(stream) == 0) {
		ssize_t sent = send_now(stream, bytes);
		if (sent < 0)
			return;
		bytes = bytes_of(bytes.data + sent, bytes.len - (size_t)sent);
	}
	if (bytes.len == 0)
		return;
	if (failed(buffer_append(&stream->pending, bytes))) {
		fail_write(stream, ENOBUFS);
		return;
	}
	stream_watch_writable(stream);
}

void stream_acknowledge(struct stream *stream)
{
	int on = 1;

	if (stream->fd >= 0)
		setsockopt(stream->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

void stream_end(struct stream *stream)
{
	stream->end_wanted = true;
	if (stream->fd >= 0)
		send_end(stream);
}
