"""Take the pictures of the documentation from the demo, in a real Chromium.

    .venv/bin/python tools/take_screenshots.py [NAME ...] [--demo FOLDER]

A demo of a fixed seed and end is built in a temporary folder (about a minute), and served at that
time, so that pictures change only where pages do. Further pictures are further rows of PICTURES.
Chromium, its driver and the packages of requirements-dev.txt are needed.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import logging
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from creditscore.demo.command import MARK, build
from creditscore.demo.history import History
from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.settings import Settings
from creditscore.web import app as web

PROJECT = Path(__file__).resolve().parent.parent
IMAGES = PROJECT / "docs" / "images"

#: What the demo is made of, and the time at which it is looked at.
HISTORY = History(until=datetime(2026, 11, 27, 9, 30, tzinfo=UTC), seed=1)

KEY = "the-key-of-the-pictures"

#: Seconds that a page may take until it is as it should be.
TIMEOUT_S = 20

#: Pixels above the element at the top.
MARGIN = 12

#: Selenium's driver; untyped here, as the package may be missing.
Browser = Any


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes
    ----------
    name : str
        Its file is docs/images/NAME.png.
    address : str
        The page, with its query; the language is added.
    language : str
        Of the page.
    size : tuple of int
        Width and height in pixels, of the window and of the picture.
    used_in : tuple of str
        The documents that show it, from the project's folder.
    decide : bool
        Whether the form is sent, and its answer awaited.
    top : str
        Selector of the element at the picture's top; empty for the top of the page.
    keyed : bool
        Whether the page needs a key. It is then shown as without JavaScript.
    """

    name: str
    address: str
    language: str
    size: tuple[int, int]
    used_in: tuple[str, ...]
    decide: bool = False
    top: str = ""
    keyed: bool = False


DESKTOP, PHONE = (960, 860), (390, 844)

#: Those of the list come first, as those of the form add decisions to it.
PICTURES = (
    Picture("decisions", "/decisions", "en", DESKTOP, ("docs/decisions.md",), keyed=True),
    Picture("decisions.id", "/decisions", "id", DESKTOP, ("docs/decisions.id.md",), keyed=True),
    Picture("decision", "/?example=application", "en", DESKTOP, ("README.md",), decide=True),
    Picture("decision.id", "/?example=application", "id", DESKTOP, ("README.id.md",), decide=True),
    Picture("decision-phone", "/?example=application", "en", PHONE,
            ("docs/understanding-the-model.md",), decide=True, top="#result"),
    Picture("decision-phone.id", "/?example=application", "id", PHONE,
            ("docs/understanding-the-model.id.md",), decide=True, top="#result"),
    Picture("monitoring", "/monitoring?days=90", "en", DESKTOP,
            ("README.md",), top="#application", keyed=True),
    Picture("monitoring.id", "/monitoring?days=90", "id", DESKTOP,
            ("README.id.md",), top="#application", keyed=True),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures of the given names, or all; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = [picture.name for picture in PICTURES]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--demo", type=Path, help="keep the demo in this folder, for the next time")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(names):
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    pictures = [picture for picture in PICTURES if picture.name in (options.names or names)]
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.demo or Path(temporary) / "demo"
        if not (folder / MARK).is_file():
            build(folder, HISTORY)
        with serving(folder) as url, browsing(Path(temporary) / "profile") as browser:
            for picture in pictures:
                path = take(picture, url, browser)
                sys.stderr.write(f"{path.name}: {path.stat().st_size // 1024} kB\n")
    return 0


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the demo in a folder at the time of its end, and give its address."""
    clock, web.now = web.now, partial(datetime.fromtimestamp, HISTORY.until.timestamp(), UTC)
    settings = Settings(
        model_dir=folder / "model",
        database_url=f"sqlite:///{folder / 'decisions.sqlite'}",
        runtime_dir=folder / "run",
        api_keys=(KEY,),
        open_predict=True,
        demo=True,
    )
    server = make_server("127.0.0.1", 0, web.create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        web.now = clock


@contextlib.contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """Run Chromium without a window until the block ends."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for flag in ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars"):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={profile}")
    options.binary_location = shutil.which("chromium") or ""
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
        yield browser
    finally:
        browser.quit()


def take(picture: Picture, url: str, browser: Browser, folder: Path = IMAGES) -> Path:
    """Take a picture, write it into a folder as a small PNG, and return its path."""
    width, height = picture.size
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    media = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
    for command, values in (
        ("Emulation.setDeviceMetricsOverride", screen),
        ("Emulation.setEmulatedMedia", media),
        ("Emulation.setScriptExecutionDisabled", {"value": picture.keyed}),
        ("Network.enable", {}),
        ("Network.setExtraHTTPHeaders", {"headers": {"X-API-Key": KEY} if picture.keyed else {}}),
    ):
        browser.execute_cdp_cmd(command, values)
    join = "&" if "?" in picture.address else "?"
    browser.get(f"{url}{picture.address}{join}lang={picture.language}")
    if picture.decide:
        decide(browser, PAGE_TEXTS[picture.language]["result_none"])
    document = browser.execute_cdp_cmd("DOM.getDocument", {})
    node = {"nodeId": document["root"]["nodeId"], "selector": picture.top or "html"}
    box = browser.execute_cdp_cmd("DOM.querySelector", node)
    quad = browser.execute_cdp_cmd("DOM.getBoxModel", box)["model"]["border"]
    scrolled = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssLayoutViewport"]["pageY"]
    y = max(0, scrolled + quad[1] - (MARGIN if picture.top else 0))
    clip = {"x": 0, "y": y, "width": width, "height": height, "scale": 1}
    shot = {"format": "png", "clip": clip, "captureBeyondViewport": True}
    png = base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", shot)["data"])
    path = folder / f"{picture.name}.png"
    path.write_bytes(shrink(png))
    return path


def decide(browser: Browser, empty: str) -> None:
    """Send the form, and wait until its answer stands where nothing stood."""
    from selenium.webdriver.support.wait import WebDriverWait

    browser.execute_script("document.querySelector('#form button[type=submit]').click()")
    result_text = (
        "const text = document.querySelector('#result').textContent; return text.trim() && "
    )
    WebDriverWait(browser, TIMEOUT_S).until(
        lambda driver: driver.execute_script(f"{result_text}!text.includes(arguments[0])", empty)
    )


def shrink(png: bytes) -> bytes:
    """Return the picture in 256 colours of its own, which is all that a page has."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
