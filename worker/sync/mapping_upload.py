"""Mapping spreadsheets that come and go as bytes, as a browser sends and takes them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from worker.errors import ConfigurationError
from worker.state.catalog import Choice
from worker.state.shops import Shop
from worker.sync.mapping import Variants, export_rows
from worker.sync.mapping_file import read_sheet, write_sheet
from worker.sync.mapping_import import Change, Plan, check_import
from worker.sync.runtime import Runtime

#: Most bytes of an upload, and of one when it is unpacked. Somebody waits for it, and the receiver shares the process;
#: ten thousand SKUs are less than one megabyte.
MOST_BYTES = 10_000_000
_MOST_UNPACKED = 150_000_000
_LONGEST_NAME = 60


@dataclass(frozen=True)
class ChangeText:
    """One change in words: which row, which SKU, and for each thing that changes its name, before and after."""

    line: int
    shop_id: str
    subject: str
    changes: list[tuple[str, str, str]]

    def __str__(self) -> str:
        words = ", ".join(f"{name} {before} -> {after}" for name, before, after in self.changes)
        return f"Row {self.line}, shop {self.shop_id}, {self.subject}: {words}"


def export_bytes(runtime: Runtime, shops: Sequence[Shop], kind: Literal["csv", "xlsx"]) -> bytes:
    """The mapping of these shops as a file.

    :raises ConnectorError: Odoo does not answer.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"mapping.{kind}"
        write_sheet(path, export_rows(runtime, shops))
        return path.read_bytes()


def check_bytes(runtime: Runtime, name: str, data: bytes, shop_id: str = "") -> Plan:
    """What an upload would change, or why it may not. Changes nothing.

    :param name: of the file, as people know it; for messages.
    :raises ConfigurationError: it is no spreadsheet, too large, or there is no such shop.
    """
    shown = re.sub(r"[^\w .()-]", "_", name).strip(". ")[-_LONGEST_NAME:] or "The file"
    if len(data) > MOST_BYTES or _unpacked(data) > _MOST_UNPACKED:
        raise ConfigurationError(
            f"{shown} is too large to be checked while you wait.",
            code="bad_spreadsheet",
            remedy="Import it on the server, `tiktok-odoo catalog import FILE`, or split it.",
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / shown
        path.write_bytes(data)
        return check_import(runtime, read_sheet(path), shop_id or None)


def _unpacked(data: bytes) -> int:
    """Bytes that an XLSX file has when it is unpacked, as it announces; zipfile unpacks no more than that."""
    if not data.startswith(b"PK\x03\x04"):
        return len(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            return sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return 0  # whoever reads it says what is wrong


def change_texts(changes: Sequence[Change], variants: Variants) -> list[ChangeText]:
    """These changes in words; asks Odoo for the names of products that are not known yet."""
    variants.read(each.variant_id for change in changes for each in (change.before, change.after))
    return [_text(variants, change) for change in changes]


def _text(variants: Variants, change: Change) -> ChangeText:
    kind, _, one = change.key.partition(":")
    before, after = change.before, change.after
    both = {
        "product": (_product(variants, before), _product(variants, after)),
        "buffer": (before.buffer, after.buffer),
        "maximum": (before.maximum, after.maximum),
    }
    return ChangeText(
        change.line,
        change.shop_id,
        f"{'Item ID' if kind == 'item' else 'SKU ID'} {one}",
        [(name, _shown(old), _shown(new)) for name, (old, new) in both.items() if old != new],
    )


def _product(variants: Variants, choice: Choice) -> str | None:
    if choice.variant_id is None:
        return None
    return str(variants.find(choice.variant_id) or choice.variant_id)


def _shown(value: str | int | None) -> str:
    return "none" if value is None else str(value)
