"""Yes, less, and no, from a page. The same form sent again changes nothing, and says how it stands."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from empower.core.errors import ConflictError, EmpowerError, FieldError, InputError
from empower.engine.views import CompView
from empower.http.comps import bounded
from empower.http.pages import render
from empower.http.pages.forms import Form, FormBody
from empower.http.pages.queue import asker
from empower.http.pages.render import money
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
        amount = _amount(before, form)
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


def _amount(comp: CompView, form: Form) -> int:
    """What the form says, in minor units; raises `InputError` where it is more than what is asked."""
    code = comp.amount.currency
    amount = read(form.text("amount"), code)
    if comp.approval is not None and amount > comp.approval.amount:
        message = f"`{money(amount, code)}` is more than the {money(comp.approval.amount, code)} that is asked for"
        raise InputError(message, errors=[FieldError("/amount", message)])
    return amount


def _answered(request: Request, visit: Visit, done: CompView) -> Response:
    if render.wants_fragment(request):
        return render.answer(render.fragment("_answered.html", visit=visit, comp=done, asked_by=asker(visit, done.id)))
    return RedirectResponse(f"/queue?answered={done.id}", 303, render.HEADERS)


def _refused(request: Request, visit: Visit, comp: CompView, error: EmpowerError) -> Response:
    """Why not; where somebody was faster, who and when, in the words of the location's clocks."""
    request.state.error = error
    settled = error.more.get("settled") if isinstance(error, ConflictError) else None
    last = visit.engine.life(comp.id, within=visit.within)[-1].person if settled else None
    by = last.name if last else ""
    return failure(request, error, comp=comp, settled=settled, by=by, place=visit.place(comp.location))
