"""The browser that the pages are tested in: Debian's Chromium, with a font for Chinese.

Without it these tests are skipped with a loud line, but never where `CI` or `PARKING_TEST_ALL` is
set: .ci/run has installed both.
"""

import os
import shutil
import subprocess

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--font-render-hinting=none",
)  # fmt: skip
SIZES = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1440, "height": 900},
    "wall": {"width": 1920, "height": 1080},
}


def find_chromium() -> str | None:
    """Give the browser's path, None where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return None


def has_chinese_font() -> bool:
    """Whether Chinese is drawn as Chinese, not as empty boxes."""
    lister = shutil.which("fc-list")
    if lister is None:
        return False
    listed = subprocess.run([lister, ":lang=zh", "family"], capture_output=True, check=True)  # noqa: S603
    return bool(listed.stdout.strip())


def lacking() -> str:
    """Tell what is not there of what the tests need; "" when all is."""
    found = []
    if find_chromium() is None:
        found.append("chromium")
    if not has_chinese_font():
        found.append("fonts-wqy-microhei")
    if not found:
        return ""
    return f"THE PAGES ARE NOT TESTED in a browser: apt-get install {' '.join(found)} and run again"


def must_not_skip() -> bool:
    return bool(os.environ.get("CI") or os.environ.get("PARKING_TEST_ALL"))
