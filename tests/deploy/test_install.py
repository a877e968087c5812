"""The commands of deploy/install.md, run as they stand, in a folder that stands for the machine.

What would change this machine is replaced by programs that note how they were called; the rest
(install, openssl, sed, the shell) is real. Under systemd itself it was run by hand: the table in
deploy/README.md says when and what.
"""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.service import CHECKOUT

GUIDE = CHECKOUT / "deploy" / "install.md"
EXCHANGE = "deploy/systemd/exchange"
NOTED = ("apt-get", "systemctl", "timedatectl", "runuser", "sleep")
TWO = "".join(f"parking@{port}.service loaded inactive dead One\n" for port in (8081, 8082))


class Machine:
    """A folder with `etc` and `opt`, and stand-ins for what administers a machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        for name in NOTED:
            self.stand_in(name, "")

    def stand_in(self, name: str, script: str) -> None:
        """Have a program note its words, and then do as `script` says."""
        path = self.bin / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>"{self.root}/calls"\n{script}\n')
        path.chmod(0o755)

    def do(self, words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run what the guide says, as pasted into a shell: it goes on after what fails."""
        for folder in ("etc", "opt"):
            words = re.sub(rf"(?<![\w./])/{folder}/", f"{self.root}/{folder}/", words)
        return subprocess.run(  # noqa: S603 - our own commands
            ["/bin/bash", "-c", words],
            env={"PATH": f"{self.bin}:{os.environ['PATH']}", **more},
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """How the stand-ins were called, one a line."""
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def step(title: str) -> str:
    """Give the first commands below a heading."""
    found = re.search(
        rf"^## {re.escape(title)}$.*?^```sh\n(.*?)^```$",
        GUIDE.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert found is not None, title
    return found[1]


def test_the_databases_settings_are_put_beside_its_own(machine: Machine) -> None:
    """Whichever version of PostgreSQL it is."""
    folder = machine.root / "etc/postgresql/17/main/conf.d"
    folder.mkdir(parents=True)
    done = machine.do(step("1. Packages"))
    assert (done.returncode, done.stderr) == (0, "")
    shipped = CHECKOUT / "deploy/systemd/postgresql.conf"
    assert (folder / "parking.conf").read_bytes() == shipped.read_bytes()
    assert "systemctl restart postgresql" in machine.calls


def test_passwords_are_those_the_database_got(machine: Machine) -> None:
    machine.stand_in("runuser", f"cat >{machine.root}/sql")
    done = machine.do(step("3. The database"))
    assert (done.returncode, done.stderr) == (0, "")
    sql = (machine.root / "sql").read_text()
    secrets = machine.root / "etc/parking/secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    for name, role in (("database", "serve"), ("migration", "owner")):
        file = secrets / f"parking_{name}_url"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        found = re.fullmatch(
            rf"postgresql://parking_{role}:([0-9a-f]{{64}})@127\.0\.0\.1/parking\n",
            file.read_text(),
        )
        assert found is not None
        assert f"\\set {role}_password '{found[1]}'\n" in sql
    assert sql.endswith((CHECKOUT / "deploy/database.sql").read_text("utf-8"))


def test_passwords_stay_where_the_database_refuses(machine: Machine) -> None:
    """Run a second time, the roles are there: the files must go on being right."""
    machine.do(step("3. The database"))
    secrets = machine.root / "etc/parking/secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    assert len(before) == 2
    machine.stand_in("runuser", "cat >/dev/null; exit 3")
    machine.do(step("3. The database"))
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


def test_units_are_installed_and_started_in_order(machine: Machine) -> None:
    for folder in ("etc/systemd/system", "etc/parking"):
        (machine.root / folder).mkdir(parents=True)
    done = machine.do(step("4. The service"))
    assert (done.returncode, done.stderr) == (0, "")
    installed = {path.name for path in (machine.root / "etc/systemd").rglob("*") if path.is_file()}
    shipped = {path.name for path in (CHECKOUT / "deploy/systemd").iterdir()}
    assert installed == shipped - {"postgresql.conf", "parking.env", "exchange"}
    assert (machine.root / "etc/parking/parking.env").is_file()
    assert machine.calls == [
        "systemctl daemon-reload",
        "systemctl start parking-migrate",
        "systemctl enable --now parking.target parking@8081 parking@8082",
    ]


def test_the_proxy_gets_the_name(machine: Machine) -> None:
    (machine.root / "etc/caddy").mkdir(parents=True)
    done = machine.do(step("5. HTTPS"))
    assert (done.returncode, done.stderr) == (0, "")
    text = (machine.root / "etc/caddy/Caddyfile").read_text()
    assert re.search(r"^parking\.example \{$", text, re.MULTILINE)
    assert "PARKING_DOMAIN" not in text


@pytest.mark.parametrize("line", ["PARKING_CONNECTORS=\n", ""])
def test_a_further_connector_leaves_the_secrets_of_others(machine: Machine, line: str) -> None:
    """Whether the settings have the line, or are of a version that did not ship it."""
    machine.stand_in("systemctl", f'[[ "$*" == list-units* ]] && printf "{TWO}"; exit 0')
    for folder in ("etc/parking/secrets", "opt/parking/current/bin"):
        (machine.root / folder).mkdir(parents=True)
    for name in ("parking", "python"):
        (machine.root / "opt/parking/current/bin" / name).symlink_to("/bin/true")
    settings, secrets = (
        machine.root / "etc/parking" / name for name in ("parking.env", "secrets/connectors.env")
    )
    settings.write_text(f"PARKING_HOST=127.0.0.1\n{line}")
    (machine.root / "connectors.toml").write_text("")
    commands = step("Operators' systems").replace(
        " connectors.toml ", f" {machine.root}/connectors.toml "
    )
    python = str(machine.root / "opt/parking/current/bin/python")
    for name in ("GARAGE_COUNTER", "GARAGE_COUNTER", "SOUTH_GARAGE"):
        words = commands.replace("GARAGE_COUNTER", name)
        done = machine.do(words, PARKING_PYTHON=python)
        assert (done.returncode, done.stderr) == (0, "")
        if name == "GARAGE_COUNTER":
            first = secrets.read_text()
    assert re.fullmatch(r"GARAGE_COUNTER_SECRET=[0-9a-f]{32}\n", first)
    assert re.fullmatch(rf"{first}SOUTH_GARAGE_SECRET=[0-9a-f]{{32}}\n", secrets.read_text())
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    told = f"PARKING_CONNECTORS={machine.root}/etc/parking/connectors.toml\n"
    assert settings.read_text() == f"PARKING_HOST=127.0.0.1\n{told}"


def test_exchange_takes_one_after_the_other_and_stopped_ones_too(machine: Machine) -> None:
    """After an upgrade that had to stop them, this is what starts them again."""
    machine.stand_in("systemctl", f'[[ "$*" == list-units*--all* ]] && printf "{TWO}"; exit 0')
    machine.stand_in("python", "")
    done = machine.do(EXCHANGE, PARKING_PYTHON=str(machine.bin / "python"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "parking@8081.service is ready\nparking@8082.service is ready\n"
    steps = [call for call in machine.calls if re.search("restart|timeout=5|sleep", call)]
    words = [call.split()[-1] for call in steps]
    assert words == ["parking@8081.service", "8081", words[2], "parking@8082.service", "8082"]
    # only when the proxy counts on the first one again
    assert steps[2].startswith("sleep ")
    assert int(words[2]) > 10


def test_the_proxy_notices_by_asking_alone() -> None:
    """By what failed, Caddy 2.6 would take both out when one is exchanged: 503 for seconds."""
    text = (CHECKOUT / "deploy/https/Caddyfile-instances").read_text("utf-8")
    options = [line.split()[0] for line in text.splitlines() if line.split()]
    assert {"lb_try_duration", "health_uri", "health_interval"} <= set(options)
    assert "fail_duration" not in options


def test_exchange_leaves_the_others_when_one_does_not_come_up(machine: Machine) -> None:
    machine.stand_in("systemctl", f'[[ "$*" == list-units* ]] && printf "{TWO}"; exit 0')
    machine.stand_in("python", "exit 1")
    done = machine.do(EXCHANGE, PARKING_PYTHON=str(machine.bin / "python"))
    assert done.returncode == 1
    assert "parking@8081.service is not ready" in done.stderr
    assert not any("restart parking@8082" in call for call in machine.calls)


def test_exchange_says_when_there_is_none(machine: Machine) -> None:
    done = machine.do(EXCHANGE)
    assert (done.returncode, done.stderr) == (1, "there is no instance\n")
