"""Odoo's program files: Debian's package unpacked into the cache (or ``ODOO_ROOT``), and its Python environment."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.stack.debian import unpack_packages
from sandbox.stack.paths import StackError, cache_folder
from sandbox.stack.releases import ODOO_19, OdooRelease, Patch

LIBRARIES = "usr/lib/python3/dist-packages"
TRANSLATIONS = ("*/addons/*/i18n/*",)  # two thirds of the package; English is built in


@dataclass(frozen=True)
class OdooPackage:
    """Where one Odoo's files are. ``script`` must be run by path: with worker processes Odoo starts it again itself."""

    release: OdooRelease
    python: Path
    script: Path
    libraries: Path
    startup: Path

    @property
    def python_path(self) -> str:
        """``PYTHONPATH`` of its processes."""
        return f"{self.startup}{os.pathsep}{self.libraries}"

    @property
    def fingerprint(self) -> str:
        """Changes when the Odoo is another one, so that a template database made by it is made again."""
        source = self.libraries / "odoo" / "release.py"
        return hashlib.sha256(f"{self.libraries}\n{source.read_text()}".encode()).hexdigest()


def ensure_odoo(release: OdooRelease = ODOO_19) -> OdooPackage:
    """Return a usable Odoo, downloading and installing what is missing in the cache.

    :raises StackError: when ``ODOO_ROOT`` holds no Odoo, or a download fails.
    """
    folder = release.folder(cache_folder(), "odoo")
    given = os.environ.get("ODOO_ROOT") if release == ODOO_19 else None
    if given and not (Path(given) / LIBRARIES / "odoo").is_dir():
        raise StackError(f"ODOO_ROOT={given} holds no {LIBRARIES}/odoo: set it to the folder of an unpacked Odoo 19.")
    with ThreadPoolExecutor() as pool:  # the download waits for the network while pip works
        root = pool.submit(lambda: Path(given).resolve() if given else _ensure_root(folder, release))
        python = pool.submit(_ensure_environment, folder, release)
        return _describe(release, root.result(), python.result(), folder)


def _describe(release: OdooRelease, root: Path, python: Path, folder: Path) -> OdooPackage:
    script = root / "usr/bin/odoo"
    if not script.exists():
        script = folder / "odoo"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("import odoo.cli\n\nif __name__ == '__main__':\n    odoo.cli.main()\n")
    startup = folder / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "sitecustomize.py").write_text(release.startup)
    return OdooPackage(release, python, script, root / LIBRARIES, startup)


def _ensure_root(folder: Path, release: OdooRelease) -> Path:
    root = folder / "root"
    stamp = folder / "root.stamp"
    wanted = json.dumps([release.packages, TRANSLATIONS, [asdict(patch) for patch in release.patches]])
    if not (stamp.exists() and stamp.read_text() == wanted and root.is_dir()):
        stamp.unlink(missing_ok=True)
        shutil.rmtree(root, ignore_errors=True)
        given = os.environ.get("ODOO_PACKAGES")
        unpack_packages(release.packages, release.suites, root, TRANSLATIONS, Path(given) if given else None)
        for patch in release.patches:
            _apply(root / LIBRARIES / "odoo", patch)
        stamp.write_text(wanted)
    return root


def _apply(folder: Path, patch: Patch) -> None:
    file = folder / patch.file
    text = file.read_text()
    if patch.old not in text:
        raise StackError(f"{file} is not the one that was known: {patch.old.strip()!r} is missing.")
    file.write_text(text.replace(patch.old, patch.new, 1))


def _ensure_environment(folder: Path, release: OdooRelease) -> Path:
    venv = folder / "venv"
    stamp = folder / "venv.stamp"
    python = venv / "bin" / "python"
    wanted = json.dumps([release.requirements, str(venv), sys.version_info[:2]])
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return python
    stamp.unlink(missing_ok=True)
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
    ]
    # The environment of the base interpreter, so that it survives when the project's own is made again.
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    make: list[str | Path] = [base, "-m", "venv", "--clear", venv]
    for command in (make, [*pip, *release.requirements]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"Odoo's Python environment cannot be made: {_without_warnings(done)}")
    stamp.write_text(wanted)
    return python


def _without_warnings(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if not line.startswith("WARNING"))
