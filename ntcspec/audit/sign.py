"""Sign a crate with an SSH key, and say whose signature it is. The crate holds the hash of every file: that is enough.

The signature is one of ssh-keygen (OpenSSH 8.2 or later) under the name `ntcspec`, in a file beside the crate. Without
ntcspec: ssh-keygen -Y check-novalidate -n ntcspec -s ro-crate-metadata.json.sig < ro-crate-metadata.json
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ntcspec.errors import UserError

SIGNATURE = ".sig"
NAME = "ntcspec"  # so that a signature given for something else does not count here


def sign(crate: Path, key: Path) -> str:
    """Write the signature of a crate beside it; returns what `signed_by` says of it.

    key: a private SSH key, or the public one of a key that the SSH agent holds.
    """
    if not key.is_file():
        raise UserError(str(key), "no such key", "name an SSH key; ssh-keygen -t ed25519 makes one")
    signature = crate.with_name(crate.name + SIGNATURE)
    signature.unlink(missing_ok=True)
    done = _ssh_keygen(["-Y", "sign", "-f", str(key), "-n", NAME, str(crate)], ask=True)
    if done.returncode or not signature.is_file():
        raise UserError(str(key), f"cannot sign ({_last(done.stderr)})", "name a private SSH key that you can unlock")
    return signed_by(crate, None)[0]


def signed_by(crate: Path, signers: Path | None) -> tuple[str, bool]:
    """Who signed a crate, in words, and whether the signature is good; ('', True) where there is none.

    signers: a file of names and public keys (`allowed_signers` of ssh-keygen); without it only the key is told.
    """
    signature = crate.with_name(crate.name + SIGNATURE)
    if not signature.is_file():
        return ("", True) if signers is None else ("not signed", False)
    checked = _ssh_keygen(["-Y", "check-novalidate", "-n", NAME, "-s", str(signature)], data=crate)
    found = re.search(r"with (\S+) key (SHA256:\S+)", checked.stdout)
    if checked.returncode or not found:
        return "its signature is not one of this crate; sign it again, or ask who changed it", False
    key = f"{found[1]} key {found[2]}"
    if signers is None:
        return f"signed with the {key}; whose it is was not checked (--signers)", True
    if not signers.is_file():
        raise UserError(str(signers), "no such file", "name a file of lines: NAME ssh-ed25519 AAAA...")
    named = _ssh_keygen(["-Y", "find-principals", "-f", str(signers), "-s", str(signature)])
    for name in named.stdout.split() if not named.returncode else ():
        asked = ["-Y", "verify", "-f", str(signers), "-I", name, "-n", NAME, "-s", str(signature)]
        if _ssh_keygen(asked, data=crate).returncode == 0:
            return f"signed by {name} with the {key}", True
    return f"signed with the {key}, which {signers} does not name", False


def _ssh_keygen(words: Sequence[str], data: Path | None = None, ask: bool = False) -> subprocess.CompletedProcess[str]:
    """Run ssh-keygen; it may ask for a passphrase only where `ask` says so."""
    source = data.open("rb") if data else None if ask else subprocess.DEVNULL
    try:
        return subprocess.run(["ssh-keygen", *words], stdin=source, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError("ssh-keygen", "is not installed", "install OpenSSH's client") from None
    finally:
        if data and source is not None and not isinstance(source, int):
            source.close()


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason given"
