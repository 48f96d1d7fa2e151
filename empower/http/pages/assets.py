"""Where the browser gets the style, the script and the icon."""

from fastapi import APIRouter, Request, Response

from empower.core.errors import NotFoundError
from empower.http.pages.bundle import FILES, KINDS, VERSION
from empower.http.pages.route import PageRoute

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/pages/{name}")
async def asset(request: Request, name: str) -> Response:
    """One of them; under the address that has its version, to be kept for ever."""
    if name not in FILES:
        raise NotFoundError("there is no such file here")
    is_versioned = request.query_params.get("v") == VERSION
    cache = "public, max-age=31536000, immutable" if is_versioned else "no-cache"
    return Response(FILES[name], headers={"Cache-Control": cache}, media_type=KINDS[name])
