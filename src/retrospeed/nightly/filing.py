"""Files the issues of cases where there is a forge: once a culprit, however many nights and benchmarks see it."""

from collections.abc import Iterable
from pathlib import Path

from retrospeed.errors import RetrospeedError
from retrospeed.nightly import case_text
from retrospeed.nightly.forge import Forge
from retrospeed.nightly.standing import issue_key
from retrospeed.nightly.state import CaseRecord


def file(cases: Iterable[tuple[str, CaseRecord]], forge: Forge) -> list[str]:
    """File every issue that is not filed yet; a line for each that could not be, which is tried again next night."""
    missing = []
    for key, case in cases:
        if case.issue_url or not case.issue_file:
            continue
        title, body = case_text.title_and_body(Path(case.issue_file))
        if not body:
            missing.append(f"{case.issue_file} is gone, so it cannot be filed.")
            continue
        try:
            case.issue_url = forge.file(title, body, issue_key(key, case))
        except RetrospeedError as error:
            missing.append(f"{case.issue_file} was not filed: {error}")
    return missing
