"""The usual Python way to a thousand tables and three hundred charts: pandas, openpyxl and matplotlib; the peer of bench_publication.py.

usage: peers_publication.py DATA REPORTS OUT

DATA holds a `<table>.csv` for each table of the warehouse that the reports print from; REPORTS the same `report.toml` files that
shebao is given. Each table becomes .xlsx (title, heads of several levels, merged, three lines, notes), .html and .csv, each chart
.svg and .png: the accessible workbooks, .ods, .docx, SDMX, the data package and the explanations, which shebao writes too, are left
out. Works on all cores. Prints wall seconds, processor seconds, tables and charts, parted by tabs.
"""

import concurrent.futures
import os
import resource
import sys
import time
import tomllib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot
import openpyxl
import pandas
from openpyxl.styles import Alignment, Border, Font, Side

SCALE = {"10k_person": 1e4, "10k_yuan": 1e4, "100m_yuan": 1e8}
THICK, THIN = Side(style="medium"), Side(style="thin")

pyplot.rcParams["font.family"] = ["Noto Sans CJK SC", "Noto Sans CJK JP", "sans-serif"]


def selected(frame, where):
    for column, wanted in where.items():
        if column in frame.columns:
            frame = frame[frame[column].isin(wanted if isinstance(wanted, list) else [wanted])]
    return frame


def leaves(axis, path=(), where=None):
    """The lines of an axis from outermost to innermost: labels and codes."""
    for part in axis:
        own = {**(where or {}), **part.get("where", {}), **{key: part[key] for key in ("value", "decimals", "unit", "each") if key in part}}
        label = (*path, part.get("label", part.get("each", "")))
        inner = part.get("rows") or part.get("columns")
        yield from leaves(inner, label, own) if inner else [(label, own)]


def spread(axis, frame):
    """The lines of an axis, `each` of them with a line for every code in the data."""
    for label, own in leaves(axis):
        dimension = own.pop("each", None)
        if dimension is None:
            yield label, own
            continue
        for code in frame[dimension].drop_duplicates():
            yield (*label[:-1], str(code)), {**own, dimension: code}


def tabulated(data, spec):
    """The table as text: a frame of heads of several levels."""
    frame = selected(data[spec["from"]], spec.get("where", {}))
    rows, columns = list(spread(spec["rows"], frame)), list(spread(spec["columns"], frame))
    cells = []
    for _, row in rows:
        line = []
        for _, column in columns:
            codes = {**row, **column}
            value, decimals = codes.pop("value", "value"), codes.pop("decimals", spec.get("decimals", 2))
            scale = SCALE.get(codes.pop("unit", spec.get("unit")), 1)
            found = selected(frame, codes)
            number = pandas.to_numeric(found[value], errors="coerce").iloc[0] / scale if len(found) and value in found else None
            line.append("" if number is None or pandas.isna(number) else f"{number:.{decimals if isinstance(decimals, int) else 2}f}")
        cells.append(line)
    heads = [label for label, _ in columns]
    depth = max(map(len, heads))
    heads = pandas.MultiIndex.from_tuples([(*head, *[""] * (depth - len(head))) for head in heads])
    return pandas.DataFrame(cells, index=[" ".join(label) for label, _ in rows], columns=heads)


