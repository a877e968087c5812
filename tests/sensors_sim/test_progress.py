import io

from sensors_sim.progress import Progress, bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_redrawn_in_place() -> None:
    stream, now = Terminal(), [0.0]
    progress = Progress(stream, now=lambda: now[0])
    for step in range(10):
        now[0] += 0.1
        progress.show(step / 10, "here")
    progress.done()
    assert 1 < stream.getvalue().count("\r") < 10
    assert stream.getvalue().endswith("\n")
    assert "left" in stream.getvalue()


def test_a_file_gets_a_line_now_and_then() -> None:
    stream, now = io.StringIO(), [0.0]
    progress = Progress(stream, now=lambda: now[0])
    for _ in range(100):
        now[0] += 1
        progress.show(None, "here")
    progress.done()
    assert stream.getvalue() == "here\n" * 3


def test_troubles_are_told_but_not_all_the_time() -> None:
    stream, now = io.StringIO(), [0.0]
    progress = Progress(stream, now=lambda: now[0])
    for _ in range(10):
        now[0] += 1
        progress.trouble("busy")
    assert stream.getvalue() == "busy\n" * 2


def test_the_bar() -> None:
    assert bar(0).endswith("0%")
    assert bar(1) == "[" + "#" * 28 + "] 100%"
