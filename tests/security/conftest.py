"""One service for the tests of this folder that need nothing special of theirs."""

from tests.web.conftest import client, shared_service

__all__ = ["client", "shared_service"]