def workbook(path, spec, frame):
    book = openpyxl.Workbook()
    sheet = book.active
    depth, width = frame.columns.nlevels, len(frame.columns) + 1
    sheet["A1"] = f"{spec.get('number', '')} {spec['title']}"
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=width)
    sheet.cell(3, 1, spec.get("heads", [""])[0] if isinstance(spec.get("heads", [""])[0], str) else "")
    for level in range(depth):
        start = 0
        labels = list(frame.columns.get_level_values(level))
        for end in range(1, len(labels) + 1):
            if end == len(labels) or labels[end] != labels[start]:
                cell = sheet.cell(3 + level, start + 2, labels[start])
                cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
                if end - start > 1:
                    sheet.merge_cells(start_row=3 + level, start_column=start + 2, end_row=3 + level, end_column=end + 1)
                start = end
    for at, (label, line) in enumerate(zip(frame.index, frame.values), 3 + depth):
        sheet.cell(at, 1, label)
        for column, text in enumerate(line, 2):
            cell = sheet.cell(at, column, float(text) if text else None)
            cell.number_format = "0" + ("." + "0" * len(text.partition(".")[2]) if "." in text else "")
    last = 2 + depth + len(frame)
    for column in range(1, width + 1):
        sheet.cell(3, column).border = Border(top=THICK)
        sheet.cell(2 + depth, column).border = Border(bottom=THIN, top=THICK if depth == 1 else None)
        sheet.cell(last, column).border = Border(bottom=THICK)
        sheet.column_dimensions[openpyxl.utils.get_column_letter(column)].width = 14
    for at, note in enumerate([*spec.get("notes", []), spec.get("source", "")], last + 1):
        sheet.cell(at, 1, note)
    sheet.freeze_panes = sheet.cell(3 + depth, 2)
    book.save(path)


def chart(path, data, spec):
    frame = selected(data[spec["from"]], spec.get("where", {}))
    dimension, names = spec["x"]["dimension"], spec["x"].get("labels", {})
    scale = SCALE.get(spec["y"]["unit"], 1)
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    bars = [one for one in spec["series"] if spec["kind"] != "line" and one.get("shape") != "line"]
    codes = list(frame[dimension].drop_duplicates())
    for one in spec["series"]:
        lines = selected(frame, one.get("where", {})).drop_duplicates(dimension).set_index(dimension)
        values = pandas.to_numeric(lines[one.get("value", "value")], errors="coerce").reindex(codes) / scale
        places = list(range(len(codes)))
        if one in bars:
            width = 0.8 / len(bars)
            drawn = axes.bar([place + width * bars.index(one) for place in places], values, width, label=one["label"])
            axes.bar_label(drawn, fmt=f"%.{spec['y'].get('decimals', 1)}f", fontsize=8)
        else:
            axes.plot(places, values, marker="o", label=one["label"])
    axes.set_xticks(range(len(codes)), [names.get(code, code) for code in codes])
    axes.set_title(f"{spec.get('number', '')} {spec['title']}")
    axes.set_ylabel(spec["y"]["unit"])
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.text(0.01, 0.01, " ".join([*spec.get("notes", []), spec.get("source", "")]), fontsize=7)
    figure.savefig(f"{path}.svg")
    figure.savefig(f"{path}.png", dpi=200)
    pyplot.close(figure)


def printed(task):
    folder, reports, out = task
    with open(os.path.join(reports, "report.toml"), "rb") as file:
        report = tomllib.load(file)
    data = {}
    for part in [*report.get("table", []), *report.get("chart", [])]:
        name = part["from"]
        if name not in data:
            data[name] = pandas.read_csv(os.path.join(folder, f"{name}.csv"), dtype=str, keep_default_na=False)
    for spec in report.get("table", []):
        frame, path = tabulated(data, spec), os.path.join(out, spec["id"])
        workbook(f"{path}.xlsx", spec, frame)
        frame.to_html(f"{path}.html")
        frame.to_csv(f"{path}.csv")
    for spec in report.get("chart", []):
        chart(os.path.join(out, spec["id"]), data, spec)
    return len(report.get("table", [])), len(report.get("chart", []))


def main():
    folder, reports, out = sys.argv[1:4]
    os.makedirs(out, exist_ok=True)
    start = time.perf_counter()
    tasks = [(folder, entry.path, out) for entry in os.scandir(reports) if entry.is_dir()]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(printed, tasks, chunksize=4))
    wall = time.perf_counter() - start
    used = sum(getattr(resource.getrusage(who), name) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) for name in ("ru_utime", "ru_stime"))
    print(f"{wall:.1f}\t{used:.1f}\t{sum(d[0] for d in done)}\t{sum(d[1] for d in done)}")


if __name__ == "__main__":
    main()
