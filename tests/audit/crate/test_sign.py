"""A signature of the crate says who vouches for all of it, and does not survive a change."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ntcspec.audit.sign import sign, signed_by
from ntcspec.cli import main
from ntcspec.errors import UserError
from ntcspec.plan import CRATE

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="OpenSSH's client is not installed")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", tmp_path / "key"], check=True)
    return tmp_path / "key"


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    path = tmp_path / "ro-crate-metadata.json"
    path.write_text("{}")
    return path


def fingerprint(key: Path) -> str:
    done = subprocess.run(["ssh-keygen", "-lf", key], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


def test_the_key_is_named_and_whose_it_is_where_that_is_known(crate: Path, key: Path, tmp_path: Path) -> None:
    assert signed_by(crate, None) == ("", True)
    assert fingerprint(key) in sign(crate, key)
    words, good = signed_by(crate, None)
    assert good and fingerprint(key) in words and "not checked" in words
    signers = tmp_path / "signers"
    signers.write_text(f"me@example.org {key.with_suffix('.pub').read_text()}")
    words, good = signed_by(crate, signers)
    assert good and words.startswith("signed by me@example.org with")


def test_a_changed_crate_is_not_signed(crate: Path, key: Path) -> None:
    sign(crate, key)
    crate.write_text("{ }")
    assert signed_by(crate, None)[1] is False


def test_a_key_that_nobody_named_is_not_good(crate: Path, key: Path, tmp_path: Path) -> None:
    sign(crate, key)
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"you@example.org {other.with_suffix('.pub').read_text()}")
    words, good = signed_by(crate, signers)
    assert not good and "does not name" in words


def test_a_signature_for_something_else_does_not_count(crate: Path, key: Path) -> None:
    command = ["ssh-keygen", "-Y", "sign", "-f", key, "-n", "file", crate]
    subprocess.run(command, check=True, capture_output=True)
    assert signed_by(crate, None)[1] is False


def test_where_signers_are_asked_for_no_signature_is_not_good(crate: Path, tmp_path: Path) -> None:
    (tmp_path / "signers").write_text("")
    assert signed_by(crate, tmp_path / "signers") == ("not signed", False)


def test_what_is_no_key_is_said(crate: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such key"):
        sign(crate, tmp_path / "nothing")
    (tmp_path / "bad").write_text("no key")
    (tmp_path / "bad").chmod(0o600)
    with pytest.raises(UserError, match="cannot sign"):
        sign(crate, tmp_path / "bad")


def test_a_signed_study_verifies_until_its_crate_changes(
    study: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", str(study), "--key", str(key)]) == 0
    assert main(["verify", str(study)]) == 0
    assert fingerprint(key) in capsys.readouterr().out
    crate = study / CRATE
    crate.write_text(crate.read_text() + "\n")  # the same JSON
    assert main(["verify", str(study)]) == 1
    assert "its signature is not one of this crate" in capsys.readouterr().err
