"""Files issues through the API of a forge that speaks GitHub's, with the standard library alone.

The environment says where: GITHUB_TOKEN, GITHUB_REPOSITORY (``owner/name``), and GITHUB_API_URL for another host than
GitHub's own. Every issue carries a mark that no reader sees; one whose mark is there already is not filed twice.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retrospeed.errors import RetrospeedError

PUBLIC_API = "https://api.github.com"
_TIMEOUT = 30
_PAGES = 5
_PER_PAGE = 100


class ForgeError(RetrospeedError):
    """The forge did not take or list an issue."""


@dataclass(frozen=True)
class Forge:
    """A repository's issues."""

    api: str
    repository: str
    token: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> "Forge | None":
        """The forge that the environment names, None if it lacks the token or the repository."""
        token, repository = variables.get("GITHUB_TOKEN", ""), variables.get("GITHUB_REPOSITORY", "")
        if not token or not repository:
            return None
        return cls(variables.get("GITHUB_API_URL", "") or PUBLIC_API, repository, token)

    def file(self, title: str, body: str, key: str) -> str:
        """The address of the issue with this key, filed now unless it was before. Raises ForgeError."""
        before = self._find(key)
        if before is not None:
            return str(before.get("html_url", ""))
        answer = self._ask("issues", {"title": title, "body": f"{body}\n{_mark(key)}\n"})
        return str(answer.get("html_url", ""))

    def is_closed(self, key: str) -> bool:
        """Whether the issue with this key was closed by somebody. Raises ForgeError."""
        found = self._find(key)
        return found is not None and found.get("state") == "closed"

    def _find(self, key: str) -> dict[str, Any] | None:
        mark = _mark(key)
        for page in range(1, _PAGES + 1):
            issues = self._ask(f"issues?state=all&per_page={_PER_PAGE}&page={page}")
            for issue in issues:
                if mark in (issue.get("body") or ""):
                    return dict(issue)
            if len(issues) < _PER_PAGE:
                return None
        return None

    def _ask(self, path: str, content: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.api}/repos/{self.repository}/{path}",
            data=None if content is None else json.dumps(content).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "User-Agent": "retrospeed",
            },
            method="GET" if content is None else "POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ForgeError(f"{self.api} answered {error.code} {error.reason} for {self.repository}.") from error
        except (OSError, ValueError) as error:
            raise ForgeError(f"{self.api} could not be asked for {self.repository}: {error}.") from error


def _mark(key: str) -> str:
    return f"<!-- retrospeed: {key.replace('--', '- -')} -->"
