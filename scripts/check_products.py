"""Read every SDMX-CSV file with sdmx1 by its structure and every data package with frictionless; compare them figure by figure.

Usage: check_products.py out/tables
"""

import csv
import pathlib
import sys

import sdmx
from frictionless import Package

folder = pathlib.Path(sys.argv[1])
faults = []


def figures_of_sdmx(path):
    structure = sdmx.read_sdmx(path.with_name(path.name.replace(".sdmx.csv", ".structure.xml")))
    flow = next(iter(structure.dataflow.values()))
    message = sdmx.read_sdmx(path, structure=flow)
    figures = []
    for data in message.data:
        for observation in data.obs:
            of = {key: value.value for key, value in observation.attached_attribute.items()}
            for cell in of["CELL"].split(" "):
                figures.append((cell, observation.value or "", of["MARK"], of["COMMENT_OBS"]))
        for dimension in flow.structure.dimensions:
            if not all(dimension.id in observation.dimension.values for observation in data.obs):
                faults.append(f"{path}: a figure lacks {dimension.id}")
    return sorted(figures)


def figures_of_package(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return sorted((f"R{r['row']}C{r['column']}", r["value"], r["mark"], r["note"]) for r in rows)


files = sorted(folder.rglob("*.sdmx.csv"))
for path in files:
    name = path.name.removesuffix(".sdmx.csv")
    theirs = figures_of_sdmx(path)
    ours = figures_of_package(path.parent / "datapackage" / "data" / f"{name}.csv")
    if theirs != ours:
        faults.append(f"{path}: {[pair for pair in zip(theirs, ours) if pair[0] != pair[1]][:3]}")
print(f"SDMX-CSV: {len(files)} files, {len(faults)} faults")

before = len(faults)
packages = sorted(folder.rglob("datapackage.json"))
for path in packages:
    package = Package(str(path))
    report = package.validate()
    faults.extend(f"{path}: {error}" for error in report.flatten(["message"]))
    read = {resource.name: resource.read_rows() for resource in package.resources}
    for name, rows in read.items():
        if name.endswith("-parquet"):
            same = [dict(row) for row in rows] == [dict(row) for row in read[name.removesuffix("-parquet")]]
            if not same:
                faults.append(f"{path}: {name} says other than the csv beside it")
print(f"Data Package: {len(packages)} packages, {len(faults) - before} faults")
print("\n".join(map(str, faults)), file=sys.stderr)
sys.exit(1 if faults else 0)
