"""What others take for the same records: extracts to Parquet, and the eight questions; the peers of the extracts bench.

usage: peers_records.py extract UTF8_FOLDER GB18030_FOLDER   every .csv of contributions to one Parquet file
       peers_records.py questions PLAIN_FOLDER SQL_FILE      contribution-*.parquet and unit-*.parquet, one per month

Each peer runs in a process of its own on two threads. Prints one line per peer and task: peer, task, wall seconds, processor
seconds, peak megabytes, rows, and of an answer its digest: its rows as `shebao query --format csv` prints them.
"""

import decimal
import glob
import hashlib
import multiprocessing
import resource
import sys
import tempfile
import time


def duckdb_connection():
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET memory_limit = '4GB'")
    return connection


def duckdb_extract(utf8, _, out):
    connection = duckdb_connection()
    query = f"COPY (SELECT * FROM read_csv('{utf8}/*.csv')) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    return connection.execute(query).fetchone()[0]


def pandas_extract(_, gb18030, out):
    import pandas
    import pyarrow
    import pyarrow.parquet

    writer, rows = None, 0
    for path in sorted(glob.glob(f"{gb18030}/*.csv")):
        frame = pandas.read_csv(path, encoding="gb18030")
        rows += len(frame)
        table = pyarrow.Table.from_pandas(frame.astype({"缴费基数": str}), preserve_index=False)
        table = table.cast(writer.schema) if writer else table
        writer = writer or pyarrow.parquet.ParquetWriter(out, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()
    return rows


def files(folder, table):
    return sorted(glob.glob(f"{folder}/{table}/*.parquet"))


def duckdb_question(folder, sql):
    connection = duckdb_connection()
    for table in ["core_contribution", "core_unit"]:
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files(folder, table[5:])})")
    return connection.execute(sql).fetchall()


def datafusion_question(folder, sql):
    import datafusion

    context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(2))
    for table in ["core_contribution", "core_unit"]:
        context.register_table(table, context.read_parquet(f"{folder}/{table[5:]}/"))
    return [tuple(row.values()) for row in context.sql(sql).to_arrow_table().to_pylist()]


def polars_question(folder, sql):
    import polars

    tables = {table: polars.scan_parquet(files(folder, table[5:])) for table in ["core_contribution", "core_unit"]}
    return polars.SQLContext(tables).execute(sql).collect(engine="streaming").rows()


def printed(value):
    """A value as shebao prints it: every digit, none that says nothing."""
    if isinstance(value, decimal.Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return "" if value is None else str(value)


def digest(rows):
    text = "".join(",".join(map(printed, row)) + "\n" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def measured(queue, work, arguments):
    start = time.perf_counter()
    try:
        rows = work(*arguments)
    except Exception as error:  # what a peer cannot answer is told as that
        queue.put(f"{type(error).__name__}: {error}".splitlines()[0][:80])
        return
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = (len(rows), digest(rows)) if isinstance(rows, list) else (rows, "-")
    queue.put((wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, *told))


def run(peer, task, work, *arguments):
    queue = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(target=measured, args=(queue, work, arguments))
    process.start()
    process.join()
    told = queue.get() if not queue.empty() or process.exitcode == 0 else f"ended with {process.exitcode}"
    if isinstance(told, str):
        print(f"{peer}\t{task}\t-\t-\t-\t{told}\t-", flush=True)
    else:
        print(f"{peer}\t{task}\t{told[0]:.2f}\t{told[1]:.2f}\t{told[2]:.0f}\t{told[3]}\t{told[4]}", flush=True)


if __name__ == "__main__":
    job, *arguments = sys.argv[1:]
    if job == "extract":
        with tempfile.TemporaryDirectory() as folder:
            run("duckdb, UTF-8", "extract", duckdb_extract, *arguments, f"{folder}/duckdb.parquet")
            run("pandas, GB18030", "extract", pandas_extract, *arguments, f"{folder}/pandas.parquet")
    else:
        folder, text = arguments
        for part in open(text, encoding="utf-8").read().split("-- question: ")[1:]:
            name, sql = part.split("\n", 1)
            for peer, work in [
                ("duckdb", duckdb_question),
                ("datafusion", datafusion_question),
                ("polars", polars_question),
            ]:
                run(peer, name.strip(), work, folder, sql.strip().rstrip(";"))
