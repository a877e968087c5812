"""The command line: `parking serve`, `keys`, `lots`, `connectors`, `usage`, `backup`, `demo`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from parking import app, cli_backup, cli_connectors, cli_usage, demo, logs
from parking.config import Settings
from parking.domain.access import ROLES, Key
from parking.domain.geo import CRSS
from parking.domain.instants import parse, rfc3339
from parking.errors import ParkingError
from parking.ingest.connectors.loading import BadConnectors
from parking.store import keys, rights
from parking.store.backups import BackupError
from parking.store.database import open_database
from parking.store.migrate import Plan, list_newer, migrate, plan
from parking.store.programs import EmbeddedPostgresError
from parking.web import lotfiles, models
from parking.web.gate import request_id


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit status."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "demo":
        return demo.main([])
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = "_".join(["PARKING", *map(str, fault["loc"])]).upper()
            where = f"{name}: " if fault["loc"] else ""
            print(f"parking: {where}{fault['msg']}", file=sys.stderr)
        return 2
    logs.set_up(settings.log_level, request_id.get)
    try:
        status: int = _run(arguments.run(arguments, settings))
    except BadConnectors as error:
        print(f"parking: {error}".replace("\n", "\nparking: "), file=sys.stderr)
        return 2
    except (ParkingError, BackupError, EmbeddedPostgresError, OSError) as error:
        print(f"parking: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _run(work: object) -> int:
    """Run a command on uvloop where there is one."""
    if sys.platform == "win32":
        return asyncio.run(work)  # type: ignore[arg-type]
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    return uvloop.run(work)  # type: ignore[arg-type]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parking",
        description="Live, durable parking availability. All settings are PARKING_* variables.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="run the service until SIGTERM or SIGINT")
    serving.set_defaults(run=_serve)
    migrating = commands.add_parser("migrate", help="bring the database's schema up to date")
    migrating.add_argument(
        "--plan", action="store_true", help="tell what would be applied, and apply nothing"
    )
    migrating.set_defaults(run=_migrate)
    commands.add_parser("demo", help="run the service with simulated lots")
    _add_keys(commands.add_parser("keys", help="make, list and revoke keys"))
    _add_lots(commands.add_parser("lots", help="import descriptions of lots"))
    cli_connectors.add_arguments(commands.add_parser("connectors", help="check and try connectors"))
    cli_usage.add_arguments(commands.add_parser("usage", help="check and report usage"), _instant)
    cli_backup.add_backup(
        commands.add_parser("backup", help="back the embedded database up, running or not")
    )
    cli_backup.add_restore(
        commands.add_parser("restore", help="bring a backup of the embedded database back")
    )
    return parser


def _add_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a key; it is shown this once")
    create.add_argument("--role", choices=ROLES, required=True)
    create.add_argument("--operator", help="for the role operator: whose lots", type=_id)
    create.add_argument("--label", default="", help="what it is for")
    create.add_argument("--expires-at", type=_instant, help="RFC 3339; never if left out")
    create.set_defaults(run=_create_key)
    listing = actions.add_parser("list", help="list keys, without their secrets")
    listing.set_defaults(run=_list_keys)
    revoke = actions.add_parser("revoke", help="revoke a key within a second everywhere")
    revoke.add_argument("id")
    revoke.set_defaults(run=_revoke_key)


def _add_lots(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    importing = actions.add_parser("import", help="import JSON, CSV or GeoJSON, all or nothing")
    importing.add_argument("file", type=Path)
    importing.add_argument("--crs", choices=CRSS, default="wgs84", help="datum of its positions")
    importing.add_argument("--operator", help="for lots that name none", type=_id)
    importing.add_argument("--dry-run", action="store_true", help="check, and store nothing")
    importing.set_defaults(run=_import_lots)


def _id(value: str) -> str:
    if not models.is_id(value):
        raise argparse.ArgumentTypeError("1-64 of A-Z a-z 0-9 . _ -")
    return value


def _instant(value: str) -> int:
    try:
        return parse(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


async def _serve(_: argparse.Namespace, settings: Settings) -> int:
    await app.serve(settings)
    return 0


async def _migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    owner = settings.migration_url
    if owner is not None and settings.database_url is None:
        print("parking: PARKING_MIGRATION_URL goes with PARKING_DATABASE_URL", file=sys.stderr)
        return 2
    async with app.database_url(settings) as dsn:
        if arguments.plan:
            return _tell(await plan(owner or dsn))
        applied = await migrate(owner or dsn)
        newer = await list_newer(owner or dsn)
        print(f"applied: {', '.join(applied)}" if applied else "the schema is up to date")
        if newer:  # whose rights the newer version has given
            print(f"it is of a newer version, which serves this one: {', '.join(newer)}")
        elif owner is not None:
            print(f"the role {await rights.grant(owner, dsn)} has what it needs to serve")
    return 0


def _tell(plan: Plan) -> int:
    """Say what would be applied; gives 3 where instances that run now would not go on."""
    if not plan.missing:
        print("the schema is up to date")
        return 0
    print(f"to apply: {', '.join(migration.name for migration in plan.missing)}")
    if plan.serves_what_runs:
        print("instances of the version before go on meanwhile")
        return 0
    print("instances of the version before do not go on: stop them first")
    return 3


async def _create_key(arguments: argparse.Namespace, settings: Settings) -> int:
    if (arguments.role == "operator") != (arguments.operator is not None):
        print("parking: --operator goes with the role operator, and only with it", file=sys.stderr)
        return 2
    async with app.database_url(settings) as dsn:
        await migrate(dsn)
        async with open_database(dsn) as database, database.transaction() as connection:
            key, secret = await keys.create_key(
                connection,
                role=arguments.role,
                operator=arguments.operator,
                label=arguments.label,
                expires_at=arguments.expires_at,
                now=app.clock(),
            )
    print(f"{key.id}: shown this once, keep it well", file=sys.stderr)
    print(secret)
    return 0


async def _list_keys(_: argparse.Namespace, settings: Settings) -> int:
    async with app.database_url(settings) as dsn:
        await migrate(dsn)
        async with open_database(dsn) as database, database.connection() as connection:
            for key in await keys.list_keys(connection):
                print(_line(key))
    return 0


def _line(key: Key) -> str:
    parts = [key.id, key.role, key.operator or "-", f"made {rfc3339(key.created_at)}"]
    if key.expires_at is not None:
        parts.append(f"expires {rfc3339(key.expires_at)}")
    if key.revoked_at is not None:
        parts.append(f"revoked {rfc3339(key.revoked_at)}")
    return "  ".join([*parts, key.label]).rstrip()


async def _revoke_key(arguments: argparse.Namespace, settings: Settings) -> int:
    async with app.database_url(settings) as dsn:
        await migrate(dsn)
        async with open_database(dsn) as database, database.transaction() as connection:
            revoked = await keys.revoke_key(connection, arguments.id, app.clock())
    print("revoked" if revoked else "there is no valid key of that id")
    return 0 if revoked else 1


async def _import_lots(arguments: argparse.Namespace, settings: Settings) -> int:
    async with app.database_url(settings) as dsn:
        await migrate(dsn)
        return await lotfiles.run(
            dsn,
            arguments.file,
            crs=arguments.crs,
            operator=arguments.operator,
            dry_run=arguments.dry_run,
            out=sys.stdout,
        )
