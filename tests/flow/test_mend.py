"""mend: a certificate file in, the mended chain out as PEM, findings beside it."""

import json

import pytest
from conftest import NAME
from pki import chain_pkcs7, sha256_of_pem_chain


def mend(program, world, *arguments):
    return program.command("mend", *arguments, *world.check_flags())


def test_the_mended_chain_goes_to_stdout_and_the_findings_to_stderr(program, world):
    result = mend(program, world, world.leaf_alone)
    assert result.returncode == 0, result
    assert sha256_of_pem_chain(result.stdout) == world.mended
    assert "missing_intermediate" in result.stderr


def test_exit_code_tells_a_change(program, world):
    assert mend(program, world, world.leaf_alone, "--exit-code").returncode == 1
    assert mend(program, world, world.complete, "--exit-code").returncode == 0


def test_out_is_written_whole(program, world, tmp_path):
    out = tmp_path / "out.pem"
    result = mend(program, world, world.leaf_alone, "-o", out)
    assert result.returncode == 0, result
    assert result.stdout == ""
    assert sha256_of_pem_chain(out.read_text()) == world.mended
    leftovers = [path.name for path in tmp_path.iterdir() if path.name.startswith("out.pem") and path != out]
    assert leftovers == []


@pytest.mark.parametrize("content", [b"", b"no certificate here\n", bytes(range(256)) * 64],
                         ids=["empty", "words", "binary"])
def test_out_is_untouched_when_there_is_nothing_to_mend(program, world, tmp_path, content):
    out, source = tmp_path / "out.pem", tmp_path / "in.pem"
    out.write_text("what was there\n")
    source.write_bytes(content)
    result = mend(program, world, source, "-o", out)
    assert result.returncode == 3, result
    assert out.read_text() == "what was there\n"
    assert result.stderr.startswith("chainmend: ")
    assert "in.pem" in result.stderr


@pytest.mark.parametrize("order", ["issuing leaf", "root issuing leaf", "leaf root issuing"])
def test_the_leaf_is_found_whatever_the_order(program, world, order):
    entities = [{"leaf": world.leaf, "root": world.root, "issuing": world.issuing}[word] for word in order.split()]
    result = mend(program, world, world.chain("any", *entities), "--key", world.key)
    assert result.returncode == 0, result
    assert sha256_of_pem_chain(result.stdout) == world.mended


@pytest.mark.parametrize("with_key", [True, False])
@pytest.mark.parametrize("order", ["issuing leaf", "root issuing leaf"])
def test_a_leaf_that_does_not_stand_first_is_told(program, world, order, with_key):
    """Takes a file with the root first, as many CAs offer for download. A server with such a file does not start."""
    entities = [{"leaf": world.leaf, "root": world.root, "issuing": world.issuing}[word] for word in order.split()]
    key = ["--key", world.key] if with_key else []
    result = mend(program, world, world.chain("reversed", *entities), "--json", "--exit-code", *key)
    assert result.returncode == 1, result
    report = json.loads(result.stdout)
    assert [certificate["sha256"] for certificate in report["served"]] == [entity.sha256 for entity in entities]
    assert [certificate["sha256"] for certificate in report["mended"]] == world.mended
    assert report["changed"]
    (finding,) = [finding for finding in report["findings"] if finding["code"] == "wrong_order"]
    assert (finding["severity"], finding["action"]) == ("fixed", "reordered")
    assert f"place {len(entities)} " in finding["message"]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nsomething else\n"])
def test_a_password_is_the_first_line_of_its_file(program, world, tmp_path, ending):
    key, password = tmp_path / "encrypted.key", tmp_path / "password"
    key.write_text(world.leaf.encrypted_key_pem("correct horse"))
    password.write_bytes(f"correct horse{ending}".encode())
    result = mend(program, world, world.complete, "--key", key, "--key-password-file", password)
    assert result.returncode == 0, result


@pytest.mark.parametrize("words, advice", [(None, "give the password with --key-password-file"),
                                           ("wrong\n", "look whether --key-password-file names the right file")])
def test_a_password_that_is_missing_or_wrong_is_told(program, world, tmp_path, words, advice):
    key, password = tmp_path / "encrypted.key", tmp_path / "password"
    key.write_text(world.leaf.encrypted_key_pem("correct horse"))
    password.write_text(words or "")
    option = ["--key-password-file", password] if words is not None else []
    result = mend(program, world, world.complete, "--key", key, *option)
    assert result.returncode == 3, result
    assert result.stderr.startswith(f"chainmend: {key}: ") and advice in result.stderr


@pytest.mark.parametrize("form", ["der", "pkcs7"])
def test_the_other_forms_are_read_too(program, world, tmp_path, form):
    source = tmp_path / "leaf.cer"
    source.write_bytes(world.leaf.der if form == "der" else chain_pkcs7(world.leaf))
    result = mend(program, world, source)
    assert result.returncode == 0, result
    assert sha256_of_pem_chain(result.stdout) == world.mended


def test_what_cannot_be_completed_is_written_as_far_as_it_goes(program, world):
    result = mend(program, world, world.leaf_alone, "--offline")
    assert result.returncode == 2, result
    assert sha256_of_pem_chain(result.stdout) == [world.leaf.sha256]
    assert "incomplete_chain" in result.stderr


def test_a_key_of_another_certificate_is_told(program, world, tmp_path):
    _, key = world.issuing.issue_leaf(["other.test"]).write(tmp_path, "other")
    result = mend(program, world, world.complete, "--key", key)
    assert result.returncode in (2, 3), result
    assert "key" in result.stderr


def test_the_same_input_gives_the_same_bytes(program, world):
    first = mend(program, world, world.leaf_alone)
    again = mend(program, world, world.leaf_alone)
    assert first.stdout == again.stdout
    assert world.aia.count() == 1, "the second time the cache has it"


def test_json_stands_alone_on_stdout(program, world):
    result = mend(program, world, world.leaf_alone, "--json", "--name", NAME)
    report = json.loads(result.stdout)
    assert [one["sha256"].replace(":", "").lower() for one in report["mended"]] == world.mended
    assert report["exit_status"] == result.returncode == 0


@pytest.mark.parametrize("arguments", [[], ["--no-such-option"], ["a.pem", "b.pem"]])
def test_wrong_usage_is_64(program, arguments):
    result = program.command("mend", *arguments)
    assert result.returncode == 64, result
    assert result.stderr.startswith("chainmend: ")


def test_an_out_that_cannot_be_written_is_told(program, world, tmp_path):
    result = mend(program, world, world.leaf_alone, "-o", tmp_path / "no-such-folder" / "out.pem")
    assert result.returncode == 3, result
    assert "no-such-folder" in result.stderr
