"""What the tests bring along is what its makers published."""

import hashlib
from pathlib import Path

VENDOR = Path(__file__).parent / "vendor"


def test_what_is_vendored_is_what_the_manifest_says() -> None:
    lines = (VENDOR / "MANIFEST.sha256").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    kept = {
        str(file.relative_to(VENDOR)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.glob("*/*")
    }
    assert listed == kept
    assert "axe-core/LICENSE" in kept
