"""How far a run is: a bar redrawn on a terminal, else a line now and then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from sensors_sim.moments import SECOND, span_text

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 28
_REDRAW_S = 0.2
_LINE_S = 30.0
_TROUBLE_S = 5.0


def bar(share: float) -> str:
    """Return a bar for a share of 0 to 1."""
    full = round(max(0.0, min(1.0, share)) * _WIDTH)
    return "[" + "#" * full + "-" * (_WIDTH - full) + f"] {share:4.0%}"


class Progress:
    """Progress on a stream; `done` leaves the stream at a fresh line."""

    def __init__(self, stream: TextIO, *, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._tty = stream.isatty()
        self._now = now
        self._began = now()
        self._shown = float("-inf") if self._tty else now()
        self._troubled = float("-inf")
        self._open = False

    def show(self, share: float | None, text: str) -> None:
        """Show how far it is (share of 0 to 1; None: no end is set), when it is time to."""
        now = self._now()
        if now - self._shown < (_REDRAW_S if self._tty else _LINE_S):
            return
        self._shown = now
        words = [text] if share is None else [bar(share), text, self._left(share, now)]
        line = "  ".join(word for word in words if word)
        if self._tty:
            self._stream.write("\r" + line + "\x1b[K")
            self._open = True
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def trouble(self, text: str) -> None:
        """Show what goes wrong, at most every few seconds."""
        now = self._now()
        if now - self._troubled >= _TROUBLE_S:
            self._troubled = now
            self.say(text)

    def say(self, text: str) -> None:
        """Show a line of its own."""
        self.done()
        self._stream.write(text + "\n")
        self._stream.flush()

    def done(self) -> None:
        """End the redrawn line, if there is one."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = False

    def _left(self, share: float, now: float) -> str:
        if share <= 0.01 or share >= 1:
            return ""
        return "left " + span_text(round((now - self._began) * (1 - share) / share * SECOND))
