"""Makes what every run starts from: Odoo, its environment, the template. A bare Python 3.11 can run it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from sandbox.stack.odoo_package import OdooPackage, ensure_odoo
from sandbox.stack.paths import StackError, cache_folder, locked
from sandbox.stack.releases import ODOO_19, RELEASES, OdooRelease
from sandbox.stack.template import Template, ensure_template


def prepare(
    report: Callable[[str], None] = lambda text: None, release: OdooRelease = ODOO_19
) -> tuple[OdooPackage, Template]:
    """Make what is missing and return it; quick when nothing is. Waits when another process is at it.

    :param report: is told each step that starts, with the seconds since the first.
    :raises StackError: saying what to do.
    """
    begin = time.monotonic()

    def step(text: str) -> None:
        report(f"[{time.monotonic() - begin:5.1f} s] {text}")

    with locked(release.folder(cache_folder(), "prepare").with_suffix(".lock")):
        name = f"Odoo {release.version}"
        step(f"{name}: package and Python environment")
        package = ensure_odoo(release)
        step(f"{name}: template database")
        template = ensure_template(package)
        step(f"{name} is ready")
    return package, template


def main() -> int:
    """Entry point of ``python -m sandbox.stack.prepare [VERSION]``."""
    try:
        prepare(lambda text: print(text, flush=True), RELEASES[sys.argv[1]] if sys.argv[1:] else ODOO_19)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
