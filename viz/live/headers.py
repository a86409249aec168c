"""What every answer of the page's server tells a browser not to do with it (OWASP ASVS 5.0, 3.4)."""

from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.web import OutputTransform

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Bokeh and Panel write scripts, and evaluate some
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def headers(origins: list[str], encrypted: bool) -> dict[str, str]:
    """Headers by name; sockets may only be opened to ``origins``."""
    scheme = "wss" if encrypted else "ws"
    connect = " ".join(["'self'", *(f"{scheme}://{origin}" for origin in origins)])
    policy = POLICY | {"connect-src": connect}
    sent = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }
    return sent | ({"Strict-Transport-Security": "max-age=31536000"} if encrypted else {})


def with_headers(sent: dict[str, str]) -> type[OutputTransform]:
    """A transform for a Tornado application, which puts the headers on each answer, errors and files too."""

    class Headers(OutputTransform):
        def transform_first_chunk(
            self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
        ) -> tuple[int, HTTPHeaders, bytes]:
            for name, value in sent.items():
                headers[name] = value
            headers.pop("Server", None)
            return status_code, headers, chunk

        def transform_chunk(self, chunk: bytes, finishing: bool) -> Any:
            return chunk

    return Headers
