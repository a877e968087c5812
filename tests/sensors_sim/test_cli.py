import json
import signal
from pathlib import Path

import pytest

from sensors_sim import options as command_line
from sensors_sim.cli import main, run
from sensors_sim.moments import MINUTE, SECOND, rfc3339
from tests.sensors_sim.conftest import NOW_US, World

CSV = """code,cap,cars,when
A,10,3,2026-11-17 08:00:00
B,20,4,2026-11-17 08:00:00
A,10,-1,2026-11-17 08:30:00
B,20,25,2026-11-17 08:30:00
A,10,7,2026-11-17 09:00:00
A,10,8,2026-11-17 09:00:00
B,20,11,2026-11-17 09:00:00
"""
COLUMNS = ["--time", "when", "--lot", "code", "--occupied", "cars", "--capacity", "cap"]
SMALL = "east-station-coach,longhu-park"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "parks.csv"
    path.write_text(CSV)
    return path


async def cli(world: World, *words: object) -> int:
    arguments = [str(word) for word in (*words, "--url", world.url, "--key", "the-secret")]
    return await run(command_line.parser().parse_args(arguments), world.clock)


async def test_city_prints_and_writes_its_summary(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = tmp_path / "s.json"
    words = ("city", "--hours", 3, "--speed", 5000, "--lots", SMALL, "--json", summary)
    assert await cli(world, *words) == 0
    printed = capsys.readouterr()
    assert "all 2 lots agree" in printed.out
    assert "the-secret" not in printed.out + printed.err
    assert world.fake.keys == {"Bearer the-secret"}
    facts = json.loads(summary.read_bytes())
    assert facts["ok"]
    assert facts["start"] <= rfc3339(NOW_US - 179 * MINUTE)
    assert await cli(world, *words) == 0
    assert "going on at" in capsys.readouterr().err
    assert json.loads(summary.read_bytes())["events"]["duplicates"] == 0


async def test_the_same_start_and_seed_repeat_the_run(world: World, tmp_path: Path) -> None:
    summary = tmp_path / "s.json"
    start = rfc3339(NOW_US - 100 * MINUTE)
    words = ("city", "--start", start, "--duration", "90m", "--speed", 9000, "--lots", SMALL)
    assert await cli(world, *words) == 0
    faults = ("--fault", "delay=0.3", "--fault", "duplicates=0.1", "--format", "ndjson")
    assert await cli(world, *words, *faults, "--json", summary) == 0
    events = json.loads(summary.read_bytes())["events"]
    assert events["accepted"] == 0
    assert events["duplicates"] == events["sent"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_following_with_a_summary(
    world: World, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    world.time.at[world.time.seconds + 60] = lambda: signal.raise_signal(number)
    assert await cli(world, "city", "--follow", "--hours", 1, "--lots", SMALL) == 0
    assert "all 2 lots agree" in capsys.readouterr().out


async def test_disagreement_is_status_1(world: World) -> None:
    world.time.at[world.time.seconds + 2] = world.fake.log.clear
    assert await cli(world, "city", "--hours", 3, "--lots", SMALL, "--settle", 1) == 1


async def test_replay_and_verify(
    world: World, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = tmp_path / "s.json"
    words = (recording, *COLUMNS, "--prefix", "bhm-")
    assert await cli(world, "replay", *words, "--check", "--json", summary) == 0
    facts = json.loads(summary.read_bytes())
    assert (facts["readings"], facts["negative"], facts["over_capacity"]) == (7, 1, 1)
    assert facts["events"]["rejected"] == {"invalid": 1}
    assert facts["moments_checked"] == 2 * 101 + 2
    assert facts["mismatches"] == 0
    assert set(world.fake.lots) == {"bhm-A", "bhm-B"}
    assert "moments checked" in capsys.readouterr().out
    assert await cli(world, "verify", *words) == 0
    world.fake.log["bhm-A"].pop("000000006")
    assert await cli(world, "verify", *words) == 1
    assert "bhm-A at 2026-11-17T09:00:01Z" in capsys.readouterr().out


async def test_a_replay_can_end_now(world: World, recording: Path, tmp_path: Path) -> None:
    summary = tmp_path / "s.json"
    words = ("replay", recording, *COLUMNS, "--shift-to-now", "--check", "--json", summary)
    assert await cli(world, *words) == 0
    shift = json.loads(summary.read_bytes())["shift_s"]
    assert shift == 3 * 3600 - 2
    assert max(event["at"] for event in world.fake.log["A"].values()) == NOW_US - 2 * SECOND
    assert await cli(world, "verify", recording, *COLUMNS, "--shift", shift) == 0
    with pytest.raises(ValueError, match="--shift SECONDS"):
        await cli(world, "verify", recording, *COLUMNS, "--shift-to-now")


async def test_unexpected_rejections_fail_a_replay(world: World, recording: Path) -> None:
    world.time.seconds -= 10 * 86_400
    assert await cli(world, "replay", recording, *COLUMNS) == 1


async def test_a_wide_file_is_told_by_its_columns(world: World, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("t,P1,P2\n2026-11-17T08:00,5,7\n2026-11-17T08:15,9,3\n")
    words = ("replay", path, "--time", "t", "--free", "*", "--capacity", "P1=12", "--check")
    assert await cli(world, *words) == 0
    assert world.fake.lots["P1"]["zones"][0]["capacity"] == 12
    assert world.fake.lots["P2"]["zones"][0]["capacity"] == 7


@pytest.mark.parametrize(
    "words",
    [
        ["city", "--speed", "0"],
        ["city", "--speed", "20000"],
        ["city", "--start", "2026-11-17T00:00:00"],
        ["city", "--fault", "gremlins=1"],
        ["city", "--days", "1", "--hours", "2"],
        ["replay", "x.csv", "--time", "t"],
        ["city", "--batch", "10001"],
    ],
)
def test_wrong_usage_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert capsys.readouterr().err


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["city", "--lots", "nowhere"]) == 2
    assert capsys.readouterr().err == "sensors-sim: no such lot: nowhere\n"


def test_the_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(command_line.KEY_VARIABLE, "from-there\n")
    options = command_line.parser().parse_args(["city"])
    assert command_line.target(options).key == "from-there"
