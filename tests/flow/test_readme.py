"""What the README says of the code is so: files, folders, functions, links, commands."""

import re

import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text()
SOURCES = {path: path.read_text() for folder in ("chaincache", "conf", "proxy", "bench")
           for path in (ROOT / folder).rglob("*.[ch]")}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(\w+)\(\)`", README))) or ["(none)"])
def test_every_function_that_it_names_is_defined(name):
    definition = re.compile(rf"^[a-z][^;=\n]*\b{name}\([^;]*?\)\n\{{", re.MULTILINE)
    assert [path for path, text in SOURCES.items() if definition.search(text)], f"{name}() is nowhere defined"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w.-]+/[\w./-]*)`", README))))
def test_every_file_that_it_names_is_there(name):
    built = name.startswith(("build/", ".deps/"))
    assert built or (ROOT / name).exists() or name.startswith("/")


def test_every_nouns_file_of_the_map_is_there():
    """The map names files by their nouns, without `.c`."""
    table = README.split("## Where things are", 1)[1].split("\n## ", 1)[0]
    stems = {path.stem for path in SOURCES}
    missing = [noun for row in re.findall(r"^ {4,}\w[\w ]*? {2,}([a-z_, ]+)$", table, re.MULTILINE)
               for noun in re.split(r",\s*", row.strip().rstrip(",")) if noun and noun not in stems]
    assert missing == []


def test_every_finding_has_its_section():
    text = (ROOT / "docs" / "findings.md").read_text()
    header = (ROOT / "chaincache" / "mend" / "finding.h").read_text()
    codes = re.findall(r'X\(FINDING_\w+, "(\w+)"\)', header)
    assert len(codes) > 30
    assert [code for code in codes if f"### {code}\n" not in text] == []
    anchors = re.findall(r"\]\(#([\w-]+)\)", text)
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#{2,3} (.+)$", text, re.MULTILINE)}
    assert set(anchors) > {"80072f0d", "80072f05", "unknown_ca"}
    assert [anchor for anchor in anchors if anchor not in headings] == []
