#!/usr/bin/env python3
"""Holds every include against the rooms: scripts/rooms.py

A room is a folder whose CMakeLists.txt calls chainmend_room (cmake/Rooms.cmake); MAY there names the rooms that it may
include. The compiler refuses a header of any other room. This script checks what the compiler cannot:

  - each include names a file of a room that is reached through MAY, and none that is PRIVATE to another room
  - no circle between rooms, and none between the modules of one room
  - the headers of a library from outside are included only where that library is meant to be known (OUTSIDE), and
    the names of an event loop are written there alone (NAMES)
  - BoringSSL is asked about a public key in one file alone, which lets no key pass that is not usable (KEY_QUESTIONS)
  - each function that a header declares is called by the product, and not by tests alone (TESTS_CALL)
  - every source and header of a folder is listed, so that none is forgotten by the build
  - a unit test includes and links its own room and what that room reaches, and the tests' own support; each is listed

  scripts/rooms.py            says what is wrong; status 1 when something is
  scripts/rooms.py --list     the rooms, each with what it may include
  scripts/rooms.py --arrows   the arrows that are there: from, to, how many includes
  scripts/rooms.py --dot      the same for graphviz

--root DIR looks at another tree than the one that the script lies in.
"""

import argparse
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("chaincache", "conf", "proxy", "bench", "tools")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
CALL = re.compile(r"^chainmend_room\(([^)]*)\)", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
EXIT_USAGE = 64
KEYWORDS = {"MAY", "SOURCES", "HEADERS", "PRIVATE", "LINK", "USES", "GNU"}
EPOLL_ROOMS = ("proxy/io", "bench/backend", "bench/limit")
TEST_CALL = re.compile(r"^(unit_tests|support_library)\(([^)]*)\)", re.MULTILINE)

# Headers of libraries from outside, and the rooms that may know them: a room, or a room and all that stand on it ("+").
OUTSIDE = (
    (r"uv\.h", ("proxy/io",)),
    (r"sys/epoll\.h", EPOLL_ROOMS),
    (r"microhttpd\.h", ("proxy/io",)),
    (r"curl/.*", ("proxy/fetch",)),
    (r"llhttp\.h", ("proxy/http",)),
    (r"ini\.h", ("conf",)),
    (r"idn2\.h", ("chaincache/certificate",)),
    (r"openssl/ssl\.h", ("conf", "proxy/wire+")),
    (r"jansson\.h", ("proxy/log+", "bench/load+")),
)

# Names that no source but of these rooms, and of their tests, writes outside of a comment.
NAMES = (
    (re.compile(r"\b(?:uv_|UV_)\w+"), ("proxy/io",)),
    (re.compile(r"\b(?:epoll_\w+|EPOLL\w*)"), EPOLL_ROOMS),
)

# The functions of BoringSSL that take a key out of a certificate or ask for its size: some keys end the process there.
# Each file that may call them, with the reason.
KEY_FOLDERS = ("chaincache", "conf", "proxy", "bench")
KEY_QUESTIONS = re.compile(
    r"\b(?:X509_(?:get0?_pubkey|PUBKEY_get0?|REQ_get_pubkey|check_private_key)|(?:EVP_parse|d2i)_(?:public_key|PUBKEY)"
    r"|EVP_PKEY_(?:bits|size|missing_parameters|cmp_parameters|copy_parameters))\b"
)
KEY_FILES = {
    "chaincache/certificate/public_key.c": "judges each key by its algorithm before BoringSSL parses it",
}

# The functions of a header that tests alone call, each with the reason.
DECLARATION = re.compile(r"^(?!static\b|typedef\b)[A-Za-z_][\w \t*]*\b([a-z]\w*)\([^;{}]*\)[^;{}]*;", re.MULTILINE)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
TESTS_CALL = {
    "lists_get": "a test prints each list, to see that none is forgotten in the texts",
}


def split_arguments(arguments):
    """The words of a call of CMake by the keyword that they stand behind; None for the first ones."""
    lists = collections.defaultdict(list)
    keyword = None
    for word in re.sub(r"#.*", "", arguments).split():
        if word in KEYWORDS:
            keyword = word
        else:
            lists[keyword].append(word)
    return lists


class Room:
    """One folder: what it may include, and what it has."""

    def __init__(self, name, arguments):
        self.name = name
        self.lists = split_arguments(arguments)
        self.may = self.lists["MAY"]

    @property
    def folder(self):
        return ROOT / self.name

    def files(self):
        return sorted(path for path in self.folder.iterdir() if path.suffix in (".c", ".h"))

    def listed(self):
        sources = set(self.lists["SOURCES"])
        headers = {source[:-2] + ".h" for source in sources}
        return sources | headers | set(self.lists["HEADERS"]) | set(self.lists["PRIVATE"])


def read_rooms():
    rooms = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("CMakeLists.txt")):
            call = CALL.search(path.read_text())
            if call:
                name = str(path.parent.relative_to(ROOT))
                rooms[name] = Room(name, call.group(1))
    return rooms


