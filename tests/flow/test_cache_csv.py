"""cache import of CSV tables with a PEM column, in the forms in which CCADB and others write them."""

import csv
import io
import json
import os
import pty
import subprocess

import pytest
from pki import Authority, new_key

HEADER = ["CA Owner", "Certificate Name", "SHA-256 Fingerprint", "PEM Info", "Comments"]


def row(entity, quoted=True):
    pem = entity.pem.strip()
    return ["Owner, \"Inc.\"", entity.common_name, entity.sha256, f"'{pem}'" if quoted else pem, "two\nlines"]


def table(rows, line_end="\r\n", quoting=csv.QUOTE_ALL):
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator=line_end).writerows(rows)
    return out.getvalue()


def put(program, world, text, name="ccadb.csv", encoding="utf-8"):
    path = world.folder / name
    path.write_bytes(text.encode(encoding))
    return program.command("cache", "import", path, "--cache", world.cache)


def in_cache(program, world):
    listed = json.loads(program.command("cache", "list", "--json", "--cache", world.cache).stdout)
    return {one["sha256"] for one in listed["certificates"]}


@pytest.mark.parametrize("form", ["ccadb", "unix", "bom", "mac", "bare", "other name", "no extension"])
def test_every_form_of_a_table(program, world, form):
    second = world.root.issue_authority("Contoso Second CA")
    header = [*HEADER[:3], "X.509 Certificate (PEM)", HEADER[4]] if form == "other name" else HEADER
    rows = [header, *(row(entity, form != "bare") for entity in (world.issuing, second, world.root))]
    text = table(rows, {"unix": "\n", "mac": "\r"}.get(form, "\r\n"))
    result = put(program, world, text, "table" if form == "no extension" else "t.csv",
                 "utf-8-sig" if form == "bom" else "utf-8")
    assert result.returncode == 0, result
    assert result.stdout.startswith("3 new") and result.stderr == "", result
    assert in_cache(program, world) == {world.issuing.sha256, second.sha256, world.root.sha256}


def test_bad_rows_are_told_by_their_line_and_passed_over(program, world):
    good = row(world.issuing)
    last = row(world.root.issue_authority("Contoso Last CA"))
    broken = [*good[:3], "'-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'", ""]
    rows = [HEADER, ["", "", "", "", ""], good, good[:3], broken, [*good[:3], "no certificate", ""], row(world.leaf),
            last]
    text = table(rows) + "\"never closed,x\r\n"
    result = put(program, world, text)
    assert result.returncode == 0, result
    assert result.stdout.startswith("2 new, 0 there already, 1 passed over: not CA certificates"), result
    assert len(in_cache(program, world)) == 2
    lines = text.splitlines()
    bad = [2, 3 + sum(field.count("\n") for field in good) + 1]
    assert [number for number in bad if f"line {number}: " not in result.stderr] == []
    assert f"line {lines.index(chr(34) + 'never closed,x') + 1}: " in result.stderr
    assert result.stderr.count("is passed over") == 5
    assert "empty" in result.stderr and "as many fields" in result.stderr and "never closed" in result.stderr


def test_a_stray_quote_costs_no_more_than_the_next_row(program, world):
    others = [world.root.issue_authority(f"Contoso CA {number}") for number in range(3)]
    text = table([HEADER]) + "\"stray,x\r\n" + table([row(other) for other in others])
    result = put(program, world, text)
    assert result.returncode == 0 and "line 2: " in result.stderr, result
    assert in_cache(program, world) == {other.sha256 for other in others[1:]}


def test_many_bad_rows_are_counted(program, world):
    rows = [HEADER, *(["a", "b", "c", "d", "e"] for _ in range(500)), row(world.issuing)]
    result = put(program, world, table(rows))
    assert result.returncode == 0 and result.stdout.startswith("1 new"), result
    assert result.stderr.count("line ") == 20
    assert "500 rows were passed over in all" in result.stderr


@pytest.mark.parametrize("rows, words", [
    ([["CA Owner", "Certificate Name"], ["a", "b"]], "column of PEM"),
    ([HEADER], "no row"),
    ([HEADER, ["a", "b", "c", "", ""]], "no row"),
])
def test_a_table_without_certificates_is_told(program, world, rows, words):
    result = put(program, world, table(rows))
    assert result.returncode == 1 and words in result.stderr and "ccadb.csv" in result.stderr, result


def test_a_table_in_a_directory_is_found_beside_the_rest(program, world):
    folder = world.folder / "many"
    folder.mkdir()
    (folder / "a.csv").write_text(table([HEADER, row(world.issuing)]))
    (folder / "b.csv").write_text("nothing,of,ours\n1,2,3\n")
    (folder / "c.pem").write_text(world.root.pem)
    result = program.command("cache", "import", folder, "--cache", world.cache)
    assert in_cache(program, world) >= {world.issuing.sha256, world.root.sha256}, result


def test_a_pem_file_that_speaks_of_columns_is_none(program, world):
    result = put(program, world, f"PEM, as it came: the rest\n{world.issuing.pem}", "odd.pem")
    assert result.returncode == 0 and in_cache(program, world) == {world.issuing.sha256}, result


def test_thousands_of_rows_and_a_progress_line_on_a_terminal(program, world):
    key = new_key()
    authority: Authority = world.root
    rows = [HEADER, *(row(authority.issue_authority(f"CA {number}", key=key)) for number in range(1200))]
    rows.insert(700, ["odd"])
    source = world.folder / "large.csv"
    source.write_text(table(rows))
    ours, theirs = pty.openpty()
    process = subprocess.Popen([program.binary, "cache", "import", source, "--cache", world.cache], stderr=theirs,
                               stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    os.close(theirs)
    said = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
    os.close(ours)
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 0, (output, said)
    assert output.startswith(b"1200 new")
    assert b"\r1100 certificates read, 1100 new" in said
    assert b"\r\x1b[Kchainmend: cache: " in said, "a bad row has its line to itself"
    assert said.endswith(b"\r\x1b[K")
    piped = program.command("cache", "import", source, "--cache", world.cache)
    assert piped.stdout.startswith("0 new, 1200 there already") and "\r" not in piped.stderr, piped
