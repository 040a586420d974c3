"""A backend that ends before its answer is whole: the client gets 502 or sees the cut, and the log says so."""

import pytest
from http_servers import NAME, HttpBackend, HttpSite

GET = f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n"


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 2"])
def test_the_log_tells_of_an_answer_that_did_not_come(program, world, begun):
    def end_early(visit, request):
        visit.pipe.send(begun)

    with HttpBackend(end_early) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            assert client.ask(GET).status == 502
            client.assert_end()
        site.running.wait_for_words("it ended the connection before its answer was whole")
