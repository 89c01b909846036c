#!/usr/bin/env python3
"""Makes seeds/xlsb, since no program at hand writes .xlsb files: their records are put together here, as [MS-XLSB] has
them; and workbooks that have made a reader fail. Only the standard library is used."""

import struct
import zipfile
from pathlib import Path

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, rest = b"", len(data)
    while True:
        rest, low = rest >> 7, rest & 0x7F
        size += bytes([low | (0x80 if rest else 0)])
        if not rest:
            return head + size + data


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16le")


def relations(*targets: tuple[str, str]) -> bytes:
    lines = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/{kind}" Target="{target}"/>' for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{lines}</Relationships>'.encode()


def cell(kind: int, col: int, data: bytes, style: int = 0) -> bytes:
    return record(kind, struct.pack("<II", col, style) + data)


def row(number: int, *cells: bytes) -> bytes:
    return record(0, struct.pack("<IIHHBI", number, 0, 300, 0, 0, 0)) + b"".join(cells)


def font(weight: int) -> bytes:
    return record(43, struct.pack("<HHH", 220, 0, weight) + bytes(15) + text("Arial"))


def xf(code: int, font: int, indent: int) -> bytes:
    return record(47, struct.pack("<HHHHHBBBBBB", 0, code, font, 0, 0, 0, indent, 0, 0, 0, 0))


book = record(131) + record(153, struct.pack("<III", 0, 0, 0)) + record(143)
book += record(156, struct.pack("<II", 0, 1) + text("r1") + text("表1")) + record(144) + record(132)
styles = record(278) + record(615) + record(44, struct.pack("<H", 164) + text("0.0%")) + record(616)
styles += record(611) + font(400) + font(700) + record(612)
styles += record(617) + xf(0, 0, 0) + xf(164, 1, 2) + xf(14, 0, 0) + record(618) + record(279)
texts = record(159, struct.pack("<II", 2, 2)) + b"".join(record(19, b"\0" + text(t)) for t in ("地区", "北京")) + record(160)
columns = record(390) + record(60, struct.pack("<IIIIH", 4, 5, 2560, 0, 1)) + record(391)
head = record(129) + columns + record(145)
sheet = head
sheet += row(0, cell(7, 0, struct.pack("<I", 0), 1), cell(6, 1, text("参保率")), cell(62, 2, b"\0" + text("参保人数")))
sheet += row(1, cell(7, 0, struct.pack("<I", 1)), cell(5, 1, struct.pack("<d", 0.075), 1), cell(2, 2, struct.pack("<i", 1408 << 2 | 2)))
sheet += row(2, cell(9, 0, struct.pack("<d", 38198) + bytes(14), 2), cell(3, 1, b"\x07"), cell(4, 2, b"\x01"), cell(1, 3, b""))
sheet += row(3, cell(11, 0, b"\x2a" + bytes(14)), cell(8, 1, text("一") + bytes(14)), cell(10, 2, b"\0" + bytes(14)))
sheet += record(146) + record(177, struct.pack("<I", 1)) + record(176, struct.pack("<IIII", 2, 3, 3, 3)) + record(178) + record(130)

# What has made the reader fail: columns hidden from the last to the first, a cell without content in the last row there is.
backwards = sheet.replace(struct.pack("<II", 4, 5), struct.pack("<II", 2, 0))
beyond = head + row(0xFFFFFFFF, cell(5, 0, b"")) + record(146) + record(130)


def pack(name: str, parts: dict[str, bytes]) -> None:
    path = Path(__file__).parent / "seeds" / name
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(zipfile.ZipInfo(part, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def xlsb(sheet: bytes) -> dict[str, bytes]:
    return {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": relations(
            ("worksheet", "worksheets/sheet1.bin"), ("styles", "styles.bin"), ("sharedStrings", "sharedStrings.bin")
        ),
        "xl/styles.bin": styles,
        "xl/sharedStrings.bin": texts,
        "xl/worksheets/sheet1.bin": sheet,
    }


def xlsx(sheet: str) -> dict[str, bytes]:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheets = '<sheets><sheet name="t" sheetId="1" r:id="r1"/></sheets>'
    return {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{OFFICE}">{sheets}</workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": relations(("worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">{sheet}</worksheet>'.encode(),
    }


pack("xlsb/table.xlsb", xlsb(sheet))
pack("xlsb/hidden_backwards.xlsb", xlsb(backwards))
pack("xlsb/row_beyond.xlsb", xlsb(beyond))
pack(
    "xlsx/row_beyond.xlsx",
    xlsx('<sheetData><row r="4294967295"></row><row><c t="n"><v>x</v></c></row></sheetData>'),
)
pack(
    "xlsx/hidden_backwards.xlsx",
    xlsx('<cols><col min="3" max="1" hidden="1"/></cols><sheetData><row r="1"><c r="C1"><v>1</v></c></row></sheetData>'),
)
