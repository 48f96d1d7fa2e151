"""`/docs`: the OpenAPI document as a page that needs no network, no script and nothing from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from empower.http.docs_page import page

router = APIRouter(include_in_schema=False)
STYLE = files("empower.http").joinpath("docs.css")


@router.get("/docs")
def docs(request: Request) -> Response:
    """The page, with examples for the address that it was asked at."""
    return HTMLResponse(page(request.app.openapi(), str(request.base_url).rstrip("/")))


@router.get("/docs/style.css")
def style() -> Response:
    """How the page looks."""
    return Response(STYLE.read_bytes(), media_type="text/css")
