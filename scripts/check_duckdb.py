"""Read every Parquet file of the current release with DuckDB and compare the row counts with the manifest's."""

import json
import pathlib
import sys

import duckdb

warehouse = pathlib.Path("warehouse")
# Lines of a time and a release; the last one is current.
release = warehouse / "releases" / (warehouse / "current").read_text().split()[-1]
manifest = json.loads((release / "manifest.json").read_text())
wrong = 0
for table, rows in manifest["rows"].items():
    [(found,)] = duckdb.sql(f"SELECT count(*) FROM '{release}/{table}.parquet'").fetchall()
    if found != rows:
        print(f"{table}: DuckDB reads {found} rows, the manifest says {rows}")
        wrong += 1
print(f"DuckDB: {len(manifest['rows'])} tables, {wrong} wrong")
sys.exit(wrong > 0)
