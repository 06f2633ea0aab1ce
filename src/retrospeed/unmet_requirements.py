"""Which requirements of the packages in one folder another set of folders does not meet."""

from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def unmet_requirements(packages: Path, others: Sequence[Path]) -> list[str]:
    """Requirements, sorted and as written, of everything installed in `packages` that neither it nor `others` meet.

    Extras are left aside, and markers are judged by the running interpreter.
    """
    installed = {
        canonicalize_name(distribution.name): distribution.version
        for distribution in distributions(path=[str(folder) for folder in (*reversed(others), packages)])
    }
    unmet = set()
    for distribution in distributions(path=[str(packages)]):
        for line in distribution.requires or ():
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            version = installed.get(canonicalize_name(requirement.name))
            if version is None or not requirement.specifier.contains(version, prereleases=True):
                unmet.add(line)
    return sorted(unmet)
