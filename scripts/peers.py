"""Read wide tables and unpivot them, as a user of the usual Python libraries would; the peers of `make bench`.

usage: peers.py FOLDER...
Every workbook of a folder is read whole: a title line, a header line, then one label and the numbers. Prints one line per
peer and folder: name, folder, seconds (imports not counted), rows of the long table.
"""

import sys
import time
from pathlib import Path


def pandas_openpyxl(path):
    table = pandas.read_excel(path, header=1, engine="openpyxl" if path.suffix == ".xlsx" else "xlrd")
    return len(table.melt(id_vars=table.columns[0]))


def python_calamine_lists(path):
    _, header, *body = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    long = [(row[0], month, value) for row in body for month, value in zip(header[1:], row[1:])]
    return len(long)


def fastexcel_polars(path):
    table = fastexcel.read_excel(path).load_sheet(0, header_row=1).to_polars()
    return table.unpivot(index=table.columns[0]).height


PEERS = {
    "pandas + openpyxl": ("pandas", pandas_openpyxl),
    "python-calamine": ("python_calamine", python_calamine_lists),
    "fastexcel + polars": ("fastexcel", fastexcel_polars),
}

for folder in map(Path, sys.argv[1:]):
    files = sorted(folder.iterdir())
    for name, (module, read) in PEERS.items():
        globals()[module] = __import__(module)
        start = time.perf_counter()
        rows = sum(read(path) for path in files)
        print(f"{name}\t{folder}\t{time.perf_counter() - start:.3f}\t{rows}", flush=True)
