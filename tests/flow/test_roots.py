"""--roots: files, directories of audiences, and directories as openssl's CApath."""

import json

import pytest
from pki import Authority, chain_pem


def check(program, world, *roots):
    arguments = [word for path in roots for word in ("--roots", path)]
    return program.command("check", "--chain", world.complete, "--offline", "--cache", world.cache, "--json",
                           *arguments)


def stores(result):
    return {store["name"]: store["served_trusted"] for store in json.loads(result.stdout)["stores"]}


@pytest.fixture
def folder(world, tmp_path):
    """As /etc/ssl/certs: roots one by one, by name and by hash, and what is no root."""
    path = tmp_path / "clients"
    (path / "private").mkdir(parents=True)
    (path / "contoso.pem").write_text(world.root.pem)
    (path / "fabrikam.crt").write_bytes(Authority.root("Fabrikam Root CA").der)
    (path / "1a2b3c4d.0").symlink_to("fabrikam.crt")
    (path / "README").write_text("Put roots here.\n")
    return path


def test_a_directory_with_links_by_hash_is_one_store(program, world, folder):
    result = check(program, world, folder)
    assert result.returncode == 0, result
    assert stores(result) == {"clients": True}


def test_a_directory_without_them_is_a_store_a_file_unless_it_has_a_name(program, world, folder):
    (folder / "1a2b3c4d.0").unlink()
    assert stores(check(program, world, folder)) == {"contoso": True, "fabrikam": False}
    assert stores(check(program, world, f"ours={folder}/")) == {"ours": True}


def test_links_by_hash_may_be_all_there_is(program, world, folder):
    (folder / "contoso.pem").rename(folder / "0badcafe.0")
    assert stores(check(program, world, f"{folder}/")) == {"clients": True}


def test_each_of_several_is_asked(program, world, folder, tmp_path):
    strange = tmp_path / "strange.pem"
    strange.write_text(Authority.root("Strange Root CA").pem)
    result = check(program, world, folder, strange, world.roots)
    assert stores(result) == {"clients": True, "strange": False, "root": True}
    report = json.loads(result.stdout)
    assert (report["served_trusted"], result.returncode) == (False, 0)
    (finding,) = report["findings"]
    assert "strange" in finding["message"] and "clients" in finding["message"]


def test_stores_of_the_same_file_name_are_told_apart(program, world, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "root.pem").write_text(chain_pem(world.root))
    result = check(program, world, world.roots, tmp_path / "other" / "root.pem")
    assert stores(result) == {"root": True, "root-2": True}


@pytest.mark.parametrize("wrong, status, words", [
    (["a=/nowhere.pem"], 3, "/nowhere.pem"), (["/etc/hostname"], 3, "/etc/hostname"),
    (["{folder}/private"], 3, "no file"),
    ([""], 64, "--roots"), (["a="], 64, "a="), (["=a"], 64, "=a"), (["a={roots}", "a={folder}"], 64, "same name"),
    (["s{i}={roots}"] * 33, 64, "32"),
])
def test_what_is_no_store_is_told(program, world, folder, wrong, status, words):
    options = [text.format(folder=folder, roots=world.roots, i=i) for i, text in enumerate(wrong)]
    result = check(program, world, *options)
    assert result.returncode == status, result
    assert result.stderr.startswith("chainmend: ") and result.stderr.count("\n") == 1
    assert words in result.stderr
    assert (result.stdout == "") == (status == 64), "wrong usage gives no document, and a failed check gives one"


def test_what_cannot_be_read_in_a_directory_is_told_and_what_is_gone_is_not(program, world, folder):
    (folder / "gone.pem").symlink_to("nowhere.pem")
    assert stores(check(program, world, folder)) == {"clients": True}
    (folder / "circle.pem").symlink_to("circle.pem")
    result = check(program, world, folder)
    assert result.returncode == 3, result
    assert "Too many levels of symbolic links" in result.stderr
