"""mend --for: the steps for eight kinds of servers, read as an operator's shell would, and run where the tool is."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import NAME
from pki import NOW, DAY, sha256_of_pem_chain
from program import free_port

SERVERS = ["iis", "exchange", "nginx", "apache", "haproxy", "java", "f5", "netscaler"]
FILE_SERVERS = ["nginx", "apache", "haproxy", "java", "f5"]
STEM = "mail-contoso-test"


def repair(program, world, server, source=None, *more, out="out"):
    return program.command("mend", source or world.leaf_alone, "--for", server, "-o", world.folder / out, *more,
                           *world.check_flags())


def commands(text):
    """Without the lines for the configuration."""
    found, in_configuration = [], False
    for line in text.splitlines():
        if re.match(r"^    \S", line):
            if not in_configuration:
                found.append(line.strip())
        else:
            in_configuration = line.strip() == "In the configuration:"
    return found


def configuration(text):
    return [line.strip() for line in re.findall(r"(?<=In the configuration:\n)((?:    \S.*\n)+)", text)]


def files_in(folder):
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else {}


def thumbprint(entity):
    shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha1"], input=entity.pem, text=True,
                           capture_output=True, check=True).stdout
    return shown.split("=")[1].strip().replace(":", "")


@pytest.mark.parametrize("server", SERVERS)
def test_every_file_that_a_command_names_is_there_and_only_those(program, world, server):
    result = repair(program, world, server)
    assert result.returncode == 0, result
    written = files_in(world.folder / "out")
    text = "\n".join(commands(result.stdout) + configuration(result.stdout))
    named = set(re.findall(r"[a-z0-9-]+\.(?:cer|pem)", text))
    assert set(written) and set(written) <= named
    assert named - set(written) <= {f"{STEM}-bundle.pem", f"{STEM}.pem"}, "what the operator makes"
    known = {world.leaf.sha256, world.issuing.sha256, world.root.sha256}
    for name, pem in written.items():
        assert set(sha256_of_pem_chain(pem)) <= known and "PRIVATE" not in pem
        assert f"  {name} (written)" in result.stdout
    assert commands(result.stdout)[-1] == f"chainmend check {NAME}"
    assert "missing_intermediate" in result.stderr


@pytest.mark.parametrize("server", SERVERS)
def test_a_good_chain_has_nothing_to_be_done(program, world, server):
    result = repair(program, world, server, world.complete)
    assert result.returncode == 0, result
    assert "Nothing has to be done" in result.stdout
    assert commands(result.stdout) == [] and not (world.folder / "out").exists()


@pytest.mark.parametrize("server", SERVERS)
def test_what_no_chain_can_repair_is_said_too(program, world, server):
    expired = world.issuing.issue_leaf([NAME], not_before=NOW - 90 * DAY, not_after=NOW - DAY, aia=[world.url])
    result = repair(program, world, server, world.chain("expired", expired), "--name", "other.test")
    assert result.returncode == 2, result
    assert commands(result.stdout), "the chain is repaired all the same"
    errors = result.stdout.split("What no chain can repair:")[1]
    assert "expired" in errors and "other.test" in errors
    result = repair(program, world, server, world.chain("whole", expired, world.issuing), out="none")
    assert result.returncode == 2 and commands(result.stdout) == [], result
    assert "cannot be made better" in result.stdout and "expired" in result.stdout


def test_iis_has_each_certificate_in_its_store(program, world):
    old = world.root.issue_authority("Contoso Issuing CA", key=world.issuing.key, not_before=NOW - 90 * DAY,
                                     not_after=NOW - DAY)
    for server in ("iis", "exchange"):
        result = repair(program, world, server, world.chain("stale", world.leaf, old), out=server)
        lines = commands(result.stdout)
        written = files_in(world.folder / server)
        added = {line.split()[2]: line.split()[3] for line in lines if line.startswith("certutil -addstore ")}
        assert sha256_of_pem_chain(written[added["CA"]]) == [world.issuing.sha256]
        assert sha256_of_pem_chain(written[added["Root"]]) == [world.root.sha256]
        assert f"certutil -delstore CA {thumbprint(old)}" in lines
        assert f"certutil -store Root {thumbprint(world.root)}" in lines
        assert "iisreset /noforce" in lines
        assert any(thumbprint(world.leaf) in line for line in lines)
    assert f"Enable-ExchangeCertificate -Thumbprint {thumbprint(world.leaf)} -Services IIS" in lines


@pytest.mark.parametrize("server", SERVERS)
def test_order_alone_concerns_those_that_send_a_file(program, world, server):
    policy = world.root.issue_authority("Contoso Policy CA")
    issuing = policy.issue_authority("Contoso Second CA")
    leaf = issuing.issue_leaf([NAME])
    result = repair(program, world, server, world.chain("order", leaf, policy, issuing))
    assert result.returncode == 0, result
    if server in FILE_SERVERS:
        assert commands(result.stdout)
    else:
        assert commands(result.stdout) == [] and "puts the chain together itself" in result.stdout


def test_netscaler_links_are_undone_and_made(program, world):
    old = world.root.issue_authority("Contoso Issuing CA", key=world.issuing.key, not_before=NOW - 90 * DAY,
                                     not_after=NOW - DAY)
    lines = commands(repair(program, world, "netscaler", world.chain("stale", world.leaf, old)).stdout)
    name = f"contoso-issuing-ca-{world.issuing.sha256[:8]}"
    assert f"add ssl certKey {name} -cert {name}.cer" in lines
    assert lines.index("unlink ssl certKey CERTKEY") < lines.index(f"link ssl certKey CERTKEY {name}")
    assert "save ns config" in lines
    assert len(name) <= 31
    lines = commands(repair(program, world, "netscaler", world.chain("root", world.leaf, world.issuing, world.root),
                            out="none").stdout)
    assert "unlink ssl certKey CERTKEY-OF-contoso-issuing-ca" in lines
    assert not any(line.startswith("link ") for line in lines)


def test_f5_gets_the_issuers_without_the_leaf(program, world):
    result = repair(program, world, "f5")
    assert sha256_of_pem_chain((world.folder / "out" / f"{STEM}-intermediates.pem").read_text()) == [
        world.issuing.sha256]
    assert (f"tmsh modify ltm profile client-ssl PROFILE cert-key-chain modify {{ ENTRY {{ chain "
            f"{STEM}-intermediates.crt }} }}") in commands(result.stdout)


def test_apache_of_both_kinds(program, world):
    result = repair(program, world, "apache")
    written = files_in(world.folder / "out")
    assert sha256_of_pem_chain(written[f"{STEM}-chain.pem"]) == world.mended
    assert sha256_of_pem_chain(written[f"{STEM}.pem"] + written[f"{STEM}-intermediates.pem"]) == world.mended
    lines = "\n".join(configuration(result.stdout))
    assert lines.count("SSLCertificateFile ") == 2 and lines.count("SSLCertificateChainFile ") == 1


def test_openssl_accepts_what_is_written(program, world):
    repair(program, world, "apache")
    out = world.folder / "out"
    subprocess.run(["openssl", "verify", "-CAfile", world.roots, "-untrusted", out / f"{STEM}-intermediates.pem",
                    out / f"{STEM}.pem"], check=True, capture_output=True)


def test_the_haproxy_bundle_is_made_as_said(program, world):
    result = repair(program, world, "haproxy")
    out = world.folder / "out"
    line = next(line for line in commands(result.stdout) if "KEY" in line)
    subprocess.run(["sh", "-ec", line.replace("KEY", str(world.key))], cwd=out, check=True)
    bundle = out / f"{STEM}-bundle.pem"
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert sha256_of_pem_chain(bundle.read_text()) == world.mended and "PRIVATE KEY" in bundle.read_text()
    haproxy = shutil.which("haproxy")
    if haproxy is not None:
        (out / "haproxy.cfg").write_text(f"defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
                                         f"frontend a\n bind 127.0.0.1:{free_port()} ssl crt {bundle}\n mode tcp\n")
        subprocess.run([haproxy, "-c", "-f", out / "haproxy.cfg"], check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") is None, reason="no nginx")
def test_nginx_takes_the_file(program, world):
    result = repair(program, world, "nginx")
    out = world.folder / "out"
    line = configuration(result.stdout)[0].replace("/etc/nginx/ssl", str(out))
    config = world.folder / "nginx.conf"
    config.write_text(f"pid {world.folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n access_log off;\n"
                      f" client_body_temp_path {world.folder}/b; proxy_temp_path {world.folder}/p;\n"
                      f" fastcgi_temp_path {world.folder}/f; uwsgi_temp_path {world.folder}/u;\n"
                      f" scgi_temp_path {world.folder}/s;\n server {{\n  listen 127.0.0.1:1 ssl;\n  {line}\n"
                      f"  ssl_certificate_key {world.key};\n }}\n}}\n")
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    said = subprocess.run([nginx, "-t", "-c", config], capture_output=True, text=True, check=False)
    assert "syntax is ok" in said.stderr and "[emerg] cannot load" not in said.stderr, said.stderr
    assert "SSL" not in said.stderr and "certificate" not in said.stderr, said.stderr


@pytest.mark.skipif(shutil.which("keytool") is None, reason="no Java")
@pytest.mark.parametrize("issued_by", ["intermediate", "root"])
def test_keytool_takes_the_chain_under_the_keys_alias(program, world, issued_by):
    store = world.folder / "keystore.p12"
    leaf = world.leaf if issued_by == "intermediate" else world.root.issue_leaf([NAME])
    served = world.chain("served", leaf) if issued_by == "intermediate" else world.chain("served", leaf, world.root)
    certificate, key = leaf.write(world.folder, "java")
    subprocess.run(["openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-name", "tomcat", "-out", store,
                    "-passout", "pass:changeit"], check=True, capture_output=True)
    result = repair(program, world, "java", served)
    said = ""
    for line in commands(result.stdout)[:-1]:
        if " > " in line:
            subprocess.run(["sh", "-ec", line], cwd=world.folder / "out", check=True)
            continue
        words = [{"ALIAS": "tomcat", "KEYSTORE": str(store), "KEYSTORE.before": str(store) + ".before"}.get(word, word)
                 for word in line.split()]
        if words[0] == "keytool":
            words += ["-storepass", "changeit"]
        done = subprocess.run(words, cwd=world.folder / "out", capture_output=True, text=True, check=True,
                              stdin=subprocess.DEVNULL)
        said += done.stdout + done.stderr
    assert (world.folder / "keystore.p12.before").exists()
    if issued_by == "root":
        assert "reply was installed" in said, said
    else:
        assert "Certificate chain length: 2" in said and "chain length: 2" in result.stdout, said
        assert "Owner: CN=Contoso Issuing CA" in said


def test_no_file_is_written_over(program, world):
    assert repair(program, world, "iis").returncode == 0
    again = repair(program, world, "iis")
    assert again.returncode == 0 and again.stdout.count("(there already, the same)") == 2, again
    before = files_in(world.folder / "out")
    mine = next(path for path in (world.folder / "out").iterdir() if "root" in path.name)
    mine.write_text("mine\n")
    for path in (world.folder / "out").iterdir():
        if path != mine:
            path.unlink()
    result = repair(program, world, "iis")
    assert result.returncode == 3 and mine.name in result.stderr and "-o" in result.stderr, result
    assert result.stdout == ""
    assert files_in(world.folder / "out") == {mine.name: "mine\n"}, "not the other one either"
    assert before[mine.name] != "mine\n"


def test_without_a_directory_it_makes_one_of_a_telling_name(program, world):
    result = program.command("mend", world.leaf_alone, "--for", "nginx", *world.check_flags(), cwd=world.folder)
    assert result.returncode == 0, result
    made = world.folder / f"{STEM}-for-nginx"
    assert list(files_in(made)) == [f"{STEM}-chain.pem"] and made.name in result.stdout


def test_what_cannot_be_written_is_told(program, world):
    result = repair(program, world, "nginx", out="no/such")
    assert result.returncode == 3 and "no/such" in result.stderr and result.stdout == "", result
    (world.folder / "plain").write_text("")
    assert repair(program, world, "nginx", out="plain").returncode == 3


def test_exit_code_tells_a_change(program, world):
    assert repair(program, world, "iis", None, "--exit-code").returncode == 1
    assert repair(program, world, "iis", world.complete, "--exit-code").returncode == 0


@pytest.mark.parametrize("arguments", [["--for", "IIS"], ["--for", "tomcat"], ["--for"], ["--for", "iis", "--json"]])
def test_wrong_usage_is_64(program, world, arguments):
    result = program.command("mend", world.leaf_alone, *arguments)
    assert result.returncode == 64 and result.stderr.startswith("chainmend: "), result


def test_a_hostile_subject_stays_out_of_the_commands(program, world):
    evil = "x\n    certutil -addstore Root evil.cer\n`reboot`"
    issuing = world.root.issue_authority(evil)
    extra = world.folder / "extra.pem"
    extra.write_text(issuing.pem)
    assert program.command("cache", "import", extra, "--cache", world.cache).returncode == 0
    leaf = issuing.issue_leaf(["a.test", "$(reboot).test"], common_name="$(reboot);reboot")
    for server in SERVERS:
        result = repair(program, world, server, world.chain("evil", leaf), out=server)
        assert result.returncode == 0, result
        for line in commands(result.stdout) + configuration(result.stdout):
            assert "evil.cer" not in line and "`" not in line and "$" not in line and ";reboot" not in line, line
