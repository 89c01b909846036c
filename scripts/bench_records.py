"""Records at scale, beside others: extracts to Parquet, the eight questions, the monthly job. Prints the tables of docs/benchmarks.md.

usage: bench_records.py SHEBAO PEERS_PYTHON [extracts] [monthly] [questions]     all of them where none is named

SHEBAO_BENCH_PERSONS (100,000) says how many persons are made up, for 24 months; 1,000,000 is the full size (20 GB of disk).
SHEBAO_BENCH_FOLDER says where; all that is made there is removed again. Wall seconds depend on what else the machine does,
processor seconds hardly.
"""

import glob
import hashlib
import json
import math
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

PERSONS = int(os.environ.get("SHEBAO_BENCH_PERSONS", "100000"))
MONTHS = 24
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def cost(*command):
    """Wall seconds, processor seconds, peak megabytes and output of a command."""
    pipe = tempfile.TemporaryFile()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    pipe.seek(0)
    said = pipe.read().decode("utf-8", "replace")
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{said}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said


def project(folder, sql):
    """A project with the layouts of the extracts and these folders of SQL."""
    for part in ["pipelines/codes", "pipelines/agency", "pipelines/synth.toml", *sql]:
        source, target = os.path.join(ROOT, part), os.path.join(folder, part)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copytree(source, target) if os.path.isdir(source) else shutil.copy(source, target)
    for part in ["sql/audits", "reports", "fixtures"]:
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    return folder


CORE = [f"sql/models/core/core_{name}.sql" for name in ["code", "indicator", "measure", "observation", "table"]]


def files(folder, pattern):
    return sorted(glob.glob(os.path.join(folder, pattern)))


def rows(paths):
    return sum(open(path, "rb").read().count(b"\n") - 1 for path in paths)


def table(title, head, lines):
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for line in lines:
        print(f"| {' | '.join(line)} |")


def joined_file(folder, paths):
    """All rows of some files under the name of the first."""
    os.makedirs(folder)
    joined = os.path.join(folder, os.path.basename(paths[0]))
    with open(joined, "wb") as target:
        for nth, path in enumerate(paths):
            with open(path, "rb") as source:
                header = source.readline()
                target.write(b"" if nth else header)
                shutil.copyfileobj(source, target)
    return joined


def extracts(shebao, python, folder, given):
    contributions = os.path.join(given, "agency/contribution")
    paths = files(contributions, "*.csv")
    utf8 = os.path.join(folder, "utf8")
    os.makedirs(utf8)
    for path in paths:
        with open(path, "rb") as source, open(os.path.join(utf8, os.path.basename(path)), "wb") as target:
            target.write(source.read().decode("gb18030").encode())
    alone = os.path.join(folder, "alone")
    os.makedirs(os.path.join(alone, "agency"))
    os.symlink(contributions, os.path.join(alone, "agency/contribution"))
    lines = []
    joined = [joined_file(os.path.join(folder, name), some) for name, some in [("third", paths[::3]), ("all", paths)]]
    for name, some in [
        ("shebao, GB18030", paths),
        ("shebao, a third of the files", paths[::3]),
        ("shebao, a third in one file", joined[:1]),
        ("shebao, all in one file", joined[1:]),
    ]:
        of_some = os.path.join(folder, "some", name)
        os.makedirs(os.path.join(of_some, "agency/contribution"))
        for path in some:
            os.link(path, os.path.join(of_some, "agency/contribution", os.path.basename(path)))
        where = project(os.path.join(folder, "extract", name), CORE)
        wall, used, peak, _ = cost(shebao, "--project", where, "--input", of_some, "ingest")
        lines.append((name, wall, used, peak, rows(some)))
    told = subprocess.run(
        [python, os.path.join(HERE, "peers_records.py"), "extract", utf8, contributions], capture_output=True, text=True, check=True
    )
    for line in told.stdout.splitlines():
        peer, _, wall, used, peak, found, _ = line.split("\t")
        if wall != "-":
            lines.append((peer, float(wall), float(used), float(peak), int(found)))
    shown = [
        [name, f"{n:,}", f"{wall:.1f}", f"{used:.1f}", f"{n / used / 1e3:,.0f}", f"{peak:,.0f}"] for name, wall, used, peak, n in lines
    ]
    table("Contributions to Parquet", ["", "rows", "seconds", "processor s", "1,000 rows / processor s", "peak MB"], shown)


