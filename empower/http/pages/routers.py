"""All routes of the pages."""

from fastapi import APIRouter

from empower.http.pages import answering, assets, books, budgets, comps, live, queue, signing_in

ROUTERS: tuple[APIRouter, ...] = (
    signing_in.router,
    queue.router,
    live.router,
    answering.router,
    comps.router,
    budgets.router,
    books.router,
    assets.router,
)
