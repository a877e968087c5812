"""Every URL on one screen: who may call it, with what, and what it answers."""

from collections.abc import Sequence

from aiohttp import web

from parking.domain.access import ROLES, Role, Rule
from parking.web import models, params
from parking.web.audit import Audit, AuditQuery
from parking.web.availability import Availability
from parking.web.calls import HELD, Answer, Forms, Held, Route
from parking.web.connect import Connect
from parking.web.devices import DeviceDescription, DeviceRegistry, DevicesQuery
from parking.web.documents import Documents
from parking.web.events import Events
from parking.web.gate import Gate, go_on
from parking.web.health import Health
from parking.web.keys import Keys
from parking.web.lorawan import ChirpstackQuery, Lorawan
from parking.web.lots import Lots
from parking.web.nearby import NearbyLots
from parking.web.prebuilt import ALWAYS
from parking.web.quality import Quality, QualityQuery
from parking.web.recent import ActivityQuery, Recent
from parking.web.rejections import Rejections, RejectionsQuery
from parking.web.sensors import Sensors
from parking.web.site import WORKER, Site
from parking.web.spaces import Spaces
from parking.web.streams import Streams
from parking.web.usage import Usage

ANYONE = Rule(None)
ADMIN = Rule(("admin",))
OPERATORS: tuple[Role, ...] = ("admin", "operator")
EACH = Rule(OPERATORS, "each")
DELIVERED = Answer(200, "What became of each part, after the commit", "Delivered")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
NO_PLATES = "Only what is described is looked at; number plates are neither stored nor logged."
OF_THE_LOT = Rule(OPERATORS, "in_path")
DEVICE = "/v1/devices/{dev_eui}"


