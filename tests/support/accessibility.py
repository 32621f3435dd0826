"""What axe-core finds on a page that a browser shows."""

from __future__ import annotations

from answers import PROJECT
from chromium import Browser
from skips import skip_or_fail

AXE = PROJECT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"

#: After a frame in which scripts follow a change of the screen, and the transitions that it begins.
RUN = """
const done = arguments[0];
requestAnimationFrame(() => requestAnimationFrame(async () => {
  await Promise.allSettled(document.getAnimations().map((each) => each.finished));
  done(await axe.run({resultTypes: ["violations"]}));
}));
"""


def violations(browser: Browser) -> list[tuple[str, str]]:
    """Return the rules of accessibility that the page breaks, each with an element."""
    if not AXE.is_file():
        skip_or_fail("chromium", "axe-core is not installed: accessibility is not tested")
    if not browser.execute_script("return 'axe' in window"):
        browser.execute_script(AXE.read_text(encoding="utf-8"))
    results = browser.execute_async_script(RUN)
    # Of fewer rules that hold, axe-core has seen no page.
    assert len(results["passes"]) > 10
    return [(violation["id"], violation["nodes"][0]["html"]) for violation in results["violations"]]
