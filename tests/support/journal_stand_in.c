#include "tests/support/journal_stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int journal_stand_in_set_up(void **state)
{
	struct journal_stand_in *stand_in = calloc(1, sizeof(*stand_in));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (stand_in == NULL)
		return -1;
	snprintf(stand_in->folder, sizeof(stand_in->folder), "/tmp/test_journal.XXXXXX");
	if (mkdtemp(stand_in->folder) == NULL)
		return -1;
	snprintf(stand_in->path, sizeof(stand_in->path), "%s/socket", stand_in->folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", stand_in->path);
	stand_in->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*state = stand_in;
	return bind(stand_in->fd, (const struct sockaddr *)&address, sizeof(address));
}

int journal_stand_in_tear_down(void **state)
{
	struct journal_stand_in *stand_in = *state;
	close(stand_in->fd);
	unlink(stand_in->path);
	rmdir(stand_in->folder);
	free(stand_in);
	return 0;
}
