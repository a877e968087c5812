"""What stands in deploy/ fits together, and fits the service: names, settings, files, hardening."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from parking.config import Settings
from tests.service import CHECKOUT, RunningService, free_port

DEPLOY = CHECKOUT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
# Read by the files themselves, not by the service.
OF_DEPLOYMENT = {"PARKING_DOMAIN", "PARKING_INSTANCES", "PARKING_PYTHON", "PARKING_VERSION"}
TEXTS = sorted(
    path
    for path in DEPLOY.rglob("*")
    if path.is_file() and path.suffix != ".lock" and "secrets" not in path.parent.parts
)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_settings_are_those_of_the_service(path: Path) -> None:
    known = {f"PARKING_{name.upper()}" for name in Settings.model_fields} | OF_DEPLOYMENT
    named = set(re.findall(r"(?<![A-Z_])PARKING_[A-Z_]*[A-Z]", path.read_text("utf-8")))
    of_files = re.findall(r"parking_(\w+_(?:url|key)\b)", path.read_text("utf-8"))
    named |= {f"PARKING_{name.upper()}" for name in of_files}
    assert named <= known


def test_mounted_files_are_there(compose: dict[str, Any]) -> None:
    volumes = [
        volume for service in compose["services"].values() for volume in service.get("volumes", [])
    ]
    # What secrets.sh makes may be missing. By the short form, Docker made a folder of it.
    (made,) = [volume for volume in volumes if isinstance(volume, dict)]
    assert made["source"] == "./secrets/outside.yml"
    assert made["bind"] == {"create_host_path": False}
    assert made["read_only"] is True
    mounted = [
        source
        for volume in volumes
        if isinstance(volume, str) and (source := volume.partition(":")[0]).startswith("./")
    ]
    assert not [source for source in mounted if source.startswith("./secrets/")]
    assert len(mounted) > 5
    for source in mounted:
        assert DEPLOY.joinpath(source).exists(), source


def read_all(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_secrets_are_all_made_and_kept(compose: dict[str, Any], tmp_path: Path) -> None:
    script = DEPLOY / "compose" / "secrets.sh"
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run(  # noqa: S603 - our own script
            [script, folder],
            env={**os.environ, "PARKING_DOMAIN": "parking.example"},
            check=True,
            capture_output=True,
        )
        made = read_all(folder)
    assert read_all(folder) == made
    assert (folder / "connectors").is_dir()
    assert folder.stat().st_mode & 0o077 == 0
    needed = {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert needed <= made.keys()
    used = {name for service in compose["services"].values() for name in service.get("secrets", [])}
    assert used == compose["secrets"].keys()
    assert made["outside.yml"] == '- targets: ["https://parking.example/v1/lots?limit=1"]\n'
    assert made["database_serve_password"].strip() in made["parking_database_url"]
    assert made["database_owner_password"].strip() in made["parking_migration_url"]
    assert made["mqtt_password"].strip() in made["parking_mqtt_url"]
    passwords = [made[name] for name in made if name.endswith("_password")]
    assert len(set(passwords)) == len(passwords)


def stand_in(folder: Path, name: str, script: str) -> dict[str, str]:
    """Give an environment in which a program is a script of ours; `real` is the program itself."""
    real = sys.executable if name == "python3" else shutil.which(name)
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/bash\nreal={real}\n{script}\n")
    file.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize("failing", ["rand -hex", "rand -base64", "req"])
def test_secrets_that_could_not_be_made_are_made_next_time(tmp_path: Path, failing: str) -> None:
    """None of them is left empty or in part, which would pass for made."""
    script, folder = DEPLOY / "compose" / "secrets.sh", tmp_path / "secrets"
    fails = f'[[ "$*" == "{failing}"* ]] && {{ printf part; exit 1; }}; exec "$real" "$@"'
    broken = stand_in(tmp_path / "bin", "openssl", fails)
    done = subprocess.run([script, folder], env=broken, check=False, capture_output=True)  # noqa: S603
    assert done.returncode == 1
    before = read_all(folder)
    assert all(len(text) > 20 for text in before.values())
    subprocess.run([script, folder], check=True, capture_output=True)  # noqa: S603
    after = read_all(folder)
    assert before.items() < after.items()
    assert after["mqtt_passwords"].startswith("parking:$7$")
    assert "BEGIN CERTIFICATE" in after["mqtt_certificate"]


def test_the_watched_address_follows_the_name(tmp_path: Path) -> None:
    """Made before there is a name, too; the broker's certificate is for its owner to change."""
    script, file = DEPLOY / "compose" / "secrets.sh", tmp_path / "outside.yml"
    certificate = tmp_path / "mqtt_certificate"

    def make(domain: str) -> tuple[str, int, str]:
        done = subprocess.run(  # noqa: S603 - our own script
            [script, tmp_path],
            env={**os.environ, "PARKING_DOMAIN": domain},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stderr, file.stat().st_ino, certificate.read_text()

    told, *first = make("")
    assert (told, "//localhost/" in file.read_text()) == ("", True)
    for domain in ("parking.example", ""):
        told, *then = make(domain)
        assert then == first  # a container has the file that was there
        assert ("mqtt_certificate is not for parking.example" in told) is bool(domain)
        assert "//parking.example/" in file.read_text()


@pytest.mark.parametrize("python", [True, False])
def test_a_password_is_hashed_as_the_broker_does_it(tmp_path: Path, *, python: bool) -> None:
    """Where there is Python, no program gets it as a word, which all on the machine could see."""
    noting = f'printf "%s\\n" "$*" >>{tmp_path}/words; exec "$real" "$@"'
    for name in ("openssl", *(["python3"] if python else [])):
        stand_in(tmp_path / "bin", name, noting)
    for name in ("bash", "od", "tr"):
        tmp_path.joinpath("bin", name).symlink_to(shutil.which(name) or name)
    done = subprocess.run(  # noqa: S603 - our own script
        [DEPLOY / "compose" / "mqtt_hash.sh", "lot-7"],
        env={"PATH": str(tmp_path / "bin")},
        input="pass word\n",
        check=True,
        capture_output=True,
        text=True,
    )
    name, _, rest = done.stdout.strip().partition(":")
    _, form, rounds, salt, digest = rest.split("$")
    assert (name, form, rounds) == ("lot-7", "7", "10000")
    made = hashlib.pbkdf2_hmac("sha512", b"pass word", base64.b64decode(salt), 10_000)
    assert base64.b64decode(digest) == made
    words = tmp_path.joinpath("words").read_text()
    assert ("pass word" in words) is not python


def test_gateways_get_passwords_that_the_running_broker_reads(tmp_path: Path) -> None:
    scripts = DEPLOY / "compose"
    subprocess.run([scripts / "secrets.sh", tmp_path], check=True, capture_output=True)  # noqa: S603
    file = tmp_path / "mqtt_passwords"
    mounted = file.stat().st_ino
    said = {"parking": tmp_path.joinpath("mqtt_password").read_text().strip()}
    for name in ("lot-7", "lot.7", "lot-7"):
        command = [scripts / "gateway.sh", name, tmp_path]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        said[name] = done.stdout.strip()
    # a container has the file that was there, and not whatever bears its name later
    assert file.stat().st_ino == mounted
    assert file.stat().st_mode & 0o777 == 0o444
    lines = file.read_text().splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == sorted(said)
    for line in lines:
        name, _, rest = line.partition(":")
        _, form, rounds, salt, digest = rest.split("$")
        assert (form, rounds) == ("7", "10000")
        made = hashlib.pbkdf2_hmac(
            "sha512", said[name].encode(), base64.b64decode(salt), int(rounds)
        )
        assert base64.b64decode(digest) == made
    for wrong in ("parking", "two words", "a:b", ""):
        command = [scripts / "gateway.sh", wrong, tmp_path]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 2  # noqa: S603
    assert file.read_text().splitlines() == lines


def test_fixed_addresses_are_not_given_to_others(compose: dict[str, Any]) -> None:
    """Docker gives out addresses as containers start: whoever has a fixed one may come last."""
    (ipam,) = compose["networks"]["inside"]["ipam"]["config"]
    subnet, given_out = IPv4Network(ipam["subnet"]), IPv4Network(ipam["ip_range"])
    assert given_out.subnet_of(subnet)
    fixed = {
        name: IPv4Address(network["ipv4_address"])
        for name, service in compose["services"].items()
        if isinstance(service["networks"], dict)
        for network in service["networks"].values()
        if "ipv4_address" in network
    }
    assert fixed.keys() == {"caddy"}
    for address in fixed.values():
        assert address in subnet
        assert address not in given_out
    # the one proxy whose word about clients' addresses is taken
    for name in ("parking-1", "parking-2"):
        trusted = compose["services"][name]["environment"]["PARKING_TRUSTED_PROXIES"]
        assert trusted == str(fixed["caddy"])


def test_only_those_who_must_are_outside(compose: dict[str, Any]) -> None:
    assert compose["networks"]["inside"]["internal"] is True
    outside = {
        name for name, service in compose["services"].items() if "outside" in service["networks"]
    }
    assert outside == {"caddy", "mosquitto", "prometheus", "blackbox", "grafana"}


def test_each_is_asked_how_it_is(compose: dict[str, Any]) -> None:
    """All but the job that ends; the service's own question is part of its image."""
    unasked = {name for name, service in compose["services"].items() if not asked(service)}
    assert unasked == {"migrate", "parking-1", "parking-2"}
    assert "HEALTHCHECK" in DEPLOY.joinpath("Dockerfile").read_text("utf-8")
    assert "healthcheck" not in compose["services"]["parking-1"]


def asked(service: dict[str, Any]) -> bool:
    return "test" in service.get("healthcheck", {})


def test_questions_are_gets(compose: dict[str, Any]) -> None:
    """Some wget ask by HEAD where they are to fetch nothing, and Caddy refuses that with 405."""
    words = [
        service["healthcheck"]["test"] for service in compose["services"].values() if asked(service)
    ]
    by_http = [one for one in words if "wget" in one]
    assert len(by_http) == 5
    assert all(one[1:-1] == ["wget", "-q", "-O", "/dev/null"] for one in by_http)


def test_what_waits_at_the_broker_has_room(compose: dict[str, Any]) -> None:
    """It would be killed else, and lose what it has acknowledged."""
    text = DEPLOY.joinpath("compose", "mosquitto.conf").read_text("utf-8")
    bound = {
        key: int(value)
        for key, value in re.findall(r"^(max_queued_\w+) (\d+)$", text, re.MULTILINE)
    }
    beside_itself = 360  # measured: docs/mqtt.md
    each = bound["max_queued_bytes"] + bound["max_queued_messages"] * beside_itself
    limit = compose["services"]["mosquitto"]["mem_limit"]
    assert limit.endswith("g")
    assert 2 * each < 0.75 * int(limit[:-1]) * 2**30


def test_only_the_image_listens_on_all_addresses() -> None:
    """A container's addresses are its own; elsewhere it would be the whole machine's."""
    everywhere = [
        path for path in TEXTS if re.search(r"(?<!\d)0\.0\.0\.0", path.read_text("utf-8"))
    ]
    assert everywhere == [DEPLOY / "Dockerfile"]


def test_connectors_can_be_put_to_the_instances(compose: dict[str, Any]) -> None:
    more = yaml.safe_load(DEPLOY.joinpath("compose", "connectors.yaml").read_text("utf-8"))
    assert more["services"].keys() == {"parking-1", "parking-2"}
    for service in more["services"].values():
        (mounted,) = service["volumes"]
        file = Path(service["environment"]["PARKING_CONNECTORS"])
        assert mounted["read_only"] is True
        assert str(file.parent) == mounted["target"]
        assert mounted["source"] == "./secrets/connectors"  # that secrets.sh makes
        assert service["env_file"] == [{"path": "./secrets/connectors.env", "required": False}]
        assert set(service["networks"]) == {"inside", "polls"}
        # by any other, Caddy would come from an address that is not the trusted one
        assert set(service["networks"]) & set(compose["services"]["caddy"]["networks"]) == {
            "inside"
        }
    assert more["networks"] == {"polls": {}}  # which is not internal
    assert more.keys() <= {"services", "networks", "x-connected"}
    assert compose["services"].keys() >= more["services"].keys()


def test_what_is_read_is_mounted(compose: dict[str, Any]) -> None:
    """Docker copies texts into containers before they start: not where nothing can be written."""
    assert "configs" not in compose
    for secret in compose["secrets"].values():
        assert secret.keys() == {"file"}


def test_nothing_runs_with_more_than_it_needs(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged"), name
        assert service["mem_limit"], name
        assert service["pids_limit"] > 0, name
        assert ":" in service["image"], name
        assert not service["image"].endswith(":latest"), name
    owners = [
        name
        for name, service in compose["services"].items()
        if "parking_migration_url" in service.get("secrets", [])
    ]
    assert owners == ["migrate"]


def test_only_what_is_for_others_has_a_port(compose: dict[str, Any]) -> None:
    open_ports = {
        name: service["ports"]
        for name, service in compose["services"].items()
        if "ports" in service
    }
    assert open_ports.keys() == {"caddy", "mosquitto", "prometheus", "grafana"}
    for name in ("prometheus", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in open_ports[name])


def test_the_image_is_made_of_what_is_there() -> None:
    ignored = CHECKOUT.joinpath(".dockerignore").read_text("utf-8").split("\n")
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = set()
    for line in DEPLOY.joinpath("Dockerfile").read_text("utf-8").split("\n"):
        if line.startswith("COPY ") and "--from" not in line:
            copied.update(line.split()[1:-1])
    assert copied == let_in
    assert all(CHECKOUT.joinpath(source).exists() for source in copied)


def test_the_images_question_is_answered(service: RunningService) -> None:
    """What Docker asks every ten seconds is true of a service that runs, and of no other."""
    text = DEPLOY.joinpath("Dockerfile").read_text("utf-8").replace("\\\n", "")
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])$", text, re.MULTILINE)
    assert found is not None
    program, *words = json.loads(found[1])
    assert program == "python"
    for port, status in ((service.port, 0), (free_port(), 1)):
        asked = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, *words],
            env={"PARKING_PORT": str(port)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert asked.returncode == status, asked.stderr


def test_units_are_equally_confined() -> None:
    sections = []
    for name in ("parking@.service", "parking-migrate.service"):
        text = DEPLOY.joinpath("systemd", name).read_text("utf-8")
        found = re.search(r"# It needs the network.*?IPAddressAllow=localhost\n", text, re.DOTALL)
        assert found is not None, name
        sections.append([line for line in found[0].split("\n") if not line.startswith("#")])
    assert sections[0] == sections[1]


def test_both_stages_have_one_base() -> None:
    """The environment made in the first one needs the very Python of the second."""
    dockerfile = DEPLOY.joinpath("Dockerfile").read_text("utf-8")
    bases = set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.1[1-9]\.\d+-slim-\w+", bases.pop())
