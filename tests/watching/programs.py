"""Prometheus' own programs, of Debian's packages: there, or the test says that not."""

import os
import shutil

import pytest


def need(program: str) -> str:
    """Give a program's path; skips where it is not installed, and fails there in CI."""
    found = shutil.which(program)
    if found is None:
        package = "prometheus" if program == "promtool" else program
        missing = f"{program} is not installed: apt-get install --no-install-recommends {package}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found
