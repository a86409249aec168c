"""The engine process behind a page: started with it, ended with it."""

import json
import secrets
import subprocess
import sys
from contextlib import suppress
from typing import IO, Any

STOP_S = 10.0


class EngineFailed(ValueError):
    """The engine could not open what it was asked to; the message is the engine's own."""


class Engine:
    """``python -m scenarios.serve`` with a task; it ends when its stdin does, so never outlives this process."""

    def __init__(self, task: dict[str, Any]) -> None:
        """Start it and wait until it listens.

        Raises:
            EngineFailed: bad input.
            RuntimeError: it ended without a word (what it wrote to stderr has been shown).
        """
        self.token = secrets.token_hex(32)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scenarios.serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,  # Ctrl-C is for this process, which then ends that one
        )  # fmt: skip
        try:
            self._in.write(json.dumps(task | {"token": self.token}) + "\n")
            self._in.flush()
            line = self._out.readline()
        except BaseException:
            self.stop()
            raise
        if not line:
            raise RuntimeError(f"the engine ended at once (exit {self._process.wait()})")
        said = json.loads(line)
        if "error" in said:
            self.stop()
            raise EngineFailed(said["error"])
        self.port: int = said["port"]
        self.folder: str = said["folder"]

    @property
    def _in(self) -> IO[str]:
        assert self._process.stdin is not None  # noqa: S101  (asked for)
        return self._process.stdin

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None  # noqa: S101  (asked for)
        return self._process.stdout

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def stop(self) -> int:
        """End it, gently first; returns its exit code."""
        with suppress(BrokenPipeError):  # it has ended already
            self._in.close()
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:  # in the middle of planning
            self._process.kill()
            code = self._process.wait()
        self._out.close()
        return code
