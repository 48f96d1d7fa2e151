"""Tills' own formats, in and out: one module a till, Square first.

A module here turns a till's own JSON into the body of a request (as `POST /v1/comps` takes it), and a comp into what
the till puts on its bill. It knows nothing of policies, books or time, and it decides nothing.
"""
