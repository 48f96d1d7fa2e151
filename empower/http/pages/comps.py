"""Comps to read: a list, one with its whole life, and the proof that an entry of it is in the book."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response

from empower.core.errors import NotFoundError
from empower.engine.views import CompView, FindingView, TitlesView
from empower.http.comps import bounded
from empower.http.pages import render, words
from empower.http.pages.cards import card
from empower.http.pages.route import PageRoute
from empower.http.pages.visit import PageDoor, Visit

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ON_A_PAGE = 30
QUIET = ("within_limit", "requirement_met", "granted_less", "check_total_changed")
"""Findings that let a request pass."""


class Row(NamedTuple):
    """A comp in the list."""

    comp: CompView
    who: str
    remedy: str
    title: str
    zone: str


@router.get("/comps")
def list_comps(
    door: PageDoor,
    location: Annotated[str | None, Query(max_length=63)] = None,
    status: Annotated[str | None, Query(max_length=16)] = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """The comps of the visitor's locations, newest first."""
    visit = door.enter()
    if location is not None:
        visit.place(location)
    places = visit.places()
    found = visit.engine.comps(
        status=status or None, location=location, cursor=cursor, limit=ON_A_PAGE, within=visit.within
    )
    names, titles = visit.names(), visit.titles()
    rows = [
        Row(
            comp,
            names.get(comp.request["employee"], comp.request["employee"]),
            titles[comp.location].remedies.get(comp.request["remedy"], comp.request["remedy"]),
            places[comp.location].title,
            places[comp.location].timezone,
        )
        for comp in found.items
    ]
    return render.page(
        "comps.html", visit, here="comps", rows=rows, next=found.next, places=places, location=location, status=status
    )


@router.get("/comps/{comp_id}", name="show_comp")
def show_comp(door: PageDoor, comp_id: str) -> Response:
    """A comp with its whole life; while it waits, with what it takes to answer it."""
    visit = door.enter()
    comp = visit.engine.comp(bounded(comp_id), within=visit.within)
    waiting = visit.engine.pending(comp.id, approver=visit.employee, within=visit.within)
    place, titles, names = visit.place(comp.location), visit.engine.titles(comp.location), visit.names()
    return render.page(
        "comp.html",
        visit,
        here="comps",
        comp=comp,
        place=place,
        names=names,
        titles=titles,
        card=None if waiting is None else card(waiting, place, titles, names, visit.employee),
        steps=visit.engine.life(comp.id, within=visit.within),
        findings=_findings(comp, titles),
        proved=_proved(visit, comp),
    )


def _findings(comp: CompView, titles: TitlesView) -> list[tuple[str, FindingView, bool]]:
    """Each rule's say, with whether it let the request pass."""
    return [(words.rule(item.rule, titles), item, item.code in QUIET) for item in comp.decision.findings]


def _proved(visit: Visit, comp: CompView) -> int:
    """How many entries of the book its last signed head covers: 0 where there is none."""
    try:
        return visit.proofs.checkpoint(comp.location).size
    except NotFoundError:
        return 0


@router.get("/comps/{comp_id}/receipt/{seq}")
def receipt(door: PageDoor, comp_id: str, seq: int) -> Response:
    """The receipt of one entry of a comp (c2sp.org/tlog-proof): `empower ledger check` reads it without a store."""
    visit = door.enter()
    comp = visit.engine.comp(bounded(comp_id), within=visit.within)
    if seq not in {line.seq for line in comp.entries}:
        raise NotFoundError(f"entry {seq} is not one of this comp", code="unknown_entry")
    text = visit.proofs.entry(comp.location, seq).receipt
    named = f'attachment; filename="{comp.location}-{seq}.receipt"'
    return Response(text, headers=render.HEADERS | {"Content-Disposition": named}, media_type="text/plain")
