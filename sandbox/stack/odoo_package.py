"""Odoo 19's program files: Debian's package unpacked into the cache (or ``ODOO_ROOT``), and its Python environment."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sandbox.stack.debian import unpack_packages
from sandbox.stack.paths import StackError, cache_folder

# The web pages link to files of the packages after the first. Odoo 19 uses Font Awesome 4's file names, which the
# package of the suite sid no longer has.
PACKAGES = (
    "odoo-19/sid",
    "libjs-jquery/sid",
    "libjs-jquery-form/sid",
    "libjs-underscore/sid",
    "fonts-font-awesome/bookworm",
    "fonts-roboto-unhinted/sid",
    "fonts-montserrat/sid",
    "fonts-inconsolata/sid",
    "fonts-ocr-b/sid",
)
LIBRARIES = "usr/lib/python3/dist-packages"
SUITES = ("sid", "bookworm")
TRANSLATIONS = ("*/addons/*/i18n/*",)  # two thirds of the package; English is built in
REQUIREMENTS = (
    "asn1crypto<2",
    "Babel<3",
    "beautifulsoup4<5",
    "cbor2<7",
    "chardet<8",
    "cryptography",
    "docutils<1",
    "geoip2<6",
    "gevent",
    "greenlet<4",
    "idna<4",
    "Jinja2<4",
    "libsass<1",
    "lxml<7",
    "lxml-html-clean<1",
    "MarkupSafe<4",
    "num2words<1",
    "passlib<2",
    "Pillow",
    "polib<2",
    "psutil<8",
    "psycopg2-binary<3",
    "pyOpenSSL",
    "pypdf<8",
    "python-dateutil<5",
    "python-stdnum<3",
    "pytz",
    "qrcode<9",
    "reportlab<6",
    "requests<3",
    "rjsmin<2",
    "urllib3<3",
    "vobject<1",
    "Werkzeug<3.2",
)


@dataclass(frozen=True)
class OdooPackage:
    """Where one Odoo's files are. ``script`` must be run by path: with worker processes Odoo starts it again itself."""

    python: Path
    script: Path
    libraries: Path

    @property
    def fingerprint(self) -> str:
        """Changes when the Odoo is another one, so that a template database made by it is made again."""
        release = self.libraries / "odoo" / "release.py"
        return hashlib.sha256(f"{self.libraries}\n{release.read_text()}".encode()).hexdigest()


def ensure_odoo() -> OdooPackage:
    """Return a usable Odoo, downloading and installing what is missing in the cache.

    :raises StackError: when ``ODOO_ROOT`` holds no Odoo, or a download fails.
    """
    folder = cache_folder() / "odoo"
    given = os.environ.get("ODOO_ROOT")
    if given and not (Path(given) / LIBRARIES / "odoo").is_dir():
        raise StackError(f"ODOO_ROOT={given} holds no {LIBRARIES}/odoo: set it to the folder of an unpacked Odoo 19.")
    with ThreadPoolExecutor() as pool:  # the download waits for the network while pip works
        root = pool.submit(lambda: Path(given).resolve() if given else _ensure_root(folder))
        python = pool.submit(_ensure_environment, folder)
        return _describe(root.result(), python.result(), folder)


def _describe(root: Path, python: Path, folder: Path) -> OdooPackage:
    script = root / "usr/bin/odoo"
    if not script.exists():
        script = folder / "odoo"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("import odoo.cli\n\nif __name__ == '__main__':\n    odoo.cli.main()\n")
    return OdooPackage(python, script, root / LIBRARIES)


def _ensure_root(folder: Path) -> Path:
    root = folder / "root"
    stamp = folder / "root.stamp"
    wanted = json.dumps([PACKAGES, TRANSLATIONS])
    if not (stamp.exists() and stamp.read_text() == wanted and root.is_dir()):
        stamp.unlink(missing_ok=True)
        shutil.rmtree(root, ignore_errors=True)
        unpack_packages(PACKAGES, SUITES, root, TRANSLATIONS)
        stamp.write_text(wanted)
    return root


def _ensure_environment(folder: Path) -> Path:
    venv = folder / "venv"
    stamp = folder / "venv.stamp"
    python = venv / "bin" / "python"
    wanted = json.dumps([REQUIREMENTS, str(venv), sys.version_info[:2]])
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
    for command in (make, [*pip, *REQUIREMENTS]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"Odoo's Python environment cannot be made: {_without_warnings(done)}")
    stamp.write_text(wanted)
    return python


def _without_warnings(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if not line.startswith("WARNING"))
