"""Which Odoo the private stack runs: 19, 14 (the oldest that the connector supports), or one of those between."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Patch:
    """A text in a file of the unpacked package (relative to ``odoo``), and what comes in its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class OdooRelease:
    """A version of Odoo as Debian packages it, and what it needs to run on this machine's Python.

    :param packages: ``name/suite``; the first is Odoo itself. One without a suite is in the folder ``ODOO_PACKAGES``.
    :param requirements: of its Python environment, for pip.
    :param modules: that the template database has installed.
    :param port_option: what the configuration calls the port of the evented process.
    :param ready_path: answers 200 without a database once the server can work.
    :param startup: Python that runs in each of its processes before anything else.
    """

    version: int
    packages: tuple[str, ...]
    suites: tuple[str, ...]
    requirements: tuple[str, ...]
    modules: tuple[str, ...]
    port_option: str = "gevent_port"
    ready_path: str = "/web/health"
    patches: tuple[Patch, ...] = ()
    startup: str = ""

    def folder(self, cache: Path, what: str) -> Path:
        """Where in the cache its ``odoo`` or its ``template`` is kept."""
        return cache / (what if self.version == ODOO_19.version else f"{what}-{self.version}")


# The web pages link to files of the packages after the first. Odoo 19 uses Font Awesome 4's file names, which the
# package of the suite sid no longer has.
ODOO_19 = OdooRelease(
    version=19,
    packages=(
        "odoo-19/sid",
        "libjs-jquery/sid",
        "libjs-jquery-form/sid",
        "libjs-underscore/sid",
        "fonts-font-awesome/bookworm",
        "fonts-roboto-unhinted/sid",
        "fonts-montserrat/sid",
        "fonts-inconsolata/sid",
        "fonts-ocr-b/sid",
    ),
    suites=("sid", "bookworm"),
    requirements=(
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
    ),
    modules=("sale_management", "stock", "sale_stock", "stock_delivery", "mrp"),
)

#: Names that left ``collections`` and ``inspect`` after Python 3.9, for which Odoo 14 was written.
_OLD_NAMES = """\
import collections
import collections.abc
import inspect

for _name in ("Callable", "Iterable", "Mapping", "MutableMapping", "MutableSet", "Sequence", "Set"):
    setattr(collections, _name, getattr(collections.abc, _name))
if not hasattr(inspect, "getargspec"):
    inspect.getargspec = lambda function: inspect.getfullargspec(function)[:4]
"""
#: Opcodes of Python 3.11 that Odoo 14 cannot know: none of them does more than those it allows.
_OPCODES = """\
_SAFE_OPCODES |= set(to_opcodes([
    'RESUME', 'PUSH_NULL', 'PRECALL', 'CALL', 'KW_NAMES', 'BINARY_OP', 'COPY', 'SWAP', 'NOP', 'CACHE',
    'POP_JUMP_FORWARD_IF_FALSE', 'POP_JUMP_FORWARD_IF_TRUE', 'POP_JUMP_FORWARD_IF_NONE',
    'POP_JUMP_FORWARD_IF_NOT_NONE', 'POP_JUMP_BACKWARD_IF_FALSE', 'POP_JUMP_BACKWARD_IF_TRUE',
    'POP_JUMP_BACKWARD_IF_NONE', 'POP_JUMP_BACKWARD_IF_NOT_NONE', 'JUMP_BACKWARD', 'JUMP_BACKWARD_NO_INTERRUPT',
    'MAKE_CELL', 'COPY_FREE_VARS', 'LOAD_CLOSURE', 'LOAD_DEREF', 'STORE_DEREF', 'LIST_TO_TUPLE', 'RETURN_GENERATOR',
    'PUSH_EXC_INFO', 'CHECK_EXC_MATCH', 'FORMAT_VALUE', 'BUILD_STRING', 'UNPACK_EX',
])) - _BLACKLIST
_CONST_OPCODES |= set(to_opcodes(['RESUME']))
_EXPR_OPCODES |= set(to_opcodes(['RESUME', 'BINARY_OP', 'COPY', 'SWAP']))

"""

