#include "proxy/system/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"

#define MAX_ENTRY_BYTES ((size_t)2 * 1024 * 1024)

struct error journal_open(const char *path, struct journal *out)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	out->fd = -1;
	if (strlen(path) >= sizeof(address.sun_path))
		return error_of(ERROR_LIMIT, 0, "the path of the journal's socket is too long");
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_system("make a socket for the journal");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		struct error error = error_system("connect to the journal");
		close(fd);
		return error;
	}
	out->fd = fd;
	return error_none();
}

void journal_close(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

/* The form for values of any bytes: name, line feed, length in 64 bits of little endian, value, line feed. */
static struct error print_field(const struct journal_field *field, struct buffer *out)
{
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)((uint64_t)field->value.len >> (8 * i));
	struct error error = buffer_printf(out, "%s\n", field->name);
	if (!failed(error))
		error = buffer_append(out, bytes_of(length, sizeof(length)));
	if (!failed(error))
		error = buffer_append(out, field->value);
	return failed(error) ? error : buffer_append(out, bytes_of("\n", 1));
}

static bool write_all(int fd, struct bytes bytes)
{
	while (bytes.len > 0) {
		ssize_t written = write(fd, bytes.data, bytes.len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes = bytes_of(bytes.data + written, bytes.len - (size_t)written);
	}
	return true;
}

static bool send_descriptor(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof(control.room)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

static struct error send_as_file(const struct journal *journal, struct bytes entry)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	int fd = memfd_create("chainmend-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return error_system("make a memory file for the journal");
	bool sent = write_all(fd, entry) && fcntl(fd, F_ADD_SEALS, seals) == 0 && send_descriptor(journal->fd, fd);
	struct error error = sent ? error_none() : error_system("send to the journal");
	close(fd);
	return error;
}

struct error journal_send(struct journal *journal, const struct journal_field *fields, size_t count)
{
	struct error error = error_none();
	struct buffer entry;

	buffer_init(&entry, MAX_ENTRY_BYTES);
	for (size_t i = 0; i < count && !failed(error); i++)
		error = print_field(&fields[i], &entry);
	if (failed(error))
		goto out;
	if (send(journal->fd, entry.data, entry.len, MSG_NOSIGNAL) >= 0)
		goto out;
	error = errno == EMSGSIZE || errno == ENOBUFS ? send_as_file(journal, buffer_bytes(&entry))
						      : error_system("send to the journal");
out:
	buffer_cleanup(&entry);
	return error;
}
