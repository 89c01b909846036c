#!/usr/bin/env python3
"""Makes the broken files of this folder, one fault each.

    python3 -m venv /tmp/bad && /tmp/bad/bin/pip install -r tests/bad/requirements.txt
    /tmp/bad/bin/python tests/bad/make.py

Passwords: "secret". The same bytes come out every time: what encryption draws at random is fixed here.
"""

import hashlib
import io
import re
import secrets
import struct
import zipfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "fixtures"
PASSWORD = "secret"
TITLE = "表1 参保人数"


def fixed_bytes(size):
    return bytes(i * 37 % 251 for i in range(size))


def small_xlsx():
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"] = TITLE, 1147
    out = io.BytesIO()
    book.save(out)
    fixed = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2015-01-01T00:00:00Z", old.read(name))
            new.writestr(zipfile.ZipInfo(name, (2015, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def password_xlsx():
    from unittest import mock

    from msoffcrypto.format.ooxml import OOXMLFile
    from msoffcrypto.method.container import ecma376_encrypted

    out = io.BytesIO()
    no_time = mock.patch.object(ecma376_encrypted, "datetime2filetime", lambda _: 0)
    with no_time, mock.patch.object(secrets, "token_bytes", fixed_bytes):
        OOXMLFile(io.BytesIO(small_xlsx())).encrypt(PASSWORD, out)
    return out.getvalue()


def small_xls():
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("表1")
    sheet.write(0, 0, TITLE + "表")
    sheet.write(1, 0, 1147)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def password_xls():
    """RC4 as Excel 97 has it ([MS-OFFCRYPTO] 2.3.6): a FILEPASS record after the first BOF, all that follows enciphered
    in blocks of 1,024 bytes but for record headers and a few records that stay plain."""
    import olefile
    from xlwt.CompoundDoc import XlsDoc

    stream = olefile.OleFileIO(io.BytesIO(small_xls())).openstream("Workbook").read()
    salt, verifier = fixed_bytes(16), fixed_bytes(16)[::-1]
    base = rc4_base_key(salt)
    sealed = rc4(block_key(base, 0), verifier + hashlib.md5(verifier).digest())
    file_pass = struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + salt + sealed
    records, at = [], 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind == 0:  # the padding after the last record
            break
        records.append([kind, stream[at + 4 : at + 4 + size]])
        at += 4 + size
    records.insert(1, [0x2F, file_pass[4:]])
    shift = len(file_pass)
    plain, mask = b"", b""
    for kind, data in records:
        if kind == 0x85:  # BOUNDSHEET: the sheets stand further on now; their places stay readable
            data = struct.pack("<I", struct.unpack_from("<I", data)[0] + shift) + data[4:]
        open_bytes = len(data) if kind in (0x809, 0x2F, 0xE1) else 4 if kind == 0x85 else 0
        plain += struct.pack("<HH", kind, len(data)) + data
        mask += b"\0" * (4 + open_bytes) + b"\1" * (len(data) - open_bytes)
    cipher = b"".join(
        rc4(block_key(base, block), plain[block * 1024 : block * 1024 + 1024]) for block in range(len(plain) // 1024 + 1)
    )
    mixed = bytes(c if m else p for p, c, m in zip(plain, cipher, mask, strict=True))
    out = io.BytesIO()
    XlsDoc().save(out, mixed + b"\0" * (-len(mixed) % 4))
    return out.getvalue()


def rc4_base_key(salt):
    start = hashlib.md5(PASSWORD.encode("utf-16-le")).digest()[:5]
    return hashlib.md5((start + salt) * 16).digest()[:5]


def block_key(base, block):
    return hashlib.md5(base + struct.pack("<I", block)).digest()


def rc4(key, data):
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def password_ods():
    """A workbook whose manifest says that its content is encrypted; the content is not looked at then."""
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        'manifest:full-path="content.xml" manifest:media-type="text/xml" manifest:size="64"><manifest:encryption-data '
        'manifest:checksum-type="SHA1/1K" manifest:checksum="AA=="/></manifest:file-entry></manifest:manifest>'
    )
    return zip_of(
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", fixed_bytes(64)),
        ("META-INF/manifest.xml", manifest.encode()),
    )


def zip_of(*parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, body in parts:
            new.writestr(zipfile.ZipInfo(name, (2015, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def damaged_xlsx():
    """A bit turned over in the middle of a part: its checksum no longer fits."""
    raw = bytearray((FIXTURES / "yuxi-2013/medical_financing.xlsx").read_bytes())
    raw[len(raw) // 2] ^= 0x10
    return bytes(raw)


def repeating_ods():
    """A few hundred bytes that ask for 2**34 cells."""
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    content = (
        '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><table:table table:name="1">'
        f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row></table:table>'
        "</office:document-content>"
    )
    return zip_of(
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.encode()),
    )


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\0\0", 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def bad_bytes():
    """A byte that is in no GB18030 text, in cell A4."""
    return "表1 参保人数,,\n地区,2003,2004\n青海,56.4,58.5\n西".encode("gb18030") + b"\xff,14,15\n"


FILES = {
    "password.xlsx": password_xlsx,
    "password.xls": password_xls,
    "password.ods": password_ods,
    "truncated.xlsx": lambda: (FIXTURES / "yuxi-2013/injury_by_county.xlsx").read_bytes()[:3000],
    "truncated.dbf": lambda: (FIXTURES / "shandong-2003/employment.dbf").read_bytes()[:600],
    "damaged.xlsx": damaged_xlsx,
    "repeating.ods": repeating_ods,
    "html.xls": lambda: (FIXTURES / "yuxi-2013/injury_by_year.html").read_bytes(),
    "text.xls": lambda: (FIXTURES / "qinghai-2005/nonpublic_coverage.csv").read_bytes(),
    "png.xlsx": png,
    "empty.csv": lambda: b"",
    "gb18030.csv": bad_bytes,
    "undeclared.csv": bad_bytes,
}


def main():
    for name, make in FILES.items():
        raw = make()
        same = (HERE / name).exists() and (HERE / name).read_bytes() == raw
        (HERE / name).write_bytes(raw)
        print("same   " if same else "written", name, len(raw), "bytes")


if __name__ == "__main__":
    main()
