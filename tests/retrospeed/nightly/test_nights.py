"""Whole nights, with asv: what is new is measured, once, and what became worse is named, explained, filed."""

import os
import re
import signal
import time
from pathlib import Path

import msgspec

from retrospeed.nightly.state import Outcome, State
from retrospeed.watch import page, ratio_file
from tests.retrospeed.scratch_project import MACHINE

QUICKLY = ("--no-ratios", "--no-publish")


def test_nights_from_the_first_to_the_filed_issue(project, forge):
    status, output, told = project.night(*QUICKLY, **forge.variables)
    assert status == 0, output
    assert "there is nothing to compare with yet" in told["headline"]

    unbuildable = project.commit("does not build", 100, dependencies='"not a requirement!"')
    same = project.commit("the same", 100)
    slow = project.commit("work: much more of it", 220)
    status, output, told = project.night(*QUICKLY, **forge.variables)
    assert status == 1, output
    outcomes = {one["commit"]: one.get("outcome", "pending") for one in told["commits"]}
    assert outcomes == {unbuildable: "unmeasurable", same: "measured", slow: "measured"}
    assert f"`{unbuildable[:8]}` could not be measured" in output
    # A suspect of which nothing is left when it is measured again is a case too, and is told.
    (case,) = [one for one in told["cases"] if one["classification"] != "unchanged"]
    assert (case["benchmark"], case["culprit"], case["classification"]) == ("suite.time_work", slow, "severe")
    assert "`toy.work`" in case["cause"] or "`toy.step`" in case["cause"]
    (issue,) = forge.issues
    assert issue["html_url"] == case["issue_url"]
    text = Path(case["issue_file"]).read_text(encoding="utf-8")
    assert text.startswith(f"# {issue['title']}\n")
    assert Path(case["issue_file"]).with_suffix(".html").is_file()
    assert re.fullmatch(rf"suite\.time_work: .+ since {slow[:8]} \(work: much more of it\)", issue["title"])
    for expected in (
        r"\| severity \| severe ",
        r"\| measured \| [\d.]+ [µm]s → [\d.]+ [µm]s \(.*\) \|",
        r"\| 95 % interval \| ratio [\d.]+ \([\d.]+ to [\d.]+\), from \d+ pairs",
        rf"\| culprit \| {slow} work: much more of it ",
        r"\*\*Likely cause\.\*\* `toy\.(work|step)` \(toy/__init__\.py:\d+\), ",
        r"\| machine \| \S+, layered-py",
        rf"To reproduce:\n\n```\nretrospeed explain {slow[:8]} suite\.time_work --against [0-9a-f]{{8}}\n```",
        rf"<!-- retrospeed: {slow} -->",
    ):
        assert re.search(expected, issue["body"]), (expected, issue["body"])

    # The next night has nothing to measure, files nothing twice, and is still red: the case stands.
    before = project.measured_at(slow)
    status, output, told = project.night(*QUICKLY, **forge.variables)
    assert status == 1, output
    assert "no new commit measured, nothing new is worse, 1 of earlier nights still stands" in told["headline"]
    assert [one["culprit"] for one in told["known"]] == [slow]
    assert told["cases"] == []
    assert len(forge.issues) == 1
    assert project.measured_at(slow) == before
    # Until it is undone.
    fixed = project.commit("work: as before", 100)
    status, output, told = project.night(*QUICKLY, **forge.variables)
    assert status == 0, output
    assert [(one["culprit"], one["ended_by"]) for one in told["ended"]] == [(slow, fixed)]


def test_a_night_that_was_killed_goes_on_and_measures_nothing_twice(project):
    project.night(*QUICKLY)
    first, second = project.commit("one", 100), project.commit("two", 100, broken=True)
    process = project.start(*QUICKLY)
    deadline = time.monotonic() + 200
    while process.poll() is None and time.monotonic() < deadline:
        state = msgspec.json.decode(project.state_file.read_bytes(), type=State)
        if any(one.commit == first and one.outcome is Outcome.MEASURED for one in state.commits):
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = project.measured_at(first)
    assert before, "the first commit was measured before the kill"
    (project.suite.results / MACHINE / f"{second[:8]}-half.json").write_text('{"version": 2, "resul')

    status, output, told = project.night(*QUICKLY)
    assert project.measured_at(first) == before
    assert {one["commit"]: one.get("outcome") for one in told["commits"]} == {first: "measured", second: "measured"}
    assert f"{second[:8]}-half.json is not complete JSON" in output
    assert status == 1
    assert any("suite.track_size" in line and "failed" in line for line in told["failing"])
    assert told["commits"][1]["failing"] == ["suite.track_size"]


def test_ratios_to_the_pinned_reference_and_the_site(project):
    project.night("--no-publish")
    second = project.commit("two", 100)
    # What other programs, and other days, have left there stops nothing.
    folder = project.suite.results / MACHINE
    cut = folder / "00000000-old.json"
    cut.write_text('{"version": 2, "resul')
    foreign = folder / "11111111-notes.json"
    foreign.write_text("[]")
    status, output, told = project.night("--bench", "time_work")
    assert status == 0, output
    assert [line.partition(" ")[0] for line in told["skipped"]] == [str(cut), str(foreign)]
    (file,) = (folder / ratio_file.FOLDER).iterdir()
    ratios = ratio_file.read(file)
    assert (ratios.commit, ratios.reference) == (second, project.first)
    (series,) = ratios.series
    assert series.benchmark == "suite.time_work"
    assert series.ratio is not None
    assert 0.5 < series.ratio < 2
    site = project.suite.folder / "html"
    if page.is_available():
        assert told["missing"] == []
        assert f'href="history-{MACHINE}.html"' in (site / "index.html").read_text(encoding="utf-8")
        assert (site / f"history-{MACHINE}.html").is_file()
    else:
        # Without the optional library of the page there is only asv's site, and that is said.
        assert (site / "index.html").is_file()
        assert any("page of charts" in line for line in told["missing"])
