"""Log lines as JSON on standard error, each with the id of the request it belongs to."""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp.http import HttpProcessingError


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, request, message, and the error's trace."""

    def __init__(self, request_id: Callable[[], str]) -> None:
        """Ask `request_id` which request is being served; `-` for none."""
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        line: dict[str, str] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request": self._request_id(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up(level: str, request_id: Callable[[], str]) -> None:
    """Send all log lines of this process through JsonLines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(request_id))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    # what is not HTTP is answered 400 and no business of the log's: strangers could fill it
    logging.getLogger("aiohttp.server").addFilter(_is_ours)


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)
