"""RemoteMonitor: each epoch's metrics sent to a server."""

from __future__ import annotations

import json
from typing import Any

from annette.training.callbacks.callback import Callback, Logs
from annette.utils.warning import warn

_TIMEOUT = 10.0


class RemoteMonitor(Callback):
    """Sends the metrics to ``root + path`` by HTTP POST after each epoch.

    What is sent is a dict in JSON: ``epoch`` and the metrics by their names. A server that cannot
    be reached is warned of, and training goes on.

    Args:
        root: the server's address.
        path: what to post to there.
        field: the name of the form's field that holds the JSON; not used with `send_as_json`.
        headers: further HTTP headers.
        send_as_json: whether to send the JSON itself (``application/json``) instead of a form.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Send the epoch's metrics."""
        from http.client import HTTPException
        from urllib.parse import urlencode
        from urllib.request import Request, urlopen

        values = {"epoch": epoch, **{k: _plain(v) for k, v in (logs or {}).items()}}
        text = json.dumps(values)
        url = self.root + self.path
        if not url.startswith(("http://", "https://")):
            raise ValueError(
                f"RemoteMonitor's root must begin with http:// or https://; it got {self.root!r}."
            )
        headers = dict(self.headers or {})
        if self.send_as_json:
            headers["Content-Type"] = "application/json"
            body = text.encode()
        else:
            body = urlencode({self.field: text}).encode()
        try:
            with urlopen(Request(url, body, headers), timeout=_TIMEOUT):
                pass
        except (OSError, HTTPException) as error:
            warn(f"RemoteMonitor could not reach the server at {url} ({error}).")


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
