"""Signing in with somebody else's word for it: Panel's OAuth/OIDC handlers, ending in a session of ours.

Panel asks the provider and learns a name; what that name may do is in our own file of users. Its tokens are not kept.
The redirect address is the first origin's, never taken from a request.
"""

import logging
from typing import Any

from panel.auth import AUTH_PROVIDERS, CODE_COOKIE_NAME, STATE_COOKIE_NAME
from tornado.web import RequestHandler

from viz.live.login import FrontPage, Guard, known_user

log = logging.getLogger("twin.live")


class _Ours(FrontPage):
    """What takes the place of Panel's cookies and error pages."""

    guard: Guard

    @property
    def _redirect_uri(self) -> str:
        return f"{self.guard.door.url}login"

    def set_secure_cookie(self, name: str, value: Any, *_: Any, **__: Any) -> None:
        """Panel hands over what it learnt as cookies to set: the user's name signs in, the state of the exchange is
        kept until the provider answers, tokens are dropped."""
        if name == "user":
            user = known_user(self.guard, str(value))
            self.guard.let_in(self, user, f"OAuth {self.guard.door.oauth}")
        elif name in (STATE_COOKIE_NAME, CODE_COOKIE_NAME):
            RequestHandler.set_secure_cookie(
                self, name, value, expires_days=None, path="/", httponly=True, samesite="Lax",
                secure=self.guard.door.encrypted,
            )  # fmt: skip

    def clear_all_cookies(self, **_: Any) -> None:
        """Panel's error page forgets every cookie; only the exchange is over."""
        for name in (STATE_COOKIE_NAME, CODE_COOKIE_NAME):
            self.clear_cookie(name, path="/")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Without the provider's words, which go to the log."""
        self.guard.refused(self, "", f"OAuth: {status_code}")
        log.warning("OAuth sign-in failed: %s", kwargs.get("exc_info", ("", "", ""))[1])
        FrontPage.write_error(self, status_code)


def oauth_sign_in(provider: str) -> type[RequestHandler]:
    """The handler of ``/login`` for one of ``viz.live.door.OAUTH``."""
    panels: type[RequestHandler] = AUTH_PROVIDERS[provider]
    return type("OAuthSignIn", (_Ours, panels), {"get": panels.get})