def plain(python, warehouse, folder):
    """The records of the current release as one plain Parquet file per month and table, as DuckDB writes it."""
    text = (
        "import duckdb, json, sys\nc = duckdb.connect()\nc.execute('SET threads = 2')\n"
        "for target, sources in json.load(sys.stdin).items():\n"
        "    c.execute(f\"COPY (SELECT * EXCLUDE (submission) FROM read_parquet({sources})) TO '{target}' (FORMAT parquet)\")\n"
    )
    release = open(os.path.join(warehouse, "current")).read().split()[-1]
    manifest = json.load(open(os.path.join(warehouse, "releases", release, "manifest.json")))
    sources = {}
    for submission in manifest["submissions"]:
        name = submission["table"].removeprefix("core_")
        if name not in ("contribution", "unit") or submission["refused"]:
            continue
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        for part in submission["parts"]:
            # What later files state anew is left out, as it is of the release.
            file = (part["left"] or part)["file"]
            target = os.path.join(folder, name, f"{name}-{part['month']}.parquet")
            sources.setdefault(target, []).append(os.path.join(warehouse, file))
    subprocess.run([python, "-c", text], input=json.dumps(sources).encode(), check=True)
    return folder


def asked(name):
    """The questions of a file of benches/, by name."""
    text = open(os.path.join(ROOT, "benches", name), encoding="utf-8").read()
    parts = (part.split("\n", 1) for part in text.split("-- question: ")[1:])
    return {name.strip(): sql for name, sql in parts}


def questions(shebao, python, folder, where):
    """Of the statistics by month, of the records as they are, and of others; all must give the same answers."""
    path = os.path.join(ROOT, "benches/questions.sql")
    peers = plain(python, os.path.join(where, "warehouse"), os.path.join(folder, "plain"))
    told = subprocess.run([python, os.path.join(HERE, "peers_records.py"), "questions", peers, path], capture_output=True, text=True, check=True)
    others = {}
    for line in told.stdout.splitlines():
        peer, name, wall, used, _, said, digest = line.split("\t")
        others.setdefault(name, {})[peer] = (float(wall), float(used), digest) if wall != "-" else said

    def ours(sql):
        costs = [cost(shebao, "--project", where, "query", sql, "--format", "csv") for _ in range(3)]
        wall, used, _, said = sorted(costs)[1]
        rows = said.split("\n", 1)[1]
        return wall, used, hashlib.sha256(rows.encode()).hexdigest()[:16]

    names = ["duckdb", "datafusion", "polars"]
    lines, ratios, raw_ratios = [], [], []
    records = asked("questions.sql")
    for name, sql in asked("questions_models.sql").items():
        of_models, of_records = ours(sql), ours(records[name])
        of_peers = [others[name][peer] for peer in names]
        answers = {"shebao, records": of_records, **dict(zip(names, of_peers, strict=True))}
        for whose, told in answers.items():
            if isinstance(told, str) or told[2] != of_models[2]:
                print(f"\n{name}: {whose} gives another answer: {told}", file=sys.stderr)
        best = min((peer[1] for peer in of_peers if isinstance(peer, tuple)), default=math.nan)
        ratios.append(of_models[1] / best)
        raw_ratios.append(of_records[1] / best)
        cells = [f"{one[0]:.2f} / {one[1]:.2f}" if isinstance(one, tuple) else "–" for one in [of_models, of_records, *of_peers]]
        lines.append([name, *cells, f"{of_models[1] / best:.2f}"])

    def mean(numbers):
        return f"{math.exp(sum(map(math.log, numbers)) / len(numbers)):.2f}"

    lines.append(["geometric mean to the best", mean(ratios), mean(raw_ratios), "", "", "", mean(ratios)])
    table("The eight questions (seconds / processor seconds)", ["", "shebao", "shebao, records", *names, "to the best"], lines)


