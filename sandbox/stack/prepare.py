"""Makes what every run starts from: Odoo, its environment, the template. A bare Python 3.11 can run it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from sandbox.stack.odoo_package import OdooPackage, ensure_odoo
from sandbox.stack.paths import StackError, cache_folder, locked
from sandbox.stack.template import Template, ensure_template


def prepare(report: Callable[[str], None] = lambda text: None) -> tuple[OdooPackage, Template]:
    """Make what is missing and return it; quick when nothing is. Waits when another process is at it.

    :param report: is told each step that starts, with the seconds since the first.
    :raises StackError: saying what to do.
    """
    begin = time.monotonic()

    def step(text: str) -> None:
        report(f"[{time.monotonic() - begin:5.1f} s] {text}")

    with locked(cache_folder() / "prepare.lock"):
        step("Odoo 19: package and Python environment")
        package = ensure_odoo()
        step("Odoo 19: template database")
        template = ensure_template(package)
        step("Odoo 19 is ready")
    return package, template


def main() -> int:
    """Entry point of ``python -m sandbox.stack.prepare``."""
    try:
        prepare(lambda text: print(text, flush=True))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
