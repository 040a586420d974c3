"""Fixtures of the whole-program tests: the real binary, a folder of its own, certificates, broken servers.

All traffic is on loopback, all ports are free ones, every wait ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from aia_server import AiaServer  # noqa: E402
from pki import Authority, Entity, chain_pem  # noqa: E402
from program import Program, clean_environment  # noqa: E402

NAME = "mail.contoso.test"
# More of them for a build with ThreadSanitizer: CHAINMEND_TEST_WORKERS=4 CHAINMEND=build/tsan/chainmend.
WORKERS = int(os.environ.get("CHAINMEND_TEST_WORKERS", 2))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: measures or fills the machine; scripts/test.sh runs it after the others")


@pytest.fixture(scope="session")
def binary() -> Path:
    path = Path(os.environ.get("CHAINMEND", ROOT / "build" / "asan" / "chainmend"))
    if not path.is_file():
        pytest.exit(f"{path} is not there: build it first (scripts/test.sh does)", returncode=2)
    return path


@pytest.fixture
def program(binary: Path, tmp_path: Path) -> Iterator[Program]:
    """Runs chainmend, and at the end checks that everything that was started came to a clean end."""
    runner = Program(binary, tmp_path)
    yield runner
    runner.finish()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy of this machine's, no cache of this user's."""
    clean = clean_environment(tmp_path)
    for name in set(os.environ) - set(clean) - {"PYTEST_CURRENT_TEST"}:  # pytest's own, which it removes itself
        monkeypatch.delenv(name)
    for name, value in clean.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def aia() -> Iterator[AiaServer]:
    with AiaServer() as server:
        yield server


class World:
    """The usual broken server: a root that clients trust, an intermediate behind a URL, and a leaf that names the URL.

    `leaf_alone`, `complete` ... write chain files; `roots` is the clients' trust store.
    """

    def __init__(self, folder: Path, aia: AiaServer, names: list[str]) -> None:
        self.folder = folder
        self.aia = aia
        self.root = Authority.root("Contoso Root CA")
        self.issuing = self.root.issue_authority("Contoso Issuing CA")
        self.path = "/issuing.cer"
        self.url = aia.url(self.path)
        self.leaf = self.issuing.issue_leaf(names, aia=[self.url])
        self.roots, _ = self.root.write(folder, "root")
        self.key = folder / "leaf.key"
        self.key.write_text(self.leaf.key_pem)
        self.cache = folder / "cache"
        self.fix_log = folder / "fixes.jsonl"

    def chain(self, stem: str, *entities: Entity) -> Path:
        path = self.folder / f"{stem}.pem"
        path.write_text(chain_pem(*entities))
        return path

    @property
    def leaf_alone(self) -> Path:
        return self.chain("leaf-alone", self.leaf)

    @property
    def complete(self) -> Path:
        return self.chain("complete", self.leaf, self.issuing)

    @property
    def mended(self) -> list[str]:
        """Returns the hashes of the complete chain."""
        return [self.leaf.sha256, self.issuing.sha256]

    def settings(self, **more: object) -> dict[str, object]:
        """The [chainmend] section that fits this world."""
        return {"roots": f"demo={self.roots}", "cache": self.cache, "fix_log": self.fix_log, "workers": WORKERS,
                "fetch_allow": "127.0.0.1", **more}

    def check_flags(self) -> list[str]:
        return ["--roots", f"demo={self.roots}", "--cache", str(self.cache), "--fetch-allow", "127.0.0.1"]


@pytest.fixture
def world(tmp_path: Path, aia: AiaServer) -> World:
    """`aia` has the intermediate."""
    from aia_server import body
    made = World(tmp_path, aia, [NAME])
    aia.route(made.path, body(made.issuing.der))
    return made
