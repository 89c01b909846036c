"""A thousand tables and three hundred charts in every format, beside the usual Python way. Prints the table of docs/benchmarks.md.

usage: bench_publication.py SHEBAO PEERS_PYTHON

The project's own reports, copied until there are SHEBAO_BENCH_TABLES (1,000) tables and three charts for every ten, are printed twice
from one release: the second time must give the same bytes. Wall seconds depend on what else the machine does, processor seconds hardly.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

from bench_records import ROOT, cost, table

TABLES = int(os.environ.get("SHEBAO_BENCH_TABLES", "1000"))
CHARTS = TABLES * 3 // 10
COPIED = ["qinghai-2005", "shandong-2003", "warning", "yuxi-2013"]


def copies(reports):
    """The project's reports under new names and ids until there are enough; how many tables and charts that are."""
    texts = {}
    for name in COPIED:
        with open(os.path.join(ROOT, "reports", name, "report.toml"), encoding="utf-8") as file:
            texts[name] = file.read()
    tables, charts, round_ = 0, 0, 0
    while tables < TABLES or charts < CHARTS:
        round_ += 1
        for name, text in texts.items():
            folder = os.path.join(reports, f"{name}-{round_}")
            os.makedirs(folder)
            with open(os.path.join(folder, "report.toml"), "w", encoding="utf-8") as file:
                file.write(re.sub(r'(?m)^(id\s*=\s*"\w+)"', rf'\1_{round_}"', text))
            tables, charts = tables + text.count("[[table]]"), charts + text.count("[[chart]]")
    shutil.copy(os.path.join(ROOT, "reports/palette.toml"), reports)
    return tables, charts, sorted({found for text in texts.values() for found in re.findall(r'(?m)^from\s*=\s*"(\w+)"', text)})


def digests(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def main():
    shebao, python = map(os.path.abspath, sys.argv[1:3])
    with tempfile.TemporaryDirectory(dir=os.environ.get("SHEBAO_BENCH_FOLDER")) as folder:
        for part in ["fixtures", "pipelines", "sql"]:
            shutil.copytree(os.path.join(ROOT, part), os.path.join(folder, part))
        reports = os.path.join(folder, "reports")
        os.makedirs(reports)
        cost(shebao, "--project", folder, "run")
        tables, charts, sources = copies(reports)
        wall, used, peak, _ = cost(shebao, "--project", folder, "report")
        first = digests(os.path.join(folder, "out"))
        again, used_again, _, _ = cost(shebao, "--project", folder, "report")
        second = digests(os.path.join(folder, "out"))
        differ = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
        if differ:
            sys.exit(f"{len(differ)} files differ on the second run: {', '.join(differ[:5])}")
        data = os.path.join(folder, "data")
        os.makedirs(data)
        for source in sources:
            with open(os.path.join(data, f"{source}.csv"), "w", encoding="utf-8") as file:
                file.write(cost(shebao, "--project", folder, "query", f"SELECT * FROM {source}", "--format", "csv")[3])
        told = subprocess.run(
            [python, os.path.join(ROOT, "scripts/peers_publication.py"), data, reports, os.path.join(folder, "python")],
            capture_output=True, text=True, check=True,
        )
        peer_wall, peer_used, peer_tables, peer_charts = told.stdout.split()
        peer_files = len(digests(os.path.join(folder, "python")))
        table(
            f"{tables:,} tables and {charts} charts",
            ["", "files", "seconds", "processor s", "peak MB", "Python ÷ ours (seconds)", "(processor s)"],
            [
                ["shebao report, all formats", f"{len(first):,}", f"{wall:.1f}", f"{used:.1f}", f"{peak:,.0f}", "", ""],
                ["once more: the same bytes", f"{len(second):,}", f"{again:.1f}", f"{used_again:.1f}", "", "", ""],
                [
                    f"pandas, openpyxl, matplotlib: {int(peer_tables):,} tables as xlsx, html, csv; {peer_charts} charts",
                    f"{peer_files:,}", peer_wall, peer_used, "", f"{float(peer_wall) / wall:.1f}", f"{float(peer_used) / used:.1f}",
                ],
            ],
        )


if __name__ == "__main__":
    main()
