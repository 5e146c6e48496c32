"""A newer C library out of Debian's next release, in a folder, with nothing installed.

`apt-get` is given sources, lists and archives of its own, so it needs no root and leaves the
machine's own as they are. The source is the machine's own Debian source with only the suite
changed: the same mirror, the same keys, signatures checked.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import LocalError

SUITE = "trixie"
PACKAGES = ("libc6", "libstdc++6", "libgcc-s1")
ADVICE = "set MONGODB_URI to a server of your own"


def fetch_libraries(folder: Path) -> None:
    """Download `PACKAGES` of `SUITE` and unpack them under `folder`; `LocalError` if it cannot."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise LocalError(
            "This machine's C library is older than the embedded MongoDB needs (glibc 2.38), "
            f"and there is no apt to fetch a newer one with: {ADVICE}."
        )
    source = next_source(Path("/etc/apt"))
    if source is None:
        raise LocalError(
            "This machine's C library is older than the embedded MongoDB needs (glibc 2.38), "
            f"and apt has no Debian source to fetch a newer one from: {ADVICE}."
        )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="apt-") as name:
        work = Path(name)
        for part in ("sources", "lists/partial", "cache/archives/partial", "debs"):
            (work / part).mkdir(parents=True)
        (work / "sources/next.sources").write_text(source)
        options = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": work / "sources",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": work / "sources",
            "Dir::State::Lists": work / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": work / "cache",
            "APT::Sandbox::User": "root",  # no step down to _apt: it may not see this folder
        }
        apt = ["apt-get", "-q", *(f"-o{key}={value}" for key, value in options.items())]
        _run([*apt, "update", "--error-on=any"], work / "debs")
        _run([*apt, "download", *PACKAGES], work / "debs")
        for package in sorted((work / "debs").glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(folder)], work)


def next_source(etc_apt: Path) -> str | None:
    """The machine's own Debian source as a deb822 stanza for `SUITE`; None if it has none."""
    for fields in _stanzas(etc_apt):
        uris = fields.get("uris", "").split()
        main = [uri for uri in uris if uri.rstrip("/").endswith("/debian")]
        if "deb" not in fields.get("types", "").split() or not main:
            continue
        signed = fields.get("signed-by")
        keys = f"Signed-By: {signed}\n" if signed else ""
        return (
            f"Types: deb\nURIs: {main[0]}\nSuites: {SUITE}\nComponents: main\n"
            f"Targets: Packages\n{keys}"
        )
    return None


def _stanzas(etc_apt: Path) -> Iterator[dict[str, str]]:
    """The machine's package sources, of both notations, as deb822 fields in lower case."""
    parts = etc_apt / "sources.list.d"
    for file in sorted(parts.glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", _without_comments(file)):
            # A line that begins with a space carries on the field before it (an inline key).
            fields = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
            yield {key.lower(): value.rstrip() for key, value in fields}
    for file in (etc_apt / "sources.list", *sorted(parts.glob("*.list"))):
        if not file.is_file():
            continue
        for line in _without_comments(file).splitlines():
            entry = re.match(r"(deb)\s+(?:\[(.*?)\]\s+)?(\S+)\s+\S+", line)
            if entry:
                signed = re.search(r"signed-by=(\S+)", entry[2] or "")
                yield {
                    "types": entry[1],
                    "uris": entry[3],
                    **({"signed-by": signed[1]} if signed else {}),
                }


def _without_comments(file: Path) -> str:
    return "\n".join(
        line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")
    )


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if line.startswith("E:")]
        reason = f" ({errors[0][:300]})" if errors else ""
        raise LocalError(
            f"A newer C library could not be fetched with {Path(command[0]).name}{reason}: "
            f"check the network and apt's sources, or {ADVICE}."
        )
