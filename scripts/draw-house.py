#!/usr/bin/env python3
"""Draws the rooms and the threads as a picture, from the rooms' own lists: scripts/draw-house.py [--out FILE]

Each room stands above all that it may include; its sentence is the first comment of its CMakeLists.txt. An arrow goes
to each room that MAY names, unless other arrows lead there anyway. docs/house.svg is this picture; a test compares.
"""

import argparse
import html
import importlib.util
import pathlib
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 206, 62, 26, 34, 20
SENTENCE_CHARS = 31
COLUMNS, SWEEPS = 5, 8
COLOURS = (("proxy/", "#e1ecf7"), ("proxy/commands", "#ececec"), ("conf", "#fbf3d3"), ("chaincache/", "#e3f1e3"))
LANES = (0.75, 0.3, 0.4, 0.0)  # where the rooms of a colour would like to stand, from left to right
FOLDERS = ("chaincache", "conf", "proxy")

# Who runs where. What the threads share never changes: it is swapped whole.
THREADS = (
    ("mending threads", "two: search, verify and try chains out; a fair share for each site",
     ("mend", "paths", "revocation")),
    ("control thread", "one: configuration, fetching, probing, logs, admin",
     ("control", "admin", "sites", "clients", "mending", "log", "fetch")),
    ("worker threads", "one a core: connections and nothing else, each with its own sockets",
     ("worker", "http", "wire")),
)
BETWEEN = (  # of each thread and the next
    (("what came of each step", "right"), ("steps of mends, by shares", "left")),
    (("a snapshot, posted to each worker", "right"), ("reports and questions, posted back", "left")),
)
THREADS_GAP = 200


