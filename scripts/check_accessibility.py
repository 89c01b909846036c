"""Ask axe-core, in a browser without a window, what of the pages a keyboard or a screen reader could not use; in light and in dark.

Usage: check_accessibility.py PAGE.html ...
"""

import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import axe_playwright_python

SERIOUS = {"serious", "critical"}
AXE = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
# The answer takes the place of the page, so that it is what the browser prints.
ASK = """<script>axe.run().then(found => {
  const told = found.violations.map(v => [v.impact, v.id, v.help, v.nodes.length, v.nodes[0].html]);
  document.body.innerHTML = '<pre id="axe"></pre>';
  document.getElementById("axe").textContent = JSON.stringify([found.passes.length, told]);
})</script>"""
# What the browser's engine calls the two colour schemes.
SCHEMES = {"light": 1, "dark": 0}


def asked(page, scheme, profile):
    text = page.read_text(encoding="utf-8")
    # Beside the page, since it names its pictures and styles by where it lies.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".html", prefix=".axe-", dir=page.parent) as probe:
        probe.write(text.replace("</body>", f"<script>{AXE}</script>{ASK}</body>"))
        probe.flush()
        printed = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             f"--user-data-dir={profile}", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
             "--virtual-time-budget=60000", "--dump-dom", f"file://{os.path.abspath(probe.name)}"],
            capture_output=True, text=True, check=True,
        ).stdout
    answer = re.search(r'<pre id="axe">(.+?)</pre>', printed, re.S)
    return json.loads(html.unescape(answer.group(1))) if answer else None


def main():
    pages = [pathlib.Path(name) for name in sys.argv[1:]]
    serious = passed = 0
    with tempfile.TemporaryDirectory() as profile:
        for page in pages:
            for scheme in SCHEMES:
                answer = asked(page, scheme, profile)
                if answer is None:
                    sys.exit(f"{page}: the browser gave no answer")
                passed += answer[0]
                for impact, rule, help_, count, first in answer[1]:
                    serious += impact in SERIOUS
                    print(f"{page} ({scheme}): {impact}: {rule}: {help_}; {count} places, the first {first[:200]}", file=sys.stderr)
    print(f"axe: {len(pages)} pages in light and dark, {passed} rules hold, {serious} serious faults")
    sys.exit(1 if serious or not pages else 0)


main()
