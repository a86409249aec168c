"""``twin live`` as a user starts it, and a browser at its page: Chromium from the system (Debian: ``chromium``)."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import TimeoutError


class Live:
    """``twin live`` as a process, and where its page is."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "viz.cli", "live", *arguments], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        self.said: list[str] = []
        for line in self._process.stderr:
            self.said.append(line)
            if line.startswith("open"):
                break
        assert self.said[-1].startswith("open"), self.said
        self.url = self.said[-1].split()[1]

    def kill_engine(self) -> None:
        """The engine process dies; the page's lives on."""
        stats = (Path("/proc") / p / "stat" for p in os.listdir("/proc") if p.isdigit())
        for fields in (stat.read_text(encoding="utf-8").rpartition(")")[2].split() for stat in stats if stat.exists()):
            if int(fields[1]) == self._process.pid:
                os.kill(int(fields[2]), signal.SIGKILL)  # its own process group: it leads one

    def end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)
        self._process.stderr.close()


class Visit:
    """A browser at the page, with all it logged and all it asked for."""

    def __init__(self, browser, url: str, scheme: str = "light") -> None:
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": 1366, "height": 860})
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append("dialog " + dialog.message), dialog.dismiss()))
        self.page.on("request", lambda r: self.hosts.add(urlparse(r.url).netloc) if r.url.startswith("http") else None)
        self.page.on("websocket", lambda socket: self.hosts.add(urlparse(socket.url).netloc))
        self.page.goto(url)
        try:
            self.page.wait_for_selector("html[data-ready]", state="attached")
        except TimeoutError as error:
            raise AssertionError(f"the page does not start: {self.errors[:5]}") from error

    def js(self, script: str):
        return self.page.evaluate(script)

    def wait(self, condition: str) -> None:
        self.page.wait_for_function(condition, timeout=20_000)

    def clock(self) -> str:
        return self.page.locator("#clock").inner_text()

    def until(self, condition: str, steps: int = 240) -> None:
        """Step on, a minute of the day each, until it is so."""
        found = self.js(
            f"(async () => {{ for (let k = 0; k < {steps} && !({condition}); k++) "
            "await new Promise(done => act({ do: 'step' }, done)); "
            f"return Boolean({condition}); }})()"
        )
        assert found, condition
