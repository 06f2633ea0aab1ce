"""Puts the pages of the machines into the site that ``asv publish`` built, and links them from its front pages."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

from retrospeed import whole_file
from retrospeed.asv_config import Suite
from retrospeed.errors import ResultsError
from retrospeed.watch import page
from retrospeed.watch.analysis import Analysis

FRONT_PAGES = ("index.html", "index.legacy.html", "error.html")
"""asv's own; with asv-tachyon installed over it, that one's, which keeps asv's under the second name. The third is
asv's for readers whom its scripts, which come from the internet, do not reach."""
_MARK = "retrospeed-pages"
_STYLE = """\
<style>
#retrospeed-pages { position: fixed; right: 8px; bottom: 8px; z-index: 2000; display: flex; flex-wrap: wrap;
  gap: 4px 12px; justify-content: flex-end; max-width: calc(100vw - 16px); padding: 4px 10px; border: 1px solid #8888;
  border-radius: 6px; background: #fff; font: 13px/1.4 system-ui, sans-serif; }
#retrospeed-pages a { color: #0550ae; }
@media (prefers-color-scheme: dark) {
  #retrospeed-pages { background: #15181c; }
  #retrospeed-pages a { color: #79b8ff; }
}
</style>"""


def page_of(html_dir: Path, machine: str) -> Path:
    """Where the page of a machine stands in the site."""
    return html_dir / f"history-{re.sub(r'[^A-Za-z0-9._-]', '_', machine)}.html"


def install(suite: Suite, analyses: Sequence[Analysis]) -> list[Path]:
    """Write the page of each analysis into the site and link it; the pages.

    Raises ResultsError if there is no site yet, RetrospeedError if vl-convert is not installed.
    """
    if not (suite.html_dir / "index.html").is_file():
        raise ResultsError(f"There is no site in {suite.html_dir}; build it first (`asv publish`).")
    pages = []
    for analysis in analyses:
        file = page_of(suite.html_dir, analysis.archive.machine)
        page.write(analysis, file)
        link(file, suite.html_dir, analysis.archive.machine)
        pages.append(file)
    return pages


def link(page_file: Path, html_dir: Path, machine: str) -> None:
    """Link a page from the site's front pages, each once; they keep all they had. Raises RetrospeedError."""
    target = html.escape(page_file.relative_to(html_dir).as_posix())
    anchor = f'<a href="{target}">history of {html.escape(machine)}</a>'
    for name in FRONT_PAGES:
        front = html_dir / name
        if not front.is_file():
            continue
        text = front.read_text(encoding="utf-8")
        if anchor in text or "</body>" not in text:
            continue
        opening = f'<nav id="{_MARK}">'
        if opening not in text:
            before, _, after = text.rpartition("</body>")
            text = f"{before}{_STYLE}\n{opening}</nav>\n</body>{after}"
        before, _, after = text.partition(opening)
        links, _, after = after.partition("</nav>")
        whole_file.write(front, f"{before}{opening}{links}{anchor}</nav>{after}".encode())


def link_if_inside(page_file: Path, suite: Suite, machine: str) -> None:
    """Link a page that was written into the site; one that is elsewhere is left alone."""
    html_dir = suite.html_dir.resolve()
    if page_file.resolve().is_relative_to(html_dir):
        link(page_file.resolve(), html_dir, machine)
