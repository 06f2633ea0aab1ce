"""Events from outside: traces, git repositories, BEIR folders, source trees; and what is said when they are broken."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest
from benchmarks.workloads import beir, gitlog, trace, tree
from benchmarks.workloads.workload import WorkloadError

EVENT = {"event_id": "a", "session_id": "s", "timestamp": "2024-05-01T10:00:00Z", "text": "hello"}


def write_lines(file: Path, *records: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return file


def test_a_trace_takes_iso_and_epoch_times_and_fills_in_defaults(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "t.jsonl", EVENT, EVENT | {"event_id": "b", "timestamp": 1714557600000, "agent": "x"})
    first, second = trace.load(file).events
    assert first["timestamp"] == second["timestamp"] == 1714557600000
    assert (first["kind"], first["role"], first["agent"], second["agent"]) == ("user_message", "user", "", "x")


def test_a_gzipped_trace_folder_with_questions(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "events.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(EVENT) + "\n")
    write_lines(
        tmp_path / "queries.jsonl",
        {"_id": "q1", "text": "who?", "metadata": {"agent": "x", "category": 2}},
        {"_id": "q2", "text": "nobody judged this"},
    )
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\tgone\t1\n")
    (query,) = trace.load(tmp_path).queries
    assert (query.query_id, query.relevant, query.agent, query.category) == ("q1", ("a",), "x", "2")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"event_id": ', "line 1: not JSON"),
        ("[1, 2]", "line 1: must be a JSON object, not list"),
        (
            json.dumps({key: EVENT[key] for key in ("event_id", "session_id", "text")}),
            "line 1: .*'timestamp' is missing",
        ),
        (json.dumps(EVENT | {"timestamp": "yesterday"}), "line 1: the field 'timestamp' must be ISO 8601"),
        (json.dumps(EVENT | {"text": 7}), "line 1: the field 'text' must be text"),
        (f"{json.dumps(EVENT)}\n{json.dumps(EVENT)}", "line 2: event_id 'a' comes twice"),
        ("\n", "holds no event"),
    ],
)
def test_a_malformed_trace_names_file_line_and_field(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text(content)
    with pytest.raises(WorkloadError, match=rf"broken\.jsonl.*{complaint}"):
        trace.load(file)


def test_a_trace_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="RETROSPEED_TRACE"):
        trace.load(tmp_path)


def make_beir(folder: Path) -> Path:
    write_lines(
        folder / "corpus.jsonl",
        {"_id": "1", "title": "Owls", "text": "They see at night."},
        {"_id": "2", "title": "", "text": "Bees make honey."},
    )
    write_lines(folder / "queries.jsonl", {"_id": "q", "text": "night birds"}, {"_id": "unjudged", "text": "?"})
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\t1\t2\nq\t2\t0\n")
    return folder


def test_a_beir_folder(tmp_path: Path) -> None:
    workload = beir.load(make_beir(tmp_path / "birds"))
    assert workload.texts() == ["Owls\nThey see at night.", "Bees make honey."]
    assert [(query.query_id, query.relevant) for query in workload.queries] == [("q", ("1",))]


@pytest.mark.parametrize(
    ("part", "content", "complaint"),
    [
        ("corpus.jsonl", '{"_id": "1"}\n', r"corpus\.jsonl, line 1: needs the fields"),
        ("queries.jsonl", "nonsense\n", r"queries\.jsonl, line 1: not JSON"),
        ("qrels/test.tsv", "q 1 1\n", r"test\.tsv, line 1: must be query-id"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n", "0 judged queries"),
        ("corpus.jsonl", None, r"has no corpus\.jsonl"),
    ],
)
def test_a_malformed_beir_folder(tmp_path: Path, part: str, content: str | None, complaint: str) -> None:
    folder = make_beir(tmp_path / "birds")
    if content is None:
        (folder / part).unlink()
    else:
        (folder / part).write_text(content)
    with pytest.raises(WorkloadError, match=complaint):
        beir.load(folder)


def git(repository: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "-C", str(repository), *identity, *arguments], check=True, capture_output=True)


def test_a_git_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for number in range(3):
        (tmp_path / f"file{number}.txt").write_text("x")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", f"change {number}\n\nwith a body, and a\tstrange \u00fc")
    workload = gitlog.load(tmp_path)
    assert [event["text"].split("\n")[0] for event in workload.events if event["role"] == "user"] == [
        "change 0", "change 1", "change 2",
    ]  # fmt: skip
    assert {event["agent"] for event in workload.events} == {"Ada"}
    texts = {event["event_id"]: event["text"] for event in workload.events}
    questions = {query.text: query.relevant for query in workload.queries}
    assert [texts[event_id] for event_id in questions["Which commit changed file1.txt?"]] == ["file1.txt"]


def test_a_folder_without_a_git_history(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="RETROSPEED_GIT_REPO must name a repository"):
        gitlog.load(tmp_path)


def test_a_source_tree(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("\n".join(["x = 1"] * 70 + ["def lonely():", "    return 1"]))
    (tmp_path / ".hidden").write_text("secret")
    (tmp_path / "binary.bin").write_bytes(b"\0\1\2")
    workload = tree.load(tmp_path)
    assert [event["event_id"] for event in workload.events] == ["package/module.py:1", "package/module.py:61"]
    (question,) = workload.queries
    assert (question.text, question.relevant) == ("Where is lonely defined?", ("package/module.py:61",))


def test_a_tree_without_text(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="holds no text file"):
        tree.load(tmp_path)
    with pytest.raises(WorkloadError, match="is not a folder"):
        tree.load(tmp_path / "nowhere")
