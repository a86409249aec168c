"""The page's server on a thread, and a client of it without a browser: plain HTTP with cookies, the page's socket."""

import asyncio
import base64
import hashlib
import http.client
import json
import re
import ssl
import threading
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlparse

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from viz.live.door import Door
from viz.live.server import Address, make_server


class Server:
    """The page's server for an engine, behind a door, on a thread of the test's own."""

    def __init__(self, engine: Address, door: Door) -> None:
        self.url, self._ready = door.url, threading.Event()
        self._thread = threading.Thread(target=self._run, args=(engine, door))
        self._thread.start()
        assert self._ready.wait(30)

    def _run(self, engine: Address, door: Door) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self._server = make_server(engine, door)
        self._server.start()
        self._server.io_loop.add_callback(self._ready.set)
        self._server.io_loop.start()
        self._server.stop()
        self._server.io_loop.close()

    def end(self) -> None:
        self._server.io_loop.add_callback(self._server.io_loop.stop)
        self._thread.join(20)


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers = response.status, response.headers
        self.text = "" if response.status == 101 else response.read().decode("utf-8", "replace")


class Client:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, url: str) -> None:
        self.url = urlparse(url)
        self.origin = f"{self.url.scheme}://{self.url.netloc}"
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """GET, or POST a form."""
        if self.url.scheme == "https":
            context = ssl._create_unverified_context()  # noqa: S323  (a certificate made for the test)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(self.url.netloc, context=context)
        else:
            connection = http.client.HTTPConnection(self.url.netloc)
        body = None if form is None else urlencode(form)
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.cookies:
            headers["Cookie"] = self.cookie_line
        with closing(connection):
            connection.request("GET" if form is None else "POST", path, body, headers)
            with connection.getresponse() as response:
                answer = Answer(response)
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    @property
    def cookie_line(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def sign_in(self, name: str, password: str) -> Answer:
        """Through the form."""
        token = re.search(r'name="_xsrf" value="([^"]+)"', self.ask("/login").text)
        assert token is not None
        return self.ask("/login", {"_xsrf": token[1], "name": name, "password": password})

    def token(self) -> str:
        """What the page's socket is opened with."""
        found = re.search(r'"token":"([^"]+)"', self.ask("/").text)
        assert found is not None
        return found[1]

    def knock(self, token: str, origin: str | None = None, **headers: str) -> int:
        """Ask for the socket to be opened; the status of the answer, 101 if it would be."""
        asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        asked |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": f"bokeh, {token}"}
        return self.ask("/ws", **asked, **({"Origin": origin or self.origin} | headers)).status

    def socket(self, token: str, **headers: str) -> list[str | bytes]:
        """Open the socket, ask for the document, and return what came until it was there, or the socket closed."""
        return asyncio.run(self._socket(token, headers))

    async def _socket(self, token: str, headers: dict[str, str]) -> list[str | bytes]:
        scheme = "wss" if self.url.scheme == "https" else "ws"
        headers = {"Origin": self.origin, "Cookie": self.cookie_line} | headers
        request = HTTPRequest(f"{scheme}://{self.url.netloc}/ws", headers=headers, validate_cert=False)
        socket = await websocket_connect(request, subprotocols=["bokeh", token])
        came: list[str | bytes] = []
        try:
            await asyncio.sleep(0.3)  # the server says that it is there before it can be asked
            for part in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
                await socket.write_message(json.dumps(part))
            while (frame := await asyncio.wait_for(socket.read_message(), 10.0)) is not None:
                came.append(frame)
                if any("PULL-DOC-REPLY" in str(head) for head in came[-3:-2]):  # after it come metadata and content
                    break
        except WebSocketClosedError:
            pass  # what came is the answer
        finally:
            socket.close()
            while await asyncio.wait_for(socket.read_message(), 10.0) is not None:
                pass  # until the other side has closed it too
        return came


def cheap(password: str) -> str:
    """A password's hash that costs next to nothing; only the costs differ from those stored for people."""
    salt = b"salt"
    key = hashlib.scrypt(password.encode(), salt=salt, n=1 << 10, r=1, p=1, dklen=32)
    return f"scrypt$10$1$1${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
