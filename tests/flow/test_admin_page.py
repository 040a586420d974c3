"""The admin page in a real browser: drawn in both lights and on a phone, without a script error, with nothing of a
certificate taken for markup, and with what axe-core asks of contrast, landmarks and names.

The pictures stay in build/pictures, to be looked at. Chromium comes from Debian; axe-core comes from npm, is checked by
its digest and kept in .deps. Without npm the test says so and is skipped; anything else that is missing fails it in CI.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from browser import Browser, find_chromium
from conftest import ROOT
from program import free_port
from shop_window import HOSTILE, ShopWindow

CARDS = "[...document.querySelectorAll('article.card')]"
AXE = "axe-core-4.10.3"
AXE_SHA512 = ("5e6edba515e70d25f6604d9815f064d859c5d1ea7ab661bbc4f87c88779ef0c2"
              "1cae0abbeb636471ef39e9d62d2582e4b88a1866f19f4ecfcf6d986275e4dc12")
PICTURES = ROOT / "build" / "pictures"
UNDER_CI = os.environ.get("CI") == "true"  # read before the fixtures clean the environment
LOOKS = {"light": (1280, 2400, False, False), "dark": (1280, 2400, True, False), "phone": (390, 2400, False, True),
         "phone-dark": (390, 2400, True, True)}


def missing(what: str) -> None:
    if UNDER_CI:
        pytest.fail(what)
    pytest.skip(what)


def axe_script() -> str:
    """From .deps, else from npm."""
    kept = ROOT / ".deps" / f"{AXE}.tgz"
    if not kept.exists() and not shutil.which("npm"):
        pytest.skip(f"there is no npm to get {AXE} by: contrast and landmarks of the page were not checked")
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        name, version = AXE.rsplit("-", 1)
        subprocess.run(["npm", "pack", "--silent", f"{name}@{version}", "--pack-destination", str(kept.parent)],
                       capture_output=True, check=False, timeout=120)
    if not kept.exists():
        missing(f"npm did not give {AXE}: contrast and landmarks were not checked")
    if hashlib.sha512(kept.read_bytes()).hexdigest() != AXE_SHA512:
        kept.unlink()
        pytest.fail(f"{kept} was not what it should be, and is gone")
    with tarfile.open(kept) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


@pytest.fixture
def browser(tmp_path: Path):
    if find_chromium() is None:
        missing("there is no Chromium here: the page was not drawn")
    with Browser(tmp_path / "browser") as running:
        yield running


@pytest.fixture
def window(program, tmp_path, aia):
    folder = tmp_path / "window"
    folder.mkdir()
    with ShopWindow(folder, aia) as shown:
        shown.admin = free_port()
        running = program.run(shown.settings(admin=f"127.0.0.1:{shown.admin}"), shown.sites(), [shown.admin])
        running.wait_for_fix("missing_intermediate", site="mail", subject_of="certificate")
        shown.wait_mended()
        for name in ("mail", "mail", "shop"):
            shown.visit(name)
        shown.reject("mail")
        shown.running = running
        yield shown


def draw(browser: Browser, admin: int, look: str) -> None:
    browser.look(*LOOKS[look])
    browser.open(f"http://127.0.0.1:{admin}/")
    browser.wait("location.pathname === '/' && document.querySelectorAll('article.card').length === 4")


def violations(browser: Browser) -> dict[str, list[str]]:
    script = ("axe.run(document, {resultTypes: ['violations']}).then((result) => JSON.stringify(Object.fromEntries("
              "result.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 200))]))))")
    found: dict[str, list[str]] = json.loads(browser.run(script))
    return found


def test_the_page_as_people_see_it(browser, window):
    axe = axe_script()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for look, (width, *_) in LOOKS.items():
        draw(browser, window.admin, look)
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        browser.picture(PICTURES / f"admin-{look}.png", whole=False)
        assert browser.run("document.documentElement.scrollWidth") <= width, f"{look}: wider than the screen"
        browser.run(axe)
        wrong = violations(browser)
        assert wrong == {}, f"{look}: {json.dumps(wrong, indent=1)}"
    assert browser.complaints == []
    # It does look: what is planted is found.
    browser.run("document.querySelector('main').append(document.createElement('img'))")
    assert "image-alt" in violations(browser)


def test_the_page_says_what_is_so_and_takes_nothing_for_markup(browser, window):
    draw(browser, window.admin, "light")
    text = browser.run("document.body.innerText")
    words = browser.run(f"{CARDS}.map((one) => [one.querySelector('h3').textContent, one.classList[1]])")
    assert dict(words) == {"mail": "mended", "shop": "good", "archive": "attention", "legacy": "broken"}
    assert words[0][0] == "legacy"  # the worst first
    assert browser.run("document.querySelector('#headline').innerText") == (
        "1 site is broken for clients; 1 site needs a look; 1 site is mended: clients accept what chainmend sends.")
    assert HOSTILE in text
    assert browser.run("document.querySelectorAll('main img, main script').length") == 0
    assert browser.run("document.title").endswith("chainmend") and "broken in" not in browser.run("document.title")
    mail = card("mail")
    assert browser.run(f"{mail}.querySelectorAll('.link.added .name').length") == 1
    assert browser.run(f"{mail}.querySelector('.link.added .name').textContent") == "Northwind Issuing CA 3"
    assert browser.run(f"{mail}.querySelector('.link.gap').textContent") == "missing here: Northwind Issuing CA 3"
    assert "old.northwind.test not covered" in text and "What to do" in text.replace("WHAT TO DO", "What to do")
    accepted = "Number(/([0-9]+) since the start/.exec(document.querySelector('#summary').innerText)[1])"
    before = browser.run(accepted)
    window.visit("shop")
    browser.wait(f"{accepted} > {before}")  # by itself
    browser.run("(() => { const box = document.querySelector('#filter'); box.value = 'SHOP.northwind'; "
                "box.dispatchEvent(new Event('input')); })()")
    assert browser.run(f"{CARDS}.filter((one) => !one.hidden).length") == 1
    assert browser.complaints == []


def card(name: str) -> str:
    return f"{CARDS}.find((one) => one.querySelector('h3').textContent === '{name}')"


def test_who_reads_is_not_disturbed_and_learns_when_nobody_answers(browser, window):
    draw(browser, window.admin, "light")
    advice = f"{card('mail')}.querySelector('.advice')"
    browser.run(f"getSelection().selectAllChildren({advice}); window.marked = {advice}")
    before = browser.run("document.querySelector('#summary').innerText")
    window.reject("mail")
    browser.wait(f"document.querySelector('#summary').innerText !== {json.dumps(before)}")
    assert browser.run(f"window.marked === {advice} && getSelection().toString().length > 10")  # to be copied
    pulse = "document.querySelector('#stale').hidden && document.querySelector('#pulse').className"
    assert browser.run(pulse) == "pulse live"
    window.running.stop()
    browser.wait("!document.querySelector('#stale').hidden")
    said = browser.run("document.querySelector('#stale').innerText")
    assert said.startswith("chainmend does not answer. What is below was so at 20") and "UTC" in said
    assert browser.run("document.querySelector('#pulse').innerText") == "no answer"
    assert browser.run("document.querySelectorAll('article.card').length") == 4  # the last that is known


def test_many_sites_are_an_overview(browser, program, tmp_path, aia):
    """Long names, a name that would turn the direction of writing, a certificate that does not come."""
    axe = axe_script()
    folder = tmp_path / "crowd"
    folder.mkdir()
    long_name = "mail-in-the-cellar-of-the-old-town-hall"
    with ShopWindow(folder, aia, private_name="Root \u202egnp.exe") as shown:
        admin = free_port()
        sites = shown.sites()
        good = {**sites["shop"], "hostnames": "shop.northwind.test"}
        for number in range(45):
            sites[f"{long_name}-{number}"] = {**good, "listen": f"127.0.0.1:{free_port()}"}
        sites["waiting"] = {**good, "listen": f"127.0.0.1:{free_port()}", "certificate": "backend",
                            "backend": f"tls://127.0.0.1:{shown.dead_port}", "backend_name": "shop.northwind.test"}
        program.run(shown.settings(admin=f"127.0.0.1:{admin}"), sites, [admin])
        shown.wait_mended()
        for look in ("light", "dark", "phone"):
            browser.look(*LOOKS[look])
            browser.open(f"http://127.0.0.1:{admin}/")
            browser.wait(f"document.querySelectorAll('article.card').length === {len(sites)} && "
                         "document.querySelectorAll('article.good').length === 46")
            browser.picture(PICTURES / f"admin-crowd-{look}.png", whole=False)
            width = browser.run("document.documentElement.scrollWidth")
            assert width <= LOOKS[look][0], f"{look}: wider than the screen"
            browser.run(axe)
            assert violations(browser) == {}, look
        open_ones = browser.run("[...document.querySelectorAll('article.card')].filter((one) => "
                                "one.querySelector('.fold').open).map((one) => one.querySelector('h3').textContent)")
        # The dead backend is an error: that site needs somebody, too.
        assert set(open_ones) == {"legacy", "archive", "waiting"}
        folded = browser.run(f"{card(long_name + '-7')}.querySelector('summary').innerText")
        assert "0 findings" in folded and "the first certificate expires in" in folded
        assert "Waits for the certificate" in browser.run(f"{card('waiting')}.innerText")
        text = browser.run("document.body.innerText")
        assert "\u202e" not in text and "Root \ufffdgnp.exe" in text
        browser.run(f"{card(long_name + '-7')}.querySelector('.fold').open = true")
        updated = browser.run("document.documentElement.dataset.drawn")
        browser.wait(f"document.documentElement.dataset.drawn !== '{updated}'")
        assert browser.run(f"{card(long_name + '-7')}.querySelector('.fold').open")  # what a person opened stays
        for wanted, count in (("-cellar-", 45), ("broken", 2), ("no such thing", 0)):
            browser.run(f"(() => {{ const box = document.querySelector('#filter'); box.value = '{wanted}'; "
                        "box.dispatchEvent(new Event('input')); })()")
            assert browser.run(f"{CARDS}.filter((one) => !one.hidden).length") == count
        assert "No site has no such thing in it." in browser.run("document.querySelector('#found').innerText")
        assert browser.complaints == []
