"""Forms from browsers: bounded before they are read, and from our own pages alone.

Against requests that another site makes a browser send: cookies are `SameSite=Strict`; `Sec-Fetch-Site` (W3C Fetch
Metadata), or else `Origin`, must be ours; and each form carries a token that only a page for its owner holds.
"""

import hashlib
import hmac
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from empower.core.errors import EmpowerError
from empower.http.refusals import MediaTypeError, UnreadableError

MOST_FIELDS = 8
KIND = "application/x-www-form-urlencoded"


class FormError(EmpowerError):
    """A form that does not come from our own page, or is no form."""

    code = "form_refused"
    title = "this form is not accepted"
    status = 403


class Form(NamedTuple):
    """The fields of a form, as they came."""

    fields: dict[str, str]

    def text(self, name: str) -> str:
        """A field without the space around it; empty where it is missing."""
        return self.fields.get(name, "").strip()

    def check(self, secret: str) -> None:
        """Raise `FormError` unless the form is one that was made for whoever holds `secret`."""
        given = self.text("token")
        if not secret or not hmac.compare_digest(given.encode(), token(secret).encode()):
            raise FormError("this form is from another visit: load the page again, and repeat what you did")


def token(secret: str) -> str:
    """What the forms carry that are made for whoever holds `secret`."""
    return hmac.digest(secret.encode(), b"form", hashlib.sha256).hex()


async def _form(request: Request) -> Form:
    _check_site(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != KIND:
        raise MediaTypeError("send the form as a browser does")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise UnreadableError("the form cannot be read: it is no UTF-8, or has too many fields") from None
    if len(dict(pairs)) != len(pairs):
        raise UnreadableError("the form cannot be read: a field is there twice")
    return Form(dict(pairs))


FormBody = Annotated[Form, Depends(_form)]


def _check_site(request: Request) -> None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise FormError("this form comes from another site: open the page itself, and repeat what you did")
