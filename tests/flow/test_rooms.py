"""scripts/rooms.py on trees that are made up: each thing that it is for is found, and a right tree is clean."""

import subprocess
import sys

import pytest
from conftest import ROOT

SCRIPT = ROOT / "scripts" / "rooms.py"

BASE = "chaincache/base/CMakeLists.txt"
TEST_BYTES = "tests/unit/chaincache/base/test_bytes.c"
SUPPORT = "tests/support/CMakeLists.txt"
UNIT = "tests/unit/CMakeLists.txt"

# worker stands on wire, wire on base, log on base alone; three unit tests, two of which link the tests' support.
TREE = {
    BASE: "chainmend_room(\n  SOURCES bytes.c buffer.c\n  HEADERS limits.h)\n",
    "chaincache/base/limits.h": "",
    "chaincache/base/bytes.h": '#include "chaincache/base/limits.h"\n',
    "chaincache/base/bytes.c": '#include "chaincache/base/bytes.h"\n#include <string.h>\n',
    "chaincache/base/buffer.h": '#include "chaincache/base/bytes.h"\n',
    "chaincache/base/buffer.c": '#include "chaincache/base/buffer.h"\n',
    "proxy/wire/CMakeLists.txt": "chainmend_room(\n  MAY chaincache/base # and nothing else\n  SOURCES relay.c)\n",
    "proxy/wire/relay.h": '#include "chaincache/base/buffer.h"\n',
    "proxy/wire/relay.c": '#include "proxy/wire/relay.h"\n#include <openssl/ssl.h>\n',
    "proxy/worker/CMakeLists.txt": "chainmend_room(\n  MAY proxy/wire\n  SOURCES worker.c)\n",
    "proxy/worker/worker.h": '#include "proxy/wire/relay.h"\n',
    "proxy/worker/worker.c": '#include "proxy/worker/worker.h"\n\n#include "chaincache/base/buffer.h"\n',
    "proxy/log/CMakeLists.txt": "chainmend_room(\n  MAY chaincache/base\n  SOURCES log.c)\n",
    "proxy/log/log.h": "",
    "proxy/log/log.c": '#include "proxy/log/log.h"\n#include <jansson.h>\n',
    SUPPORT: "function(support_library name)\nendfunction()\n\n"
    "support_library(test_unit unit.c LINK chaincache_base PkgConfig::cmocka)\n"
    "support_library(test_world world.c LINK proxy_worker test_unit)\n",
    UNIT: "function(unit_tests room)\nendfunction()\n\n"
    "unit_tests(chaincache/base bytes)\n"
    "unit_tests(proxy/wire relay LINK test_unit)\n"
    "unit_tests(proxy/worker worker\n  LINK test_world)\n",
    TEST_BYTES: '#include "chaincache/base/bytes.h"\n\n#include "tests/support/unit.h"\n',
    "tests/unit/proxy/wire/test_relay.c": '#include "proxy/wire/relay.h"\n',
    "tests/unit/proxy/worker/test_worker.c": '#include "tests/support/world.h"\n',
}


