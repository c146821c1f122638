"""Spreadsheets that say which of Odoo's products each SKU is: CSV and XLSX, written here or by people. Pure.

What people send is taken as it comes: by content and not by name, comma, semicolon or tab, UTF-8, UTF-16 or the code
page of Western Windows, and the file of TikTok's Seller Center (Products → Bulk edit) as it was downloaded.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from worker.errors import ConfigurationError, ConnectorError

#: Columns of the export with their width in XLSX, in characters.
COLUMNS = {
    **{"Shop ID": 22, "Item ID": 22, "SKU ID": 22, "Seller SKU": 20, "Product Name": 50, "Internal Reference": 20},
    **{"Odoo ID": 10, "Odoo Product": 40, "Buffer": 9, "Maximum": 9, "Mapping": 16, "Problem": 60, "Candidates": 60},
}

#: What the import reads of a row.
Field = Literal["shop_id", "product_id", "sku_id", "seller_sku", "reference", "odoo_id", "buffer", "maximum"]

TITLES: dict[Field, str] = {
    **{"shop_id": "Shop ID", "product_id": "Item ID", "sku_id": "SKU ID", "seller_sku": "Seller SKU"},
    **{"reference": "Internal Reference", "odoo_id": "Odoo ID", "buffer": "Buffer", "maximum": "Maximum"},
}
#: Header names without case, spaces, hyphens and underscores.
_NAMES: dict[str, Field] = {
    **{"shopid": "shop_id", "tiktokshopid": "shop_id"},
    **{"itemid": "product_id", "productid": "product_id"},
    **{"tiktokitemid": "product_id", "tiktokproductid": "product_id"},
    **{"skuid": "sku_id", "tiktokskuid": "sku_id"},
    **{"sellersku": "seller_sku", "tiktoksellersku": "seller_sku"},
    **{"internalreference": "reference", "defaultcode": "reference"},
    **{"odooreference": "reference", "odoointernalreference": "reference"},
    **{"odooid": "odoo_id", "odooproductid": "odoo_id", "odoovariantid": "odoo_id"},
    **{"buffer": "buffer", "stockbuffer": "buffer", "maximum": "maximum", "stockmaximum": "maximum"},
}
_SAYS_SOMETHING: set[Field] = {"seller_sku", "reference", "odoo_id", "buffer", "maximum"}

_HEADER_ROWS = 10
_MOST_BYTES = 50_000_000
_MOST_ROWS = 1_000_000
#: XLSX has no more rows than these; a file that counts further is made to keep its reader busy.
_LAST_ROW = 1_048_576
#: Most unpacked bytes, all together and of one part that has to be in memory whole.
_MOST_UNPACKED = 2_000_000_000
_MOST_IN_MEMORY = 200_000_000
_LONGEST_CELL = 32_000

#: What is wrong with an id of which the last digits are gone.
ROUNDED = "The spreadsheet rounded this id; format the column as text and fill in the id again."
_DATED = "The spreadsheet made a date or time of this; format the column as text and fill it in again."
_FAILED = "A formula of the spreadsheet gave an error instead of a value; correct it."
_SCIENTIFIC = re.compile(r"\d([.,]\d*)?E\+?\d{2,}", re.IGNORECASE)
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#DIV/0!", "#NUM!", "#SPILL!", "#CALC!"}

# Excel takes a cell of a CSV file for a formula when it begins with one of these (OWASP, CSV injection). An apostrophe
# before it prevents that; a text that begins so by itself gets one more, so that the import finds what there was.
_FORMULA = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA_IN_CSV = re.compile(f"'*{_FORMULA}")
_ESCAPED = re.compile(f"'+{_FORMULA}")

Cell = str | int


@dataclass(frozen=True, slots=True)
class Row:
    """One row, by field. ``damaged`` says of cells that the spreadsheet spoilt what is wrong with them."""

    line: int
    cells: Mapping[Field, str]
    damaged: Mapping[Field, str]

    def text(self, field: Field) -> str:
        """The cell of that field; '' when it is empty or when there is no such column."""
        return self.cells.get(field, "")


@dataclass(frozen=True)
class Sheet:
    """A spreadsheet as it is read: its header by field, and its rows, once."""

    header: Mapping[Field, str]
    rows: Iterator[Row]

    def title(self, field: Field) -> str:
        """What people find at the head of that column."""
        return self.header.get(field) or TITLES[field]


# Writing


def write_sheet(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    """Write rows of ``COLUMNS``, in the format that the file's name ends with: ``.csv`` or ``.xlsx``.

    :raises ConfigurationError: it ends otherwise.
    :raises OSError: the file cannot be written.
    """
    writers = {".csv": _write_csv, ".xlsx": _write_xlsx}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise ConfigurationError(f"{path.name} is neither CSV nor XLSX.", remedy="Name it *.csv or *.xlsx.")
    writer(path, rows)


def _write_csv(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    # Excel knows UTF-8 by the mark at its beginning alone. Lines end as RFC 4180 has them.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([_escape(cell, _FORMULA_IN_CSV) for cell in row])


def _write_xlsx(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Mapping")
    sheet.freeze_panes = "A2"
    for number, width in enumerate(COLUMNS.values(), 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    header = [WriteOnlyCell(sheet, title) for title in COLUMNS]
    for title in header:
        title.font = Font(bold=True)
    sheet.append(header)
    for count, row in enumerate(rows, 2):
        if count > _LAST_ROW:
            raise ConfigurationError("There are more rows than XLSX can hold.", remedy="Export one shop, or *.csv.")
        sheet.append([_xlsx_cell(sheet, cell) for cell in row])
    book.save(path)


def _xlsx_cell(sheet: Any, value: Cell) -> Any:
    if value == "":
        return None
    if isinstance(value, int):
        return WriteOnlyCell(sheet, value)
    text = ILLEGAL_CHARACTERS_RE.sub("", str(_escape(value, _ESCAPED)))[:_LONGEST_CELL]
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # openpyxl makes a formula of what begins with =
    cell.number_format = "@"  # and Excel leaves the digits of an id alone, also when somebody edits it
    return cell


def _escape(cell: Cell, pattern: re.Pattern[str]) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and pattern.match(cell) else cell


# Reading


def read_sheet(path: Path) -> Sheet:
    """Read the spreadsheet at ``path``. Its rows come one by one, and errors may come with them.

    :raises ConfigurationError: it is no spreadsheet, encrypted, empty, too large, or lacks columns.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise _bad(path, "is larger than 50 MB.", "Split it, or leave out columns that the import does not read.")
        data = path.read_bytes()
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}.") from None
    if not data.strip():
        raise _bad(path, "is empty.")
    if data.startswith(b"PK\x03\x04"):
        return _read_xlsx(path, data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # OLE: Excel's format before 2007, and XLSX behind a password
        raise _bad(path, "is encrypted, or of Excel's old format.", "Save it as *.xlsx, without a password.")
    return _read_csv(path, _decode(path, data))


def _bad(path: Path, what: str, remedy: str = "") -> ConfigurationError:
    return ConfigurationError(f"{path.name} {what}", code="bad_spreadsheet", remedy=remedy)


def _no_spreadsheet(path: Path) -> ConfigurationError:
    return _bad(path, "is not a spreadsheet.", "Save it as *.xlsx or *.csv.")


def _decode(path: Path, data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    for attempt in (encoding, "cp1252"):
        try:
            text = data.decode(attempt)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _no_spreadsheet(path)


def _read_csv(path: Path, text: str) -> Sheet:
    first, _, rest = text.partition("\n")
    separator = re.fullmatch(r"sep=(.)\r?", first, re.IGNORECASE)
    if separator:  # Excel's own way to tell; it shows the line below as row 1
        text = rest
    found = []
    broken = _no_header(path)
    for delimiter in separator[1] if separator else ",;\t|":
        try:
            head = list(islice(_records(path, text, delimiter), _HEADER_ROWS))
        except ConfigurationError as error:
            broken = error
            continue
        header = _find_header(head)
        if header is not None:
            found.append((len(header.columns), delimiter, header))
    if not found:
        raise broken
    _, delimiter, header = max(found, key=lambda each: each[0])
    return Sheet(header.titles, _data_rows(path, header, _records(path, text, delimiter)))


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, Sequence[Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 0
    try:
        for line, record in enumerate(reader, 1):
            yield line, record
    except csv.Error as error:
        raise _bad(path, f"is not right below row {line}: {error}.", "Close every quotation mark.") from None


def _read_xlsx(path: Path, data: bytes) -> Sheet:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            _check_size(path, parts)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about decoration that openpyxl does not know
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        # Seller Center's has its rows in the sheet Template, among sheets with instructions and lists of choices.
        sheets = sorted(book.worksheets, key=lambda sheet: sheet.title != "Template")
        for sheet in sheets:
            sheet.reset_dimensions()  # some programs write a wrong one, and rows would be missing
            header = _find_header(list(islice(_grid(path, sheet), _HEADER_ROWS)))
            if header is not None:
                return Sheet(header.titles, _data_rows(path, header, _grid(path, sheet)))
    except ConnectorError:
        raise
    except Exception:  # openpyxl's errors over a broken file are of any kind
        raise _no_spreadsheet(path) from None
    raise _no_header(path)


def _check_size(path: Path, parts: zipfile.ZipFile) -> None:
    """A small file may unpack to more than the machine can hold. zipfile unpacks no more than is announced."""
    sizes = {part.filename: part.file_size for part in parts.infolist()}
    whole = [size for name, size in sizes.items() if "worksheets/" not in name]
    if sum(sizes.values()) > _MOST_UNPACKED or sum(whole) > _MOST_IN_MEMORY:
        raise _bad(path, "is too large when unpacked.", "Split it, or leave out columns that the import does not read.")


def _grid(path: Path, sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
            if line > _LAST_ROW:
                raise _no_spreadsheet(path)
            yield line, values
    except ConnectorError:
        raise
    except Exception:
        raise _bad(path, "is damaged.", "Open it in a spreadsheet program and save it again.") from None


@dataclass(frozen=True)
class _Header:
    """Where the header is and which column holds what."""

    line: int
    columns: Mapping[Field, int]
    titles: Mapping[Field, str]
    seller_center: bool


def _find_header(head: Sequence[tuple[int, Sequence[Any]]]) -> _Header | None:
    """The header among the first rows: the first that names an id and something to say of it.

    Seller Center's file has keys for machines in row 1 (``product_id``, ``category``, ``product_name``, ``sku_id``,
    ``variation_value``, ``price``, ``quantity``, ``seller_sku``, ...), in row 2 its version and kind (``V4``,
    ``All_Information``, ``metric``), in row 3 names in the seller's language, in row 4 whether each is mandatory, in
    row 5 hints, and products from row 6 on, all cells as text. Of its kinds, *All information* and *Sales information*
    have the SKUs. A column that a person added is named in any of these rows.
    """
    for place, (line, values) in enumerate(head):
        columns = _named(values)
        if not {"product_id", "sku_id"}.intersection(columns):
            continue
        seller_center = "product_id" in columns and _show(values[columns["product_id"][0]]) == "product_id"
        if seller_center:
            for _, below in head[place + 1 :]:
                first = columns["product_id"][0]
                if first < len(below) and not _is_instruction(*_text(below[first])):
                    break
                for field, places in _named(below).items():
                    added = [p for p in places if p >= len(values) or not _show(values[p])]
                    if field in _SAYS_SOMETHING and field not in columns and added:
                        columns[field] = added
        if not _SAYS_SOMETHING.intersection(columns):
            continue
        for field, places in columns.items():
            if len(places) > 1:
                letters = " and ".join(get_column_letter(p + 1) for p in places)
                raise ConfigurationError(
                    f"The columns {letters} are both taken for {TITLES[field]}.", remedy="Remove or rename one."
                )
        first_of = {field: places[0] for field, places in columns.items()}
        shown = {field: _show(values[place]) if place < len(values) else "" for field, place in first_of.items()}
        return _Header(line, first_of, {field: shown[field] or TITLES[field] for field in shown}, seller_center)
    return None


def _named(values: Sequence[Any]) -> dict[Field, list[int]]:
    columns: dict[Field, list[int]] = {}
    for place, value in enumerate(values):
        field = _NAMES.get(re.sub(r"[\s_*\-]+", "", _show(value).casefold()))
        if field is not None:
            columns.setdefault(field, []).append(place)
    return columns


def _no_header(path: Path) -> ConfigurationError:
    return _bad(
        path,
        "has no header with the columns that the import needs in its first 10 rows.",
        "It needs Item ID or SKU ID, and Internal Reference or Odoo ID (of Seller Center's files, choose All "
        "information or Sales information); `tiktok-odoo catalog export` writes an example.",
    )


def _data_rows(path: Path, header: _Header, grid: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[Row]:
    reached = not header.seller_center
    count = 0
    for line, values in grid:
        if line <= header.line:
            continue
        row = _row(line, header, values)
        if not row.cells and not row.damaged:
            continue
        if not reached:
            if _is_instruction(row.text("product_id"), row.damaged.get("product_id", "")):
                continue
            reached = True
        count += 1
        if count > _MOST_ROWS:
            raise _bad(path, "has more than 1,000,000 rows.", "Split it.")
        yield row
    if not count:
        raise _bad(path, "has no rows below its header.")


def _row(line: int, header: _Header, values: Sequence[Any]) -> Row:
    cells: dict[Field, str] = {}
    damaged: dict[Field, str] = {}
    for field, place in header.columns.items():
        text, problem = _text(values[place]) if place < len(values) else ("", "")
        if problem:
            damaged[field] = problem
        elif text:
            cells[field] = text
    return Row(line, cells, damaged)


def _is_instruction(text: str, problem: str = "") -> bool:
    return not problem and not re.fullmatch(r"[0-9]+", text)


def _show(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _text(value: Any) -> tuple[str, str]:
    """A cell as text, and what is wrong with it. Numbers have 15 digits in a spreadsheet; TikTok's ids have 19."""
    if isinstance(value, date | time | timedelta):
        return "", _DATED
    text = _show(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = f"{value:.15g}" if abs(value) < 10**15 else "1E+15"
    if _SCIENTIFIC.fullmatch(text):
        return "", ROUNDED
    if text in _ERRORS:
        return "", _FAILED
    return text[1:] if _ESCAPED.match(text) else text, ""
