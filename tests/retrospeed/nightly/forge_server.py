"""A server on this machine that keeps issues as a forge does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "secret"
REPOSITORY = "owner/project"


class ForgeServer:
    """Answers while it is a context; `issues` are those it was given, `refuses` a status to answer with instead."""

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []
        self.refuses: int | None = None
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = {
                    name: int(values[0])
                    for name, values in parse_qs(urlsplit(self.path).query).items()
                    if name != "state"
                }
                newest_first = forge.issues[::-1]
                start = (query["page"] - 1) * query["per_page"]
                self._answer(200, newest_first[start : start + query["per_page"]])

            def do_POST(self) -> None:
                issue = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if forge.refuses is None:
                    number = len(forge.issues) + 1
                    forge.issues.append({**issue, "html_url": f"{forge.url}/{REPOSITORY}/issues/{number}"})
                    self._answer(201, forge.issues[-1])
                else:
                    self._answer(forge.refuses, {"message": "no"})

            def _answer(self, status: int, content: Any) -> None:
                known = self.path.partition("?")[0] == f"/repos/{REPOSITORY}/issues"
                allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
                status = status if known and allowed else 404 if allowed else 401
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_: object) -> None:
                """Tests need no log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "ForgeServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that name this forge."""
        return {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_API_URL": self.url}
