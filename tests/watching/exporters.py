"""What watches machines and the public address: real exporters, and a page with a certificate."""

import contextlib
import copy
import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.service import CHECKOUT, free_port
from tests.watching.programs import need

SHIPPED = CHECKOUT / "deploy" / "prometheus"
STOP_S = 20.0


class Page(http.server.BaseHTTPRequestHandler):
    """Answers 200 to whatever is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextlib.contextmanager
def exporting(folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Run both exporters and a page by HTTPS; gives the shipped jobs of them, with their ports."""
    folder.mkdir()
    node, blackbox = free_port(), free_port()
    with _page(folder) as page, contextlib.ExitStack() as stack:
        config = yaml.safe_load(SHIPPED.joinpath("blackbox.yml").read_text("utf-8"))
        config["modules"]["parking"]["http"]["tls_config"] = {"ca_file": str(folder / "cert.pem")}
        folder.joinpath("blackbox.yml").write_text(yaml.safe_dump(config))
        for command in (
            [
                need("prometheus-node-exporter"),
                *("--collector.disable-defaults", "--collector.filesystem"),
                f"--web.listen-address=127.0.0.1:{node}",
            ],
            [
                need("prometheus-blackbox-exporter"),
                f"--config.file={folder / 'blackbox.yml'}",
                f"--web.listen-address=127.0.0.1:{blackbox}",
            ],
        ):
            stack.enter_context(_running(command))
        yield [
            _job("node", f"127.0.0.1:{node}"),
            _job("parking-outside", f"https://localhost:{page}/", f"127.0.0.1:{blackbox}"),
        ]


def _job(name: str, target: str, exporter: str = "") -> dict[str, Any]:
    """Give a job as it is shipped, but for where things are."""
    shipped = yaml.safe_load(SHIPPED.joinpath("prometheus.yml").read_text("utf-8"))
    (found,) = [job for job in shipped["scrape_configs"] if job["job_name"] == name]
    job: dict[str, Any] = copy.deepcopy(found)
    del job["file_sd_configs"]
    job["static_configs"] = [{"targets": [target]}]
    job["scrape_interval"] = "1s"
    job["scrape_timeout"] = "1s"
    for rule in job.get("relabel_configs", ()):
        if "replacement" in rule:
            rule["replacement"] = exporter
    return job


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - programs that are installed
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(STOP_S)


@contextlib.contextmanager
def _page(folder: Path) -> Iterator[int]:
    subprocess.run(  # noqa: S603 - a certificate of our own
        [
            need("openssl"),
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "60", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