# Written for Python 3.9; the shims make it run on 3.11 (each was found by starting it).
ODOO_14 = OdooRelease(
    version=14,
    packages=("odoo-14/bullseye",),
    suites=("bullseye",),
    requirements=(
        "Babel<3",
        "chardet<6",
        "decorator",
        "docutils<1",
        "feedparser",
        "gevent",
        "greenlet<4",
        "html2text",
        "idna<4",
        "Jinja2<3.1",
        "libsass<1",
        "lxml<5",
        "Mako",
        "MarkupSafe<2.2",
        "mock",
        "num2words<1",
        "passlib<2",
        "Pillow<10",
        "polib<2",
        "psutil<8",
        "psycopg2-binary<3",
        "pydot",
        "pyOpenSSL",
        "PyPDF2<2",
        "python-dateutil<3",
        "python-stdnum<3",
        "pytz",
        "qrcode<9",
        "reportlab",
        "requests<3",
        "setuptools<81",
        "urllib3<3",
        "vobject<1",
        "Werkzeug<2",
        "xlrd",
        "XlsxWriter",
    ),
    # The chart of accounts brings journals and the currency, which later versions have from the start.
    modules=("l10n_generic_coa", "sale_management", "stock", "sale_stock", "delivery", "mrp"),
    port_option="longpolling_port",
    ready_path="/web/static/src/js/boot.js",
    patches=(
        Patch("tools/safe_eval.py", "_logger = logging", _OPCODES + "_logger = logging"),
        Patch(
            "addons/base/models/qweb.py",
            "        ast.fix_missing_locations(astmod)\n",
            "        ast.fix_missing_locations(astmod)\n"
            "        for node in ast.walk(astmod):  # Python 3.11 refuses lines that end before they begin\n"
            "            if hasattr(node, 'lineno'):\n"
            "                node.lineno = node.end_lineno = 1\n"
            "                node.col_offset = node.end_col_offset = 0\n",
        ),
    ),
    startup=_OLD_NAMES,
)

_LINKED_IN_BOOKWORM = tuple(f"{name}/bookworm" for name in ("libjs-jquery", "libjs-jquery-form", "libjs-underscore"))

# Debian does not carry these two any more: Odoo's package is handed over in a folder (CONTRIBUTING.md).
ODOO_16 = OdooRelease(
    version=16,
    packages=("odoo-16", *_LINKED_IN_BOOKWORM),
    suites=("bookworm",),
    requirements=(
        "Babel<3",
        "chardet<6",
        "cryptography",
        "decorator",
        "docutils<1",
        "freezegun",
        "gevent",
        "greenlet<4",
        "idna<4",
        "Jinja2<3.2",
        "libsass<1",
        "lxml<5",
        "MarkupSafe<2.2",
        "num2words<1",
        "passlib<2",
        "Pillow<11",
        "polib<2",
        "psutil<8",
        "psycopg2-binary<3",
        "pydot",
        "pyOpenSSL",
        "PyPDF2<3",
        "python-dateutil<3",
        "python-stdnum<3",
        "pytz",
        "qrcode<9",
        "reportlab<5",
        "requests<3",
        "rjsmin<2",
        "setuptools<81",
        "urllib3<3",
        "vobject<1",
        "Werkzeug<2.3",
        "xlrd",
        "XlsxWriter",
        "zeep",
    ),
    modules=("l10n_generic_coa", "sale_management", "stock", "sale_stock", "delivery", "mrp"),
)

ODOO_18 = OdooRelease(
    version=18,
    packages=("odoo-18", *_LINKED_IN_BOOKWORM),
    suites=("bookworm",),
    requirements=(
        *(each for each in ODOO_19.requirements if not each.startswith("Werkzeug")),
        "decorator",
        "freezegun",
        "openpyxl",
        "Werkzeug<3.1",
        "xlrd",
        "XlsxWriter",
        "zeep",
    ),
    modules=ODOO_19.modules,
)

RELEASES = {str(release.version): release for release in (ODOO_14, ODOO_16, ODOO_18, ODOO_19)}
