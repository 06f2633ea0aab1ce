"""The form for a browser: one file with everything in it, the differential flame graph above all."""

import re
from html import escape
from importlib import resources
from typing import Any

import msgspec

from retrospeed.explain import rows
from retrospeed.explain.difference import Difference, Stack
from retrospeed.explain.explanation import Explanation
from retrospeed.explain.hunks import Hunk
from retrospeed.explain.profiles import What
from retrospeed.explain.sources import FunctionId

SMALLEST = 1e-4
"""Part of the whole below which a stack is drawn as its caller's."""
_NUMBERS = range(2, 6)
_CODE = re.compile(r"`([^`]+)`")
_GRAPH = """<h2>Where the time went</h2>
<div class="bar">
<span><span class="key" style="background:var(--worse)"></span> more than before</span>
<span><span class="key" style="background:var(--better)"></span> less than before</span>
<span role="radiogroup" aria-label="What the width means">Width:
<label><input type="radio" name="width" value="head" checked>the commit</label>
<label><input type="radio" name="width" value="base">its parent</label>
<label><input type="radio" name="width" value="both">both</label></span>
<label>Find <input type="search" id="search" size="16"></label>
<button type="button" id="out">Zoom out</button>
</div>
<div id="graph"></div>
<p id="detail" aria-live="polite"></p>"""


def html(explanation: Explanation) -> str:
    """The whole page."""
    profile = explanation.profile
    parts = {
        "TITLE": escape(rows.title(explanation)),
        "CAUSE": _with_code(explanation.cause.sentence),
        "FACTS": _facts(explanation),
        "FUNCTIONS": _functions(profile) if profile else "",
        "GRAPH": _graph(profile) if profile else "",
        "HUNKS": _hunks(explanation.hunks),
        "COMMAND": escape(explanation.command),
        "DATA": _data(profile),
    }
    template = resources.files("retrospeed.explain").joinpath("page.html").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda mark: parts[mark[1]], template)


def _with_code(sentence: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(sentence))


def _facts(explanation: Explanation) -> str:
    before, after = rows.figures(explanation)
    facts = {
        "Commit": f"{explanation.head.short} {explanation.head.subject}",
        "Compared with": f"{explanation.base.short} {explanation.base.subject}",
        "Measured": f"{before} → {after}, {rows.interval(explanation)}, {explanation.finding.pairs} pairs",
        "Verdict": rows.severity(explanation),
        "Machine": f"{explanation.machine}, {explanation.environment}",
    }
    if explanation.profile is not None:
        facts["Profile"] = rows.total(explanation.profile)
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts.items()) + "</dl>"


def _functions(profile: Difference) -> str:
    listed = rows.shown(profile)
    if not listed:
        return ""

    def line(cells: tuple[str, ...], tag: str) -> str:
        numbers = [' class="number"' if index in _NUMBERS else "" for index in range(len(cells))]
        return "".join(f"<{tag}{of}>{escape(cell)}</{tag}>" for of, cell in zip(numbers, cells, strict=True))

    body = "".join(f"<tr>{line(rows.cells(row, profile), 'td')}</tr>" for row in listed)
    return (
        f'<h2>Functions</h2><div class="scroll"><table><thead><tr>{line(rows.HEADINGS, "th")}</tr></thead>'
        f"<tbody>{body}</tbody></table></div><p>{escape(rows.rest(profile, listed))}</p>"
    )


def _graph(profile: Difference) -> str:
    return _GRAPH if profile.what is What.TIME else _GRAPH.replace("the time", "the memory")


def _hunks(found: tuple[Hunk, ...]) -> str:
    if not found:
        return ""
    kinds = {"+": "plus", "-": "minus", "@": "at"}
    pieces = ["<h2>What the commit changes there</h2>"]
    for hunk in found:
        lines = "".join(
            f'<span class="{kinds.get(line[:1], "same")}">{escape(line)}</span>' for line in hunk.shown.splitlines()
        )
        pieces.append(f"<code>{escape(hunk.path)}</code><pre>{lines}</pre>")
    return "".join(pieces)


def _data(profile: Difference | None) -> str:
    content: dict[str, Any] = {}
    if profile is not None:
        functions, root = flame_tree(profile)
        places = {row.id: row.function.place for row in profile.rows}
        named = [["all", ""], *([str(id), places.get(id, "")] for id in functions)]
        unit = "seconds" if profile.what is What.TIME else "bytes"
        content = {"unit": unit, "functions": named, "root": root}
    # Within a script, "</" could end it.
    return msgspec.json.encode(content).decode().replace("<", "\\u003c")


Node = tuple[int, float, float, list[Any]]


def flame_tree(profile: Difference) -> tuple[list[FunctionId], Node]:
    """The stacks as a tree of (function, own amount at the parent, own amount at the commit, children).

    Function 0 is the root; function n is entry n - 1 of the list. Stacks too small to be seen are their callers'.
    """
    limit = SMALLEST * max(profile.base, profile.head)
    inclusive: dict[Stack, float] = {}
    for stack, (base, head) in profile.stacks.items():
        for depth in range(1, len(stack) + 1):
            inclusive[stack[:depth]] = inclusive.get(stack[:depth], 0.0) + max(base, head)
    numbers: dict[FunctionId, int] = {}
    root: list[Any] = [0, 0.0, 0.0, {}]
    for stack, (base, head) in profile.stacks.items():
        node = root
        for depth, id in enumerate(stack, start=1):
            if inclusive[stack[:depth]] < limit:
                break
            number = numbers.setdefault(id, len(numbers) + 1)
            node = node[3].setdefault(number, [number, 0.0, 0.0, {}])
        node[1] += base
        node[2] += head
    return list(numbers), _listed(root)


def _listed(node: list[Any]) -> Node:
    number, base, head, children = node
    return number, base, head, [_listed(child) for child in children.values()]
