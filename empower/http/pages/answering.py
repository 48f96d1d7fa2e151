"""Yes, less, and no, from a page. The same form sent again changes nothing, and says how it stands."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from empower.core.errors import ConflictError, EmpowerError
from empower.engine.views import CompView
from empower.http.comps import bounded
from empower.http.pages import render
from empower.http.pages.forms import FormBody
from empower.http.pages.route import PageRoute, failure
from empower.http.pages.visit import PageDoor, Visit
from empower.policy.money import read

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.post("/queue/{comp_id}/approve")
def approve(request: Request, door: PageDoor, form: FormBody, comp_id: str) -> Response:
    """Grant what the form says, on the visitor's own limits."""
    visit = door.enter_with(form)
    before = visit.engine.comp(bounded(comp_id), within=visit.within)
    try:
        amount = read(form.text("amount"), before.amount.currency)
        done = visit.engine.approve(
            before.id, visit.proof, amount, note=form.text("note") or None, by=visit.by, within=visit.within
        )
    except EmpowerError as error:
        return _refused(request, visit, before, error)
    return _answered(request, visit, done)


@router.post("/queue/{comp_id}/decline")
def decline(request: Request, door: PageDoor, form: FormBody, comp_id: str) -> Response:
    """Say no, and why."""
    visit = door.enter_with(form)
    before = visit.engine.comp(bounded(comp_id), within=visit.within)
    try:
        done = visit.engine.decline(before.id, visit.proof, note=form.text("note"), by=visit.by, within=visit.within)
    except EmpowerError as error:
        return _refused(request, visit, before, error)
    return _answered(request, visit, done)


def _answered(request: Request, visit: Visit, done: CompView) -> Response:
    if render.wants_fragment(request):
        return render.answer(render.fragment("_answered.html", visit=visit, comp=done))
    return RedirectResponse(f"/queue?answered={done.id}", 303, render.HEADERS)


def _refused(request: Request, visit: Visit, comp: CompView, error: EmpowerError) -> Response:
    """Why not; where somebody was faster, who and when, in the words of the location's clocks."""
    request.state.error = error
    settled = error.more.get("settled") if isinstance(error, ConflictError) else None
    return failure(request, error, comp=comp, settled=settled, place=visit.place(comp.location))