def list_routes(
    *,
    lots: Lots,
    availability: Availability,
    nearby: NearbyLots,
    streams: Streams,
    events: Events,
    connect: Connect,
    sensors: Sensors,
    devices: DeviceRegistry,
    lorawan: Lorawan,
    spaces: Spaces,
    recent: Recent,
    usage: Usage,
    quality: Quality,
    keys: Keys,
    audit: Audit,
    rejections: Rejections,
    health: Health,
    documents: Documents,
    site: Site,
) -> list[Route]:
    """List all routes of the service."""
    ok, new, gone = 200, 201, 204
    lot, zone = "/v1/lots/{lot}", "/v1/lots/{lot}/zones/{zone}/spaces"
    page = Answer(ok, "A page", {"type": "string"}, "text/html")
    return [
        Route("GET", "/", site.get_page, "The page for drivers", "pages", (page,),
              rule=ANYONE, query=params.SiteQuery, early=True),
        Route("GET", "/board", site.get_page, "The page for operators", "pages", (page,),
              rule=ANYONE, query=params.SiteQuery, early=True),
        Route("GET", "/planner", site.get_page, "The page for planners", "pages", (page,),
              rule=ANYONE, query=params.SiteQuery, early=True),
        Route("GET", WORKER, site.get_page, "What opens the pages without a network", "pages",
              (Answer(ok, "A service worker", {"type": "string"}, "text/javascript"),),
              rule=ANYONE, query=params.SiteQuery, early=True),
        Route("GET", "/v1/availability", availability.get_all,
              "Availability of all lots, now or at a past moment", "drivers",
              (Answer(ok, "All matching lots", "AvailabilityList"),),
              rule=ANYONE, query=params.AvailabilityQuery, errors=(410,)),
        Route("GET", "/v1/nearby", nearby.get,
              "The nearest lots that suit", "drivers",
              (Answer(ok, "Nearest first", "NearbyList"),), rule=ANYONE, query=params.NearbyQuery),
        Route("GET", "/v1/stream", streams.get_stream,
              "Follow changes as server-sent events", "drivers",
              (Answer(ok, "Events `availability` and `retired`", {"type": "string"},
                      "text/event-stream"),),
              rule=ANYONE, query=params.StreamQuery, headers=("Last-Event-ID",)),
        Route("GET", "/v1/ws", streams.get_ws,
              "Follow changes over WebSocket", "drivers",
              (Answer(101, "Speaks WebSocket from here on"),), rule=ANYONE),
        Route("GET", "/v1/lots", lots.list_lots, "List lots", "drivers",
              (Answer(ok, "A page of descriptions", "LotList"),),
              rule=ANYONE, query=params.LotsQuery),
        Route("GET", lot, lots.get_lot, "A lot's description", "drivers",
              (Answer(ok, "The description", "Lot"),),
              rule=ANYONE, query=params.CrsQuery, errors=(404,)),
        Route("GET", lot + "/availability", availability.get_one,
              "Availability of a lot with its zones, now or at a past moment", "drivers",
              (Answer(ok, "The lot", "LotAvailability"),),
              rule=ANYONE, query=params.AtQuery, errors=(404, 410)),
        Route("GET", zone, lots.get_spaces, "The spaces of a zone", "drivers",
              (Answer(ok, "The list", "Spaces"),), rule=ANYONE, errors=(404,)),
        Route("PUT", lot, lots.put_lot, "Create or replace a lot's description", "operators",
              (Answer(ok, "Replaced", "Lot"), Answer(new, "Created", "Lot")),
              rule=Rule(OPERATORS, "described"), query=params.CrsQuery,
              body=models.LotDescription),
        Route("DELETE", lot, lots.delete_lot, "Retire a lot; its history is kept", "operators",
              (Answer(gone, "Retired"),), rule=ADMIN, errors=(404,)),
        Route("PUT", zone, lots.put_spaces, "Replace the list of a zone's spaces", "operators",
              (Answer(ok, "The list as it holds now", "Spaces"),),
              rule=OF_THE_LOT, body=models.SpaceList, errors=(404, 409)),
        Route("POST", "/v1/events", events.post, "Push events", "operators",
              (Answer(ok, "What became of each, after the commit", "Receipt"),),
              rule=Rule(OPERATORS, "each"), body="Events"),
        Route("POST", "/v1/connect/parkapi/json", connect.post_sites_json,
              "Push realtime data as ParkAPI v3 has it", "connectors",
              (DELIVERED,), rule=EACH, body=Forms({"application/json": "ParkApiSites"}),
              by_secret=True),
        Route("POST", "/v1/connect/parkapi/csv", connect.post_sites_csv,
              "Push realtime data as ParkAPI v3 has it, as CSV", "connectors",
              (DELIVERED,), rule=EACH, body=Forms({"text/csv": "ParkApiTable"}), by_secret=True),
        Route("PUT", "/v1/connect/spdp/dynamic/{facility}", connect.put_facility,
              "Put a facility's state as SPDP v2 has it", "connectors",
              (DELIVERED,), rule=EACH, body=Forms({"application/json": "SpdpFacility"}),
              by_secret=True),
        *(Route("POST", f"/v1/connect/fourpyun/{post}", handler, summary, "connectors",
                (Answer(ok, "What became of it, after the commit", "FourpyunAnswer"),),
                rule=EACH, by_secret=True,
                body=Forms(dict.fromkeys(FORMS, f"Fourpyun{post.capitalize()}"), NO_PLATES))
          for post, handler, summary in (
              ("enter", connect.post_enter, "Tell that a car has entered, as 4pyun has it"),
              ("leave", connect.post_leave, "Tell that a car has left, as 4pyun has it"),
              ("space", connect.post_space, "Tell how many spaces remain, as 4pyun has it"))),
        Route("POST", "/v1/connect/{connector}", connect.post_mapped,
              "Push what a connector's own mapping reads", "connectors", (DELIVERED,), rule=EACH,
              body=Forms({"application/json": "OwnMessage", "text/csv": "OwnMessage"}),
              by_secret=True, errors=(404,)),
        Route("GET", lot + "/events", events.list_log, "A lot's events, newest first",
              "operators", (Answer(ok, "A page of the log", "LoggedEventList"),),
              rule=OF_THE_LOT, query=params.LogQuery, errors=(404,)),
        Route("GET", lot + "/sensors", sensors.list, "How a lot's sensors are", "operators",
              (Answer(ok, "A page of sensors", "SensorList"),),
              rule=OF_THE_LOT, query=params.PageQuery, errors=(404,)),
        Route("GET", "/v1/rejections", rejections.list,
              "What was refused of what an operator's systems sent, newest first", "operators",
              (Answer(ok, "A page of what was refused", "RejectedItemList"),),
              rule=Rule(OPERATORS, "shown"), query=RejectionsQuery),
        Route("GET", "/v1/devices", devices.list, "List devices of LoRaWAN networks", "operators",
              (Answer(ok, "A page of devices", "DeviceList"),),
              rule=Rule(OPERATORS, "shown"), query=DevicesQuery),
        Route("GET", DEVICE, devices.get, "A device's description", "operators",
              (Answer(ok, "The description", "Device"),),
              rule=Rule(OPERATORS, "described"), errors=(404,)),
        Route("PUT", DEVICE, devices.put, "Register or replace a device", "operators",
              (Answer(ok, "Replaced", "Device"), Answer(new, "Registered", "Device")),
              rule=Rule(OPERATORS, "described"), body=DeviceDescription, errors=(409,)),
        Route("DELETE", DEVICE, devices.delete, "Remove a device", "operators",
              (Answer(gone, "Removed"),), rule=Rule(OPERATORS, "described"), errors=(404,)),
        Route("POST", "/v1/lorawan/chirpstack", lorawan.post_chirpstack,
              "Take what ChirpStack's HTTP integration posts", "operators",
              (Answer(ok, "What became of each event of it, after the commit", "Receipt"),),
              rule=Rule(OPERATORS, "each"), query=ChirpstackQuery, body="ChirpstackEvent"),
        Route("POST", "/v1/lorawan/tts", lorawan.post_tts,
              "Take what webhooks of The Things Stack post", "operators",
              (Answer(ok, "What became of each event of it, after the commit", "Receipt"),),
              rule=Rule(OPERATORS, "each"), body="TtsMessage"),
        Route("GET", lot + "/spaces", spaces.list, "How a lot's spaces are now", "operators",
              (Answer(ok, "A page of spaces, by zones", "SpaceNumbersList"),),
              rule=OF_THE_LOT, query=params.PageQuery, errors=(404,)),
        Route("GET", "/v1/activity", recent.get, "How many events came lately", "operators",
              (Answer(ok, "Lots that sent events in the last minutes", "ActivityList"),),
              rule=Rule(ROLES, "shown"), query=ActivityQuery, errors=(404,)),
        Route("GET", "/v1/usage", usage.get, "Usage by bucket of the lots' calendar", "planners",
              (Answer(ok, "Rows; a page of them as JSON, all of them as CSV", "UsageList"),
               Answer(ok, "All rows", {"type": "string"}, "text/csv")),
              rule=Rule(ROLES, "shown"), query=params.UsageQuery, errors=(404, 406)),
        Route("GET", "/v1/quality", quality.get,
              "How well the sensors of lots work, by days of their calendar", "planners",
              (Answer(ok, "Lots' days by lot and day", "QualityList"),),
              rule=Rule(ROLES, "shown"), query=QualityQuery, errors=(404,)),
        Route("GET", "/v1/key", keys.get_own, "Whom the key that is sent stands for", "keys",
              (Answer(ok, "Its role", "OwnKey"),), rule=Rule(ROLES)),
        Route("POST", "/v1/keys", keys.post, "Make a key", "keys",
              (Answer(new, "The key, shown this once", "NewKey"),),
              rule=ADMIN, body=models.KeyRequest),
        Route("GET", "/v1/keys", keys.list, "List keys", "keys",
              (Answer(ok, "A page of keys", "KeyList"),), rule=ADMIN, query=params.PageQuery),
        Route("DELETE", "/v1/keys/{key}", keys.delete, "Revoke a key", "keys",
              (Answer(gone, "Revoked"),), rule=ADMIN, errors=(404,)),
        Route("GET", "/v1/audit", audit.list, "Who changed lots and keys, recounted and voided",
              "keys", (Answer(ok, "A page of what was done, newest first", "ActList"),),
              rule=ADMIN, query=AuditQuery),
        Route("GET", "/healthz", health.get_alive, "Whether the process lives", "running",
              (Answer(ok, "It does", "Status"),), rule=ANYONE, early=True),
        Route("GET", "/readyz", health.get_ready, "Whether it can serve", "running",
              (Answer(ok, "It can", "Status"),), rule=ANYONE, errors=(503,), early=True),
        Route("GET", "/metrics", health.get_metrics, "Metrics for Prometheus", "running",
              (Answer(ok, "Text exposition", {"type": "string"}, "text/plain"),),
              rule=ANYONE, early=True),
        Route("GET", "/openapi.json", documents.get_openapi, "This document", "running",
              (Answer(ok, "OpenAPI 3.1", {"type": "object"}),), rule=ANYONE, early=True),
        Route("GET", "/docs", documents.get_docs, "This document to read and try", "running",
              (Answer(ok, "A page", {"type": "string"}, "text/html"),), rule=ANYONE, early=True),
    ]  # fmt: skip


def build(
    routes: Sequence[Route], gate: Gate, documents: Documents, site: Site, prefix: str = ""
) -> web.Application:
    """Put the routes behind the gate, below `prefix` and without it: a proxy may cut it off."""
    app = web.Application(middlewares=[gate.middleware])
    app.on_response_prepare.append(gate.sign)
    app[ALWAYS] = gate.always
    app[HELD] = Held()
    documents.describe(routes, prefix)
    for base in dict.fromkeys((prefix, "")):
        for route in routes:
            path, handler = base + route.path, gate.handler(route)
            if route.method == "GET":
                app.router.add_get(path, handler, expect_handler=go_on)  # HEAD too
            else:
                app.router.add_route(route.method, path, handler, expect_handler=go_on)
        app.router.add_get(base + "/docs/{name}", documents.get_asset)
        app.router.add_get(base + "/static/{version}/{name:.+}", site.get_asset)
        if base:
            app.router.add_get(base, site.get_slash)
    return app
