"""Checks that README and docs name files, folders, functions, links and commands that exist; and their size."""

import re
import subprocess

import jsonschema
import pytest
from conftest import ROOT
from schemas import SCHEMAS, references

PAGES = {str(path.relative_to(ROOT)): path.read_text()
         for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "bench" / "README.md",
                             ROOT / "docker" / "README.md"])}
SOURCES = {path: path.read_text() for folder in ("chaincache", "conf", "proxy", "bench", "tools")
           for path in (ROOT / folder).rglob("*.[ch]")}
MAKES_ITSELF = ("build/", ".deps/", "/")


def named(pattern):
    """(page, what it names) for each match of the pattern."""
    return sorted({(page, name) for page, text in PAGES.items() for name in re.findall(pattern, text)})


def slug(heading):
    """The anchor that a heading gets: lower case, blanks to hyphens, without punctuation."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors_of(text):
    return {slug(heading) for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page, name", named(r"`(\w+)\(\)`"))
def test_every_function_that_is_named_is_defined(page, name):
    definition = re.compile(rf"^[a-z][^;=\n]*\b{name}\([^;]*?\)\n\{{|\b(?:inline|define)\b[^;\n]*\b{name}\(",
                            re.MULTILINE)
    from_outside = name.startswith(("SSL_", "X509_", "uv_", "EVP_"))
    assert from_outside or [path for path, text in SOURCES.items() if definition.search(text)], \
        f"{page}: {name}() is nowhere defined"


@pytest.mark.parametrize("page, link", named(r"\]\(([^)\s]+)\)"))
def test_every_link_leads_somewhere(page, link):
    if link.startswith(("http://", "https://", "mailto:")):
        return
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists(), f"{page}: {link}: there is no such file"
    if anchor:
        assert anchor in anchors_of(target.read_text()), f"{page}: {link}: no such heading"


@pytest.mark.parametrize("page, name", named(r"`((?:[\w.-]+/)+[\w.-]*)`"))
def test_every_file_that_is_named_is_there(page, name):
    first = name.split("/")[0]
    ours = (ROOT / first).exists()
    if not ours or name.startswith(MAKES_ITSELF) or "NAME" in name:
        return
    beside = (ROOT / page).parent / name
    assert (ROOT / name).exists() or beside.exists(), f"{page}: {name}: there is no such file"


@pytest.mark.parametrize("page, line", named(r"(?m)^    (chainmend [^\n#]*[\w-])"))
def test_every_option_of_a_command_is_one(page, line, binary):
    words = line.split()
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    command = words[1] if len(words) > 1 and not words[1].startswith("-") else None
    if command is None or not options:
        return
    asked = [str(binary), command, *(["--help"] if command != "cache" or len(words) < 3 else [words[2], "--help"])]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    text = answer.stdout + answer.stderr
    assert [option for option in options if option not in text] == [], f"{page}: {line}"


@pytest.mark.parametrize("page, script", named(r"\b((?:scripts|bench|docker)/[\w-]+\.(?:sh|py))\b"))
def test_every_script_that_is_named_runs(page, script):
    assert (ROOT / script).stat().st_mode & 0o100, f"{page}: {script} cannot be run"


def test_the_readme_is_one_page():
    assert len(PAGES["README.md"].split()) <= 1000


def test_every_page_of_the_docs_stands_in_their_index():
    index = PAGES["docs/README.md"]
    assert [page for page in PAGES if page.startswith("docs/") and page != "docs/README.md"
            and f"]({page[len('docs/'):]})" not in index] == []


def test_the_picture_of_the_rooms_is_fresh(tmp_path):
    picture = tmp_path / "house.svg"
    subprocess.run(["/usr/bin/python3", str(ROOT / "scripts" / "draw-house.py"), "--out", str(picture)], check=True)
    assert picture.read_text() == (ROOT / "docs" / "house.svg").read_text(), \
        "draw it anew: scripts/draw-house.py --out docs/house.svg"


def test_every_finding_has_its_section():
    text = PAGES["docs/findings.md"]
    codes = SCHEMAS["finding.schema.json"]["$defs"]["code"]["enum"]
    assert len(codes) > 30
    assert [code for code in codes if f"### {code}\n" not in text] == []
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) > {"80072f0d", "80072f05", "unknown_ca"}


def words_of(name, part):
    return SCHEMAS[name]["$defs"][part]["enum"]


def test_every_label_of_the_metrics_and_its_words_are_explained():
    table, labels = PAGES["docs/metrics.md"].split("## Labels\n")
    labels = labels.split("\n## ")[0]
    used = {label for row in re.findall(r"^\| `chainmend_\w+` \| \w+ \| (.*?) \|", table, re.MULTILINE)
            for label in re.findall(r"`(\w+)`", row)}
    assert len(used) > 10
    assert [label for label in sorted(used) if f"`{label}`" not in labels] == []
    words = [*words_of("counters.schema.json", "rejection"), *words_of("counters.schema.json", "chain_state"),
             *words_of("counters.schema.json", "site_state"), *words_of("finding.schema.json", "severity")]
    assert [word for word in words if not re.search(rf"\b{word}\b", labels)] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one_and_refers_to_what_is_there(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    resolver = jsonschema.RefResolver(name, SCHEMAS[name], store=SCHEMAS)
    for reference in references(SCHEMAS[name]):
        resolver.resolve(reference)


def test_every_definition_of_a_schema_is_used():
    used = {reference if not reference.startswith("#") else name + reference
            for name, schema in SCHEMAS.items() for reference in references(schema)}
    there = {f"{name}#/$defs/{part}" for name, schema in SCHEMAS.items() for part in schema.get("$defs", {})}
    assert there - used == set()