def includes_of(path):
    return [(ours, outside) for ours, outside in INCLUDE.findall(path.read_text(errors="replace"))]


def reach(rooms, name):
    """All rooms whose headers `name` sees: MAY, and what comes along."""
    seen, todo = {name}, [name]
    while todo:
        for other in rooms[todo.pop()].may:
            if other in rooms and other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def circles(graph):
    """The sets of nodes that reach each other (Tarjan), each sorted."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1 or node in graph.get(node, ()):
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def arrows_of(rooms):
    """How many includes lead from one room to another."""
    count = collections.Counter()
    for room in rooms.values():
        for path in room.files():
            for ours, _ in includes_of(path):
                target = str(pathlib.PurePath(ours).parent)
                if target in rooms and target != room.name:
                    count[room.name, target] += 1
    return count


def module_graph(room):
    """Module (a source with its header) -> the modules of the same room that it includes."""
    graph = collections.defaultdict(set)
    for path in room.files():
        for ours, _ in includes_of(path):
            included = pathlib.PurePath(ours)
            if str(included.parent) == room.name and included.stem != path.stem:
                graph[path.stem].add(included.stem)
        graph.setdefault(path.stem, set())
    return graph


def may_know(rooms, name, allowed):
    for room in allowed:
        if room.rstrip("+") == name or (room.endswith("+") and room[:-1] in reach(rooms, name)):
            return True
    return False


def check_outside(rooms, room, path, header):
    for pattern, allowed in OUTSIDE:
        if re.fullmatch(pattern, header) and not may_know(rooms, room.name, allowed):
            yield f"{path.relative_to(ROOT)}: <{header}> is known to {' and '.join(allowed)} alone"


def check_include(rooms, name, seen, path, ours):
    target = str(pathlib.PurePath(ours).parent)
    where = path.relative_to(ROOT)
    if target in rooms and target != name and pathlib.PurePath(ours).name in rooms[target].lists["PRIVATE"]:
        yield f"{where}: {ours}: it is private to {target}"
    if target in rooms and not (ROOT / ours).exists() and not ours.endswith("_files.h"):
        yield f"{where}: {ours}: there is no such file"
    elif target in rooms and target not in seen:
        yield f"{where}: {ours}: {where.parent} may not include {target}"
    elif target not in rooms and target != "tests/support" and not target.startswith("tests/torture"):
        yield f"{where}: {ours}: an include is named from the root, by its room's folder"


def check_room(rooms, room):
    seen = reach(rooms, room.name)
    for other in room.may:
        if other not in rooms:
            yield f"{room.name}: MAY {other}: there is no such room"
    for path in room.files():
        for ours, outside in includes_of(path):
            if ours:
                yield from check_include(rooms, room.name, seen, path, ours)
            else:
                yield from check_outside(rooms, room, path, outside)
    programs = re.findall(r"add_executable\([\w-]+ ([^)]*)\)", (room.folder / "CMakeLists.txt").read_text())
    listed = room.listed() | {source for program in programs for source in program.split()}
    for path in room.files():
        if path.name not in listed:
            yield f"{path.relative_to(ROOT)}: not listed in {room.name}/CMakeLists.txt"


def check_circles(rooms):
    for circle in circles({name: set(room.may) for name, room in rooms.items()}):
        yield "a circle of rooms: " + ", ".join(circle)
    for room in rooms.values():
        for circle in circles(module_graph(room)):
            yield f"a circle in {room.name}: " + ", ".join(circle)


def check_tests(rooms):
    unit = ROOT / "tests" / "unit"
    for path in sorted(unit.rglob("test_*.c")):
        name = str(path.parent.relative_to(unit))
        if name not in rooms:
            yield f"{path.relative_to(ROOT)}: lies in the folder of no room"
            continue
        seen = reach(rooms, name)
        for ours, _ in includes_of(path):
            if ours:
                yield from check_include(rooms, name, seen, path, ours)


def check_names():
    unit = ROOT / "tests" / "unit"
    for top in [ROOT / folder for folder in FOLDERS] + [unit]:
        for path in sorted(top.rglob("*.[ch]")):
            room = str(path.parent.relative_to(unit if top == unit else ROOT))
            text = COMMENT.sub("", path.read_text(errors="replace"))
            for pattern, allowed in NAMES:
                found = pattern.search(text)
                if found and room not in allowed:
                    yield f"{path.relative_to(ROOT)}: {found.group()}: known to {' and '.join(allowed)} alone"


def check_key_questions():
    for folder in KEY_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            where = str(path.relative_to(ROOT))
            found = KEY_QUESTIONS.search(COMMENT.sub("", path.read_text(errors="replace")))
            if found and where not in KEY_FILES:
                yield f"{where}: {found.group()}: asks about a key that public_key has not let pass"


def check_callers():
    """A name that stands twice in all sources is declared and defined, and nobody calls it."""
    sources = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.[ch]"))]
    texts = {path: STRING.sub("", COMMENT.sub("", path.read_text(errors="replace"))) for path in sources}
    count = collections.Counter(word for text in texts.values() for word in re.findall(r"\w+", text))
    for path, text in texts.items():
        for name in DECLARATION.findall(text) if path.suffix == ".h" else ():
            if count[name] <= 2 and name not in TESTS_CALL:
                yield f"{path.relative_to(ROOT)}: {name}: no source of the product calls it"


def read_test_calls(folder, function):
    """Each call of unit_tests or support_library: its first words, and what it links, be it for its sources alone."""
    path = ROOT / "tests" / folder / "CMakeLists.txt"
    calls = TEST_CALL.findall(path.read_text()) if path.exists() else []
    return [(lists[None], lists["LINK"] + lists["USES"]) for name, arguments in calls if name == function
            for lists in [split_arguments(arguments)]]


def room_targets(rooms):
    """The room that each target of CMake stands for: its library, and its own view where it has private headers."""
    targets = {name.replace("/", "_"): name for name in rooms}
    private = {f"{target}_private": name for target, name in targets.items() if rooms[name].lists["PRIVATE"]}
    return {**targets, **private}


def rooms_linked(rooms, targets, support, library, seen=()):
    """All rooms that come with a library: a room's own target, or a part of the tests' support."""
    if library in targets:
        return reach(rooms, targets[library])
    others = [other for other in support.get(library, ()) if other not in seen]
    return set().union(*(rooms_linked(rooms, targets, support, other, (*seen, library)) for other in others))


def check_links(rooms):
    support = {words[0]: links for words, links in read_test_calls("support", "support_library")}
    targets = room_targets(rooms)
    known = {*targets, *support}
    calls = [(f"tests/support/CMakeLists.txt: {library}", None, links) for library, links in support.items()]
    for (room, *tests), links in read_test_calls("unit", "unit_tests"):
        calls.append((f"tests/unit/CMakeLists.txt: {room} {' '.join(tests)}", room, links))
    for where, room, links in calls:
        if room is not None and room not in rooms:
            yield f"{where}: there is no room {room}"
            continue
        for link in links:
            beyond = rooms_linked(rooms, targets, support, link) - reach(rooms, room) if room else set()
            if "::" not in link and link not in known:
                yield f"{where}: LINK {link}: there is no such library"
            elif beyond:
                yield f"{where}: LINK {link}: {room} does not reach {' and '.join(sorted(beyond))}"


def check_test_lists():
    unit = ROOT / "tests" / "unit"
    calls = read_test_calls("unit", "unit_tests")
    listed = {f"tests/unit/{room}/test_{test}.c" for (room, *tests), _ in calls for test in tests}
    there = {str(path.relative_to(ROOT)) for path in unit.rglob("test_*.c")}
    for path in sorted(listed - there):
        yield f"{path}: there is no such file, but tests/unit/CMakeLists.txt lists it"
    for path in sorted(there - listed):
        yield f"{path}: not listed in tests/unit/CMakeLists.txt"


def check(rooms):
    found = [line for room in rooms.values() for line in check_room(rooms, room)]
    found += [*check_circles(rooms), *check_tests(rooms), *check_links(rooms), *check_test_lists(), *check_names(),
              *check_key_questions(), *check_callers()]
    return found


def print_dot(arrows):
    print("digraph rooms {\n\trankdir = BT;\n\tnode [shape = box];")
    for (source, target), count in sorted(arrows.items()):
        print(f'\t"{source}" -> "{target}" [label = {count}];')
    print("}")


class Parser(argparse.ArgumentParser):
    """Ends with status 64 after wrong usage."""

    def error(self, message):
        name = pathlib.Path(self.prog).stem
        self.exit(EXIT_USAGE, f"{name}: {message}; see scripts/{self.prog} --help\n")


def main():
    global ROOT
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="the rooms, each with what it may include")
    parser.add_argument("--arrows", action="store_true", help="the arrows that are there")
    parser.add_argument("--dot", action="store_true", help="the same for graphviz")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, metavar="DIR", help="the tree to look at")
    options = parser.parse_args()
    ROOT = options.root.resolve()
    rooms = read_rooms()
    arrows = arrows_of(rooms)
    if options.list:
        for room in rooms.values():
            print(f"{room.name:24} {len(room.files()):3} files  {' '.join(room.may)}")
        return 0
    if options.arrows:
        for (source, target), count in sorted(arrows.items()):
            print(f"{source:24} {target:24} {count:4}")
        return 0
    if options.dot:
        print_dot(arrows)
        return 0
    found = check(rooms)
    for line in found:
        print(line)
    print(f"{len(rooms)} rooms, {len(arrows)} arrows, {sum(arrows.values())} includes across them, "
          f"{len(found)} {'thing is' if len(found) == 1 else 'things are'} wrong")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