@pytest.fixture
def rooms(tmp_path):
    """Runs the script on the tree above with these changes to its files, and gives its status and its lines."""

    def run(changes=(), *options):
        for name, text in {**TREE, **dict(changes)}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run(
            [sys.executable, SCRIPT, "--root", tmp_path, *options], capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    return run


def test_a_right_tree_is_clean(rooms):
    status, lines = rooms()
    assert (status, lines) == (0, ["4 rooms, 3 arrows, 3 includes across them, 0 things are wrong"])


def test_its_own_tree_is_another_one(rooms):
    status, lines = rooms((), "--list")
    assert status == 0
    assert [line.split()[0] for line in lines] == ["chaincache/base", "proxy/log", "proxy/wire", "proxy/worker"]


KEY_FUNCTIONS = ("X509_get_pubkey", "X509_get0_pubkey", "X509_PUBKEY_get", "X509_PUBKEY_get0", "X509_check_private_key",
                 "EVP_parse_public_key", "d2i_PUBKEY", "EVP_PKEY_bits", "EVP_PKEY_size")


@pytest.mark.parametrize("function", KEY_FUNCTIONS)
def test_one_file_alone_asks_about_keys(rooms, function):
    room = {
        "chaincache/certificate/CMakeLists.txt": "chainmend_room(\n  SOURCES public_key.c)\n",
        "chaincache/certificate/public_key.h": "",
        "chaincache/certificate/public_key.c": f"int n = {function}(key);\n",
    }
    assert rooms(room)[0] == 0
    status, lines = rooms({**room, "proxy/log/log.c": f"int n = {function}(key);\n"})
    assert (status, len(lines)) == (1, 2)
    assert lines[0].startswith(f"proxy/log/log.c: {function}: ")


@pytest.mark.parametrize("name", ("X509_get0_pubkey_bitstr", "X509_get_X509_PUBKEY", "X509_PUBKEY_get0_param"))
def test_the_bytes_of_a_key_may_be_read_anywhere(rooms, name):
    assert rooms({"proxy/log/log.c": f"int n = {name}(key);\n"})[0] == 0


# Each change of the tree, and the complaint about it.
WRONG = {
    "a source that includes what its room may not": (
        {"proxy/log/log.c": '#include "proxy/log/log.h"\n#include "proxy/wire/relay.h"\n'},
        "proxy/log/log.c: proxy/wire/relay.h: proxy/log may not include proxy/wire",
    ),
    "a header that includes a room above": (
        {"chaincache/base/limits.h": '  #  include "proxy/wire/relay.h"\n'},
        "chaincache/base/limits.h: proxy/wire/relay.h: chaincache/base may not include proxy/wire",
    ),
    "an include that is not named from the root": (
        {"proxy/wire/relay.c": '#include "relay.h"\n'},
        "proxy/wire/relay.c: relay.h: an include is named from the root, by its room's folder",
    ),
    "an include of nothing": (
        {"proxy/wire/relay.c": '#include "chaincache/base/none.h"\n'},
        "proxy/wire/relay.c: chaincache/base/none.h: there is no such file",
    ),
    "a room that may include one that is not there": (
        {"proxy/log/CMakeLists.txt": "chainmend_room(\n  MAY chaincache/base chaincache/none\n  SOURCES log.c)\n"},
        "proxy/log: MAY chaincache/none: there is no such room",
    ),
    "a circle of rooms": (
        {BASE: TREE[BASE].replace("SOURCES", "MAY proxy/wire SOURCES")},
        "a circle of rooms: chaincache/base, proxy/wire",
    ),
    "a circle in a room": (
        {"chaincache/base/bytes.c": '#include "chaincache/base/bytes.h"\n#include "chaincache/base/buffer.h"\n'},
        "a circle in chaincache/base: buffer, bytes",
    ),
    "a source that no list names": (
        {"proxy/wire/forgotten.c": ""},
        "proxy/wire/forgotten.c: not listed in proxy/wire/CMakeLists.txt",
    ),
    "a header that no list names": (
        {"chaincache/base/forgotten.h": ""},
        "chaincache/base/forgotten.h: not listed in chaincache/base/CMakeLists.txt",
    ),
    "a header from outside where it is not known": (
        {"proxy/wire/relay.c": '#include "proxy/wire/relay.h"\n#include <jansson.h>\n'},
        "proxy/wire/relay.c: <jansson.h> is known to proxy/log+ and bench/load+ alone",
    ),
    "a name of the event loop where it is not known": (
        {"proxy/wire/relay.c": '#include "proxy/wire/relay.h"\n/* uv_run runs. */\nint uv_run(void);\n'},
        "proxy/wire/relay.c: uv_run: known to proxy/io alone",
    ),
    "a key that is asked for its size before public_key has let it pass": (
        {"proxy/wire/relay.c": '#include "proxy/wire/relay.h"\n/* X509_get_pubkey */\nint n = EVP_PKEY_bits(key);\n'},
        "proxy/wire/relay.c: EVP_PKEY_bits: asks about a key that public_key has not let pass",
    ),
    "a key that is taken out of a certificate": (
        {"chaincache/base/bytes.h": "#define KEY(x509) X509_get0_pubkey(x509)\n"},
        "chaincache/base/bytes.h: X509_get0_pubkey: asks about a key that public_key has not let pass",
    ),
    "a function that tests alone call": (
        {"proxy/wire/relay.h": "/* relay_count: relay_count. */\nint relay_count(void);\nint relay_left(void);\n",
         "proxy/wire/relay.c": '#include "proxy/wire/relay.h"\nint relay_count(void) {}\nint relay_left(void) {}\n',
         "proxy/worker/worker.c": '#include "proxy/worker/worker.h"\nint left = relay_left();\n',
         "tests/unit/proxy/wire/test_relay.c": '#include "proxy/wire/relay.h"\nint count = relay_count();\n'},
        "proxy/wire/relay.h: relay_count: no source of the product calls it",
    ),
    "a header that is private to another room": (
        {BASE: TREE[BASE].replace("HEADERS limits.h", "PRIVATE limits.h"),
         "proxy/wire/relay.c": '#include "chaincache/base/limits.h"\n'},
        "proxy/wire/relay.c: chaincache/base/limits.h: it is private to chaincache/base",
    ),
    "a test that includes a room above": (
        {TEST_BYTES: '#include "proxy/wire/relay.h"\n'},
        f"{TEST_BYTES}: proxy/wire/relay.h: tests/unit/chaincache/base may not include proxy/wire",
    ),
    "a test in the folder of no room": (
        {"tests/unit/proxy/test_lost.c": "", UNIT: TREE[UNIT] + "unit_tests(proxy lost LINK test_unit)\n"},
        "tests/unit/proxy/test_lost.c: lies in the folder of no room",
        "tests/unit/CMakeLists.txt: proxy lost: there is no room proxy",
    ),
    "a test that links a room above, through the tests' support": (
        {UNIT: TREE[UNIT].replace("LINK test_unit", "LINK test_unit test_world")},
        "tests/unit/CMakeLists.txt: proxy/wire relay: LINK test_world: proxy/wire does not reach proxy/worker",
    ),
    "a test that links a room above by itself": (
        {UNIT: TREE[UNIT].replace("base bytes)", "base bytes LINK proxy_wire)")},
        "tests/unit/CMakeLists.txt: chaincache/base bytes: LINK proxy_wire: chaincache/base does not reach proxy/wire",
    ),
    "a test whose support uses a room above": (
        {SUPPORT: TREE[SUPPORT] + "support_library(test_log log.c USES proxy_log)\n",
         UNIT: TREE[UNIT].replace("base bytes)", "base bytes LINK test_log)")},
        "tests/unit/CMakeLists.txt: chaincache/base bytes: LINK test_log: chaincache/base does not reach proxy/log",
    ),
    "a test that links nothing that is there": (
        {UNIT: TREE[UNIT].replace("LINK test_unit", "LINK test_none")},
        "tests/unit/CMakeLists.txt: proxy/wire relay: LINK test_none: there is no such library",
    ),
    "a part of the support that links nothing that is there": (
        {SUPPORT: TREE[SUPPORT].replace("proxy_worker", "proxy_none")},
        "tests/support/CMakeLists.txt: test_world: LINK proxy_none: there is no such library",
    ),
    "a test that no list names": (
        {"tests/unit/proxy/wire/test_forgotten.c": ""},
        "tests/unit/proxy/wire/test_forgotten.c: not listed in tests/unit/CMakeLists.txt",
    ),
    "a test that is listed and not there": (
        {UNIT: TREE[UNIT].replace("base bytes)", "base bytes gone)")},
        "tests/unit/chaincache/base/test_gone.c: there is no such file, but tests/unit/CMakeLists.txt lists it",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found_and_nothing_else_is(rooms, what):
    changes, *expected = WRONG[what]
    status, lines = rooms(changes)
    assert status == 1
    assert lines[:-1] == expected
    assert lines[-1].endswith(", 1 thing is wrong" if len(expected) == 1 else f", {len(expected)} things are wrong")


def test_all_circles_of_a_room_are_told(rooms):
    both = {
        "proxy/wire/CMakeLists.txt": "chainmend_room(\n  MAY chaincache/base\n  SOURCES relay.c a.c b.c c.c d.c)\n",
        "proxy/wire/a.c": '#include "proxy/wire/b.h"\n',
        "proxy/wire/b.h": '#include "proxy/wire/a.h"\n',
        "proxy/wire/a.h": "",
        "proxy/wire/b.c": "",
        "proxy/wire/c.c": '#include "proxy/wire/d.h"\n#include "proxy/wire/b.h"\n',
        "proxy/wire/c.h": "",
        "proxy/wire/d.c": '#include "proxy/wire/c.h"\n',
        "proxy/wire/d.h": "",
    }
    status, lines = rooms(both)
    assert status == 1
    assert lines[:-1] == ["a circle in proxy/wire: a, b", "a circle in proxy/wire: c, d"]
