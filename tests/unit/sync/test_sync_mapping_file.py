"""Spreadsheets as they are written here and as people send them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from worker.errors import ConfigurationError
from worker.sync import mapping_file
from worker.sync.mapping_file import COLUMNS, Row, read_sheet, write_sheet

ITEM, SKU = "1729592969712207008", "1729592969712207123"
HEADER = "Item ID,SKU ID,Internal Reference"


def cells(**given: Any) -> list[Any]:
    """One row of the export; columns by their name with underscores."""
    return [given.get(title.replace(" ", "_"), "") for title in COLUMNS]


def save(path: Path, rows: Sequence[Sequence[Any]], title: str = "Sheet") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


@pytest.fixture
def text(tmp_path: Path) -> Callable[..., list[Row]]:
    """Rows of a file with that content."""

    def read(content: str | bytes, name: str = "mapping.csv") -> list[Row]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_sheet(path).rows)

    return read


def told(path: Path) -> str:
    """The error over that file."""
    with pytest.raises(ConfigurationError) as caught:
        list(read_sheet(path).rows)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize(
    "reference", ["A-1", "=1+1", "'=1+1", "''@x", "-5", "+49", "@home", "007", 'a "b", c', "Größe ✓"]
)
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, reference: str) -> None:
    path = tmp_path / f"mapping{suffix}"
    row = cells(Shop_ID="749", Item_ID=ITEM, SKU_ID=SKU, Internal_Reference=reference, Odoo_ID=12, Buffer=0, Maximum=7)
    write_sheet(path, [row, cells(SKU_ID="5")])
    first, second = read_sheet(path).rows
    assert (first.line, second.line) == (2, 3)
    ids = {"shop_id": "749", "product_id": ITEM, "sku_id": SKU}
    assert first.cells == {**ids, "reference": reference, "odoo_id": "12", "buffer": "0", "maximum": "7"}
    assert (second.cells, second.damaged) == ({"sku_id": "5"}, {})


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-20% today", "@SUM(1)", "\t=1", "\r=1", "＝1"])
def test_no_title_is_executed(tmp_path: Path, title: str) -> None:
    row = cells(SKU_ID=SKU, Product_Name=title)
    write_sheet(tmp_path / "a.csv", [row])
    write_sheet(tmp_path / "a.xlsx", [row])
    written = (tmp_path / "a.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")  # without it Excel takes UTF-8 for something else
    (_, record) = csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""))
    assert record[list(COLUMNS).index("Product Name")] == f"'{title}"
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx").active.cell(2, 1 + list(COLUMNS).index("Product Name"))
    assert cell.data_type == "s"


def test_the_xlsx_keeps_ids_as_text_below_a_header_that_stays_in_view(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.xlsx", [cells(SKU_ID=SKU, Buffer=3, Product_Name="bell \x07 rings")])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert (sheet["C2"].value, sheet["C2"].data_type, sheet["C2"].number_format) == (SKU, "s", "@")
    assert sheet["E2"].value == "bell  rings"
    assert sheet["I2"].value == 3
    assert sheet.column_dimensions["C"].width >= 19


def test_csv_lines_end_as_the_standard_says_and_line_breaks_are_quoted(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.csv", [cells(SKU_ID=SKU, Product_Name="two\nlines")])
    assert (tmp_path / "a.csv").read_bytes().count(b"\r\n") == 2
    (row,) = read_sheet(tmp_path / "a.csv").rows
    assert row.line == 2


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="neither CSV nor XLSX"):
        write_sheet(tmp_path / "mapping.ods", [])


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("cp1252"),
        lambda text: text.replace(",", ";").encode("cp1252"),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: ("sep=;\r\n" + text.replace(",", ";")).encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
    ],
)
def test_csv_is_read_as_spreadsheet_programs_write_it(
    text: Callable[..., list[Row]], encode: Callable[[str], bytes]
) -> None:
    (row,) = text(encode(f"{HEADER}\n{ITEM},{SKU},Größe-1\n"))
    assert row.line == 2
    assert row.cells == {"product_id": ITEM, "sku_id": SKU, "reference": "Größe-1"}


@pytest.mark.parametrize(
    "header",
    [
        "product_id,default_code",
        "Product ID,INTERNAL REFERENCE",
        "TikTok Item ID,odoo reference",
        "item-id,Internal_Reference*",
        " ItemID ,Odoo Internal Reference",
    ],
)
def test_columns_are_known_by_many_names(text: Callable[..., list[Row]], header: str) -> None:
    (row,) = text(f"{header}\n{ITEM},A-1\n")
    assert row.cells == {"product_id": ITEM, "reference": "A-1"}


def test_the_header_may_stand_below_some_lines_and_rows_may_be_empty(text: Callable[..., list[Row]]) -> None:
    rows = text(f"Our mapping\n\nof today,,\n{HEADER}\n\n{ITEM},,A\n,,\n{ITEM},,B\n,,,a note aside\n")
    assert [(row.line, row.text("reference")) for row in rows] == [(6, "A"), (8, "B")]


def test_the_format_is_known_by_content_and_not_by_name(text: Callable[..., list[Row]], tmp_path: Path) -> None:
    assert len(text(f"{HEADER}\n{ITEM},,A\n", name="mapping.xlsx")) == 1
    book = save(tmp_path / "book.xlsx", [HEADER.split(","), [ITEM, None, "A"]])
    assert len(text(book.read_bytes(), name="mapping.csv")) == 1


@pytest.mark.parametrize("value", [1.7295929697122071e18, 1729592969712207008, 1e15, "1.72959E+18", "1,7296E+18"])
def test_an_id_that_the_spreadsheet_rounded_is_said_to_be_damaged(tmp_path: Path, value: Any) -> None:
    path = save(tmp_path / "a.xlsx", [["Item ID", "Internal Reference"], [value, "A"]])
    (row,) = read_sheet(path).rows
    assert "rounded this id; format the column as text" in row.damaged["product_id"]
    assert row.text("product_id") == ""


def test_short_numbers_and_texts_are_taken_as_they_are(tmp_path: Path) -> None:
    rows = [["Item ID", "Internal Reference", "Buffer"], [173655.0, 12, 3.0], ["00173655", 1.5, True]]
    first, second = read_sheet(save(tmp_path / "a.xlsx", rows)).rows
    assert first.cells == {"product_id": "173655", "reference": "12", "buffer": "3"}
    assert second.cells == {"product_id": "00173655", "reference": "1.5", "buffer": "True"}


@pytest.mark.parametrize(("value", "reason"), [(date(2026, 3, 1), "made a date"), ("#N/A", "formula")])
def test_cells_that_the_spreadsheet_spoilt_are_named(tmp_path: Path, value: Any, reason: str) -> None:
    path = save(tmp_path / "a.xlsx", [["Item ID", "Internal Reference"], [ITEM, value]])
    (row,) = read_sheet(path).rows
    assert reason in row.damaged["reference"]


SELLER_CENTER = [
    ["product_id", "category", "product_name", "sku_id", "variation_value", "price", "quantity", "seller_sku"],
    ["V4", "All_Information", "metric", None, None, None, None, None],
    ["Product ID", "Category", "Product name", "SKU ID", "Variation", "Retail price", "Quantity", "Seller SKU"],
    ["Mandatory", "Mandatory", "Mandatory", "Mandatory", "Optional", "Mandatory", "Mandatory", "Optional"],
    ["Cannot be edited", "", "Between 25 and 255 characters", "", "", "", "", ""],
    [ITEM, "Dresses (605274)", "Crochet dress", SKU, "Red, M", "450000", "5", "DRESS-RED"],
]


def test_the_file_of_seller_center_is_read_as_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", SELLER_CENTER, title="Template")
    book = openpyxl.load_workbook(path)
    book.create_sheet("Instruction", 0).append(["product_id", "seller_sku"])
    book.create_sheet("TemplateConfig").append(["x"])
    book.save(path)
    sheet = read_sheet(path)
    (row,) = sheet.rows
    assert row.line == 6
    assert row.cells == {"product_id": ITEM, "sku_id": SKU, "seller_sku": "DRESS-RED"}
    assert sheet.title("product_id") == "product_id"


@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_column_may_be_added_to_the_file_of_seller_center_in_any_row_of_its_header(tmp_path: Path, at: int) -> None:
    rows = [[*row, None] for row in SELLER_CENTER]
    rows[at][-1] = "Internal Reference"
    rows[-1][-1] = "A-1"
    (row,) = read_sheet(save(tmp_path / "a.xlsx", rows)).rows
    assert row.text("reference") == "A-1"


def test_below_the_first_product_nothing_is_an_instruction(tmp_path: Path) -> None:
    rows = [*SELLER_CENTER, ["see above", "", "", "", "", "", "", "X"]]
    *_, last = read_sheet(save(tmp_path / "a.xlsx", rows)).rows
    assert (last.line, last.text("product_id")) == (7, "see above")


def test_a_rounded_first_product_is_no_instruction(tmp_path: Path) -> None:
    rows = [*SELLER_CENTER[:5], [1.7295929697122071e18, "", "", None, "", "", "", "X"]]
    (row,) = read_sheet(save(tmp_path / "a.xlsx", rows)).rows
    assert "rounded" in row.damaged["product_id"]


def test_in_other_files_no_row_is_taken_for_an_instruction(text: Callable[..., list[Row]]) -> None:
    (row,) = text(f"{HEADER}\nabc,,A\n")
    assert row.text("product_id") == "abc"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is encrypted"),
        (b"PK\x03\x04 and no more", "is not a spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not a spreadsheet"),
        (b"Dear Sir, this is a letter.\n", "no header"),
        (b"Item ID,Product Name\n1,x\n", "no header"),
        (b"Internal Reference\nA\n", "no header"),
        (HEADER.encode(), "no rows below its header"),
        (f'{HEADER}\n1,2,A\n1,2,"open\n'.encode(), "quotation mark"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "mapping.xlsx"
    path.write_bytes(content)
    assert reason in told(path)


def test_two_columns_for_the_same_thing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Item ID,Internal Reference,Default Code\n{ITEM},A,B\n")
    with pytest.raises(ConfigurationError, match="columns B and C are both taken for Internal Reference"):
        read_sheet(path)


def test_a_broken_xlsx_is_one_line(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", [["Item ID", "Internal Reference"], [ITEM, "A"]])
    data = bytearray(path.read_bytes())
    middle = data.index(b"xl/worksheets/sheet1.xml") + 80
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(bytes(data))
    assert "spreadsheet" in told(path)


def test_too_much_is_refused_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.xlsx", [["Item ID", "Internal Reference"], *([ITEM, "A"] for _ in range(5))])
    monkeypatch.setattr(mapping_file, "_MOST_ROWS", 4)
    assert "more than 1,000,000 rows" in told(path)
    monkeypatch.setattr(mapping_file, "_MOST_BYTES", 100)
    assert "larger than 50 MB" in told(path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", [["Item ID", "Internal Reference"], [ITEM, "A"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as parts, parts.open("xl/media/bomb", "w") as bomb:
        for _ in range(210):
            bomb.write(bytes(1_000_000))
    assert path.stat().st_size < 1_000_000
    assert "too large when unpacked" in told(path)


def test_a_sheet_that_counts_its_rows_beyond_the_last_comes_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping_file, "_LAST_ROW", 50)
    book = openpyxl.Workbook()
    for place, value in (("A1", "Item ID"), ("B1", "Internal Reference"), ("A60", ITEM)):
        book.active[place] = value
    book.save(tmp_path / "a.xlsx")
    assert "not a spreadsheet" in told(tmp_path / "a.xlsx")


def test_a_wrong_dimension_in_the_file_loses_no_rows(tmp_path: Path) -> None:
    """Some programs write ``A1`` whatever there is, and openpyxl believes it."""
    source = save(tmp_path / "source.xlsx", [["Item ID", "Internal Reference"], [ITEM, "A"]])
    with zipfile.ZipFile(source) as parts, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as changed:
        for name in parts.namelist():
            changed.writestr(name, parts.read(name).replace(b'ref="A1:B2"', b'ref="A1"'))
    (row,) = read_sheet(tmp_path / "a.xlsx").rows
    assert row.text("reference") == "A"
