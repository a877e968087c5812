"""Headers that every answer bears, for browsers to do no more with it than it is for."""

from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDict

from parking.web.prebuilt import lines

_POLICY = "Content-Security-Policy"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For the page that shows the document, in the place of what holds for data."""
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_A_YEAR_S = 31_536_000


def site_policy(tiles_url: str | None) -> str:
    """Give the policy of the pages: all from here, pictures also from the host of the tiles."""
    pictures = "'self' data:"
    if tiles_url is not None:
        parts = urlsplit(tiles_url.replace("{s}", "*"))
        pictures += f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"worker-src 'self'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Protection:
    """The headers of all answers of a service."""

    def __init__(self, *, https: bool) -> None:
        """With `https`, tell browsers to come by nothing else."""
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Server": "parking",
        }
        if https:
            headers["Strict-Transport-Security"] = f"max-age={_A_YEAR_S}"
        self._headers = CIMultiDict(headers)

    def lines(self) -> bytes:
        """Give them as the lines of a head, of an answer without a policy of its own."""
        return lines({**self._headers, _POLICY: _DATA_POLICY})

    def put_on(self, response: web.StreamResponse) -> None:
        """Put them on an answer; a policy of its own stays."""
        response.headers.update(self._headers)
        response.headers.setdefault(_POLICY, _DATA_POLICY)