def load_script():
    spec = importlib.util.spec_from_file_location("rooms", ROOT / "scripts" / "rooms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_rooms():
    module = load_script()
    rooms = {name: room for name, room in module.read_rooms().items() if name.split("/")[0] in FOLDERS}
    return rooms, {name: module.reach(rooms, name) for name in rooms}


def sentence_of(room):
    first = (room.folder / "CMakeLists.txt").read_text().split("\n", 1)[0]
    return first.lstrip("# ").rstrip(".")


def floors_of(rooms):
    """0 for a room that includes none, else one more than the highest that it may include."""
    floors = {}

    def floor(name):
        if name not in floors:
            floors[name] = 1 + max((floor(other) for other in rooms[name].may), default=-1)
        return floors[name]

    for name in rooms:
        floor(name)
    return floors


def arrows_of(rooms, reach):
    """Yields each room with each room of its MAY that no other one of the list reaches."""
    for name, room in rooms.items():
        for other in room.may:
            if not any(other in reach[third] for third in room.may if third != other):
                yield name, other


def spread(row, wanted, width):
    """Lefts of the boxes of one row, each as near to where it is wanted as its neighbours let it be."""
    step = BOX_WIDTH + GAP_X
    ordered = sorted(row, key=lambda name: (wanted[name], name))
    lefts, least = {}, MARGIN
    for index, name in enumerate(ordered):
        most = width - MARGIN - BOX_WIDTH - step * (len(ordered) - 1 - index)
        lefts[name] = min(max(wanted[name], least), most)
        least = lefts[name] + step
    return lefts


def place(rooms, floors, arrows):
    """The left upper corner of each room's box: a row a floor, the ground at the bottom, near the rooms it knows."""
    rows = {}
    for name in rooms:
        rows.setdefault(floors[name], []).append(name)
    width = 2 * MARGIN + COLUMNS * (BOX_WIDTH + GAP_X) - GAP_X
    near = {name: [other for pair in arrows if name in pair for other in pair if other != name] for name in rooms}
    shares = {name: LANES[index] for name in rooms for index, (prefix, _) in enumerate(COLOURS)
              if name.startswith(prefix)}
    lefts = {name: shares[name] * (width - BOX_WIDTH) for name in rooms}
    for _ in range(SWEEPS):
        for floor in sorted(rows):
            wanted = {name: (shares[name] * (width - BOX_WIDTH) + sum(lefts[other] for other in near[name])) /
                      (1 + len(near[name])) for name in rows[floor]}
            lefts.update(spread(rows[floor], wanted, width))
    tops = {name: MARGIN + (max(rows) - floors[name]) * (BOX_HEIGHT + GAP_Y) for name in rooms}
    places = {name: (lefts[name], tops[name]) for name in rooms}
    return places, width, 2 * MARGIN + (max(rows) + 1) * (BOX_HEIGHT + GAP_Y) - GAP_Y


def colour_of(name):
    return [colour for prefix, colour in COLOURS if name.startswith(prefix)][-1]


def box(name, sentence, x, y):
    lines = textwrap.wrap(sentence, SENTENCE_CHARS)[:3]
    out = [f'<rect x="{x:.0f}" y="{y:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5" fill="{colour_of(name)}"/>',
           f'<text x="{x + 8:.0f}" y="{y + 16:.0f}" class="name">{html.escape(name)}</text>']
    out += [f'<text x="{x + 8:.0f}" y="{y + 31 + 12 * i:.0f}">{html.escape(line)}</text>'
            for i, line in enumerate(lines)]
    return out


def arrow(start, end):
    x1, y1 = start[0] + BOX_WIDTH / 2, start[1] + BOX_HEIGHT
    x2, y2 = end[0] + BOX_WIDTH / 2, end[1]
    middle = (y1 + y2) / 2
    return f'<path d="M{x1:.0f},{y1:.0f} C{x1:.0f},{middle:.0f} {x2:.0f},{middle:.0f} {x2:.0f},{y2 - 3:.0f}"/>'


def draw_threads(rooms, width, top):
    """The mending threads on the left, the workers on the right, and what goes between them and the control thread."""
    names = {name.split("/")[-1] for name in rooms}
    own = (width - 2 * MARGIN - THREADS_GAP * len(BETWEEN)) / len(THREADS)
    out = []
    for index, (title, what, inside) in enumerate(THREADS):
        x = MARGIN + index * (own + THREADS_GAP)
        out.append(f'<rect x="{x:.0f}" y="{top}" width="{own:.0f}" height="86" rx="5" fill="#ffffff"/>')
        out.append(f'<text x="{x + 8:.0f}" y="{top + 18}" class="name">{title}</text>')
        out += [f'<text x="{x + 8:.0f}" y="{top + 35 + 13 * i}">{html.escape(line)}</text>'
                for i, line in enumerate(textwrap.wrap(what, 38))]
        rooms_here = ", ".join(name for name in inside if name in names)
        out.append(f'<text x="{x + 8:.0f}" y="{top + 76}" class="quiet">{rooms_here}</text>')
    for gap, arrows in enumerate(BETWEEN):
        left = MARGIN + own + gap * (own + THREADS_GAP) + 4
        for index, (text, direction) in enumerate(arrows):
            out += draw_post(text, direction, left, left + THREADS_GAP - 8, top + 32 + 36 * index)
    return out


def draw_post(text, direction, left, right, y):
    ends = (left, right) if direction == "right" else (right, left)
    return [f'<path d="M{ends[0]:.0f},{y} L{ends[1]:.0f},{y}"/>',
            f'<text x="{(left + right) / 2:.0f}" y="{y - 5}" text-anchor="middle">{html.escape(text)}</text>']


def picture():
    rooms, reach = read_rooms()
    floors = floors_of(rooms)
    arrows = sorted(arrows_of(rooms, reach))
    places, width, height = place(rooms, floors, arrows)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 130}" width="{width}">',
           "<title>The rooms of chainmend, each above all that it may include; and its threads</title>",
           "<style>text{font:11px sans-serif;fill:#222}.name{font-weight:bold;font-size:12px}.quiet{fill:#666}"
           "rect{stroke:#555}path{fill:none;stroke:#777;marker-end:url(#tip)}</style>",
           '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
           '<polygon points="0,0 8,4 0,8" fill="#777"/></marker></defs>',
           f'<rect width="{width}" height="{height + 130}" fill="#ffffff" stroke="none"/>']
    out += [arrow(places[name], places[other]) for name, other in arrows]
    for name in rooms:
        out += box(name, sentence_of(rooms[name]), *places[name])
    out += draw_threads(rooms, width, height + 20)
    return "\n".join(out + ["</svg>", ""])


def main():
    parser = load_script().Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, help="write it there; else to standard output")
    options = parser.parse_args()
    if options.out:
        options.out.write_text(picture())
    else:
        sys.stdout.write(picture())


if __name__ == "__main__":
    main()
