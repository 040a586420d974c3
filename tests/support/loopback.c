#include "tests/support/loopback.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/support/unit.h"

void loopback_set_patience(int fd)
{
	struct timeval patience = {.tv_sec = LOOPBACK_PATIENCE_S};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

struct sockaddr_in loopback_address(uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

uint16_t loopback_port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

int loopback_listen(uint16_t *out_port)
{
	struct sockaddr_in address = loopback_address(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	loopback_set_patience(fd);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 128), 0);
	*out_port = loopback_port_of(fd);
	return fd;
}

int loopback_accept(int listening)
{
	int fd = accept(listening, NULL, NULL);

	assert_true(fd >= 0);
	loopback_set_patience(fd);
	return fd;
}

uint16_t loopback_unused_port(void)
{
	struct sockaddr_in address = loopback_address(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	uint16_t port = loopback_port_of(fd);
	close(fd);
	return port;
}
