"""Read every Parquet file of the current release with DuckDB and compare the row counts with the manifest's."""

import json
import pathlib
import sys

import duckdb

warehouse = pathlib.Path("warehouse")
current = warehouse / "current"
release = current.resolve() if current.is_dir() else warehouse / "releases" / current.read_text().strip()
manifest = json.loads((release / "manifest.json").read_text())
wrong = 0
for table, rows in manifest["rows"].items():
    (found,) = duckdb.sql(f"SELECT count(*) FROM '{release}/{table}.parquet'").fetchone()
    if found != rows:
        print(f"{table}: DuckDB reads {found} rows, the manifest says {rows}")
        wrong += 1
print(f"DuckDB: {len(manifest['rows'])} tables, {wrong} wrong")
sys.exit(wrong > 0)