def monthly(shebao, folder, given):
    """The 24th month added to those before, all 24 anew, and the 48th month added."""
    where = project(os.path.join(folder, "monthly"), ["sql"])
    inbox = os.path.join(folder, "inbox")
    named = {path: re.search(r"\d{4}-\d{2}(?=\.csv$)", path) for path in files(given, "agency/*/*.csv")}
    months = sorted({found.group() for found in named.values() if found})
    for path, found in named.items():
        kept = os.path.join(inbox, os.path.relpath(path, given))
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        # Files of no month are there from the beginning.
        os.link(path, kept + ".later" if found else kept)
    lines = []

    def arrive(some):
        for month in some:
            for path in files(inbox, f"agency/*/*{month}.csv.later"):
                os.rename(path, path.removesuffix(".later"))
        # Files that changed in this very moment would have to be read again to be known.
        time.sleep(4)

    def run(name):
        wall, used, peak, said = cost(shebao, "--project", where, "--input", inbox, "run")
        computed = next((line.split("(")[1].split(")")[0] for line in said.splitlines() if "months computed" in line), "")
        lines.append([name, f"{wall:.1f}", f"{used:.1f}", f"{peak:,.0f}", computed.removesuffix(" computed")])
        return used

    arrive(months[: MONTHS - 1])
    run(f"{MONTHS - 1} months, from nothing")
    arrive(months[MONTHS - 1 : MONTHS])
    added = run("the month added")
    key = open(os.path.join(where, "warehouse/key")).read()
    shutil.rmtree(os.path.join(where, "warehouse"))
    os.makedirs(os.path.join(where, "warehouse"))
    with open(os.open(os.path.join(where, "warehouse/key"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(key)
    anew = run(f"all {MONTHS} months anew")
    lines.append([f"rebuild / month added: {anew / added:.1f}", "", "", "", ""])
    if len(months) > MONTHS:
        arrive(months[MONTHS:-1])
        run(f"{len(months) - 1} months")
        arrive(months[-1:])
        later = run("the month added")
        lines.append([f"the {len(months)}th / the {MONTHS}th month: {later / added:.2f}", "", "", "", ""])
    table("The monthly job", ["", "seconds", "processor s", "peak MB", "months of tables computed"], lines)
    return where


def main():
    shebao, python = map(os.path.abspath, sys.argv[1:3])
    parts = sys.argv[3:] or ["extracts", "monthly", "questions"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(dir=os.environ.get("SHEBAO_BENCH_FOLDER")) as folder:
        given = os.path.join(folder, "given")
        size = ["--persons", str(PERSONS), "--months", str(MONTHS), "--seed", "1"]
        wall, used, peak, _ = cost(shebao, "--project", ROOT, "synth", *size, given)
        made = rows(files(given, "agency/*/*.csv"))
        print(f"{platform.machine()}, {os.cpu_count()} cores, {PERSONS:,} persons × {MONTHS} months, {made:,} records")
        print(f"\n`shebao synth`: {made / used / 1e6:.2f} million rows a processor second, {peak:.0f} MB ({wall:.1f} s)")
        if "extracts" in parts:
            extracts(shebao, python, folder, given)
        if "monthly" in parts:
            # Made up anew, twice as long: a month is the same whatever comes after it.
            long = os.path.join(folder, "long")
            size[3] = str(2 * MONTHS)
            cost(shebao, "--project", ROOT, "synth", *size, long)
            monthly(shebao, os.path.join(folder, "job"), long)
            shutil.rmtree(long)
            shutil.rmtree(os.path.join(folder, "job"))
        if "questions" in parts:
            where = project(os.path.join(folder, "asked"), ["sql"])
            cost(shebao, "--project", where, "--input", given, "run")
            questions(shebao, python, folder, where)


if __name__ == "__main__":
    main()
