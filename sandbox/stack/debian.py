"""Fetches packages from Debian's archive without installing them, from wherever this machine gets Debian itself."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from sandbox.stack.paths import StackError

APT = Path("/etc/apt")
OFFICIAL_SUITES = {"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"}
OPTION_FIELDS = {"arch": "architectures", "signed-by": "signed-by", "trusted": "trusted"}


def _stanzas_of_deb822(text: str) -> Iterable[dict[str, str]]:
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        fields = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", "\n".join(lines), flags=re.MULTILINE)
        if fields:
            yield {name.lower(): value.rstrip() for name, value in fields}


def _stanzas_of_one_line_format(text: str) -> Iterable[dict[str, str]]:
    for kind, options, uri, suite, components in re.findall(
        r"^[ \t]*(deb)[ \t]+(?:\[([^\]]*)\][ \t]+)?(\S+)[ \t]+(\S+)[ \t]+([^#\n]+)", text, flags=re.MULTILINE
    ):
        given = [option.partition("=") for option in options.split()]
        known = {OPTION_FIELDS[name]: value for name, _, value in given if name in OPTION_FIELDS}
        yield {"types": kind, "uris": uri, "suites": suite, "components": components, **known}


def debian_sources(apt: Path, codename: str, suites: Sequence[str]) -> list[str]:
    """Return deb822 stanzas for other ``suites`` of the archives this machine installs Debian from, likeliest first.

    :param apt: the configuration folder, ``/etc/apt``.
    :param codename: of the installed release, which tells Debian's own entries from those of third parties.
    """
    stanzas: list[dict[str, str]] = []
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.suffix == ".sources":
            stanzas.extend(_stanzas_of_deb822(path.read_text()))
        elif path.suffix == ".list" and path.exists():
            stanzas.extend(_stanzas_of_one_line_format(path.read_text()))
    official = [
        stanza
        for stanza in stanzas
        if "deb" in stanza.get("types", "").split()
        and stanza.get("enabled", "yes").lower() not in {"no", "false"}
        and "main" in stanza.get("components", "").split()
        and {codename, *OFFICIAL_SUITES} & set(stanza.get("suites", "").split())
    ]
    # A third party may call its suite and component by the same names; Debian's archives end in "/debian".
    official.sort(key=lambda stanza: not stanza["uris"].split()[0].rstrip("/").endswith("/debian"))
    texts = []
    for stanza in official:
        fields = {"types": "deb", "suites": " ".join(suites), "components": "main"}
        fields.update((name, stanza[name]) for name in ("uris", *OPTION_FIELDS.values()) if name in stanza)
        text = "".join(f"{name.title()}: {value}\n" for name, value in fields.items())
        if text not in texts:
            texts.append(text)
    return texts


def _installed_codename() -> str:
    match = re.search(r"^VERSION_CODENAME=(\S+)", Path("/etc/os-release").read_text(), flags=re.MULTILINE)
    return match.group(1) if match else "stable"


def _apt(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = {
        "Dir::Etc::sourcelist": folder / "debian.sources",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "3",
        # A mirror may lag behind the seven days that sid's lists are good for; their signature is checked all the same.
        "Acquire::Check-Valid-Until": "false",
    }
    command = ["apt-get", "-qq", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def unpack_packages(
    packages: Sequence[str],
    suites: Sequence[str],
    target: Path,
    leave_out: Sequence[str] = (),
    given: Path | None = None,
) -> None:
    """Unpack packages without their dependencies into ``target``; needs no root.

    :param packages: ``name/suite``, which is downloaded, or ``name``, which is in the folder ``given``.
    :param leave_out: tar patterns of files that are not wanted.
    :raises StackError: when no Debian source is configured, or the folder lacks a package, or apt's own message.
    """
    archives = [_given(package, given) for package in packages if "/" not in package]
    with tempfile.TemporaryDirectory(prefix="tiktok-odoo-apt-") as name:
        folder = Path(name)
        if downloads := [package for package in packages if "/" in package]:
            _download(downloads, suites, folder)
        _unpack([*archives, *sorted(folder.glob("*.deb"))], target, leave_out)


def _given(package: str, folder: Path | None) -> Path:
    found = sorted(folder.glob(f"{package}_*.deb")) if folder else []
    if not found:
        raise StackError(
            f"Debian carries {package} no more: put {package}_*.deb, from a Debian or Ubuntu that has it, into"
            " a folder, and set ODOO_PACKAGES to that folder."
        )
    return found[-1]


def _download(packages: Sequence[str], suites: Sequence[str], folder: Path) -> None:
    stanzas = debian_sources(APT, _installed_codename(), suites)
    if not stanzas:
        raise StackError("No Debian source in /etc/apt: set ODOO_ROOT to the folder of an unpacked Odoo 19 instead.")
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    failures = []
    for stanza in stanzas:
        (folder / "debian.sources").write_text(stanza)
        for arguments in (["update", "--error-on=any"], ["download", *packages]):
            done = _apt(folder, *arguments)
            if done.returncode:
                failures.append(f"apt-get {' '.join(arguments)}: {done.stderr.strip()}")
                break
        else:
            return
    raise StackError(f"Debian's archive did not give {packages[0]}:\n" + "\n".join(failures))


def _unpack(archives: Sequence[Path], target: Path, leave_out: Sequence[str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    excludes = [f"--exclude={pattern}" for pattern in leave_out]
    for archive in archives:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as unpacker:
            subprocess.run(["tar", "-x", "-C", target, *excludes], stdin=unpacker.stdout, check=True)
        if unpacker.returncode:
            raise StackError(f"{archive.name} cannot be unpacked; is the disk full?")
