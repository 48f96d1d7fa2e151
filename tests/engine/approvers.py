"""What the tests of approvals share: a house with a shift lead, two managers and an owner, all with cheap PINs."""

from empower.engine import Engine
from empower.engine.proofs import Hasher, Pin

from .house import House, policy

LADDER = """
[roles.lead]
title = "Shift lead"
remedies = ["*"]
approves = ["server"]
limits.comp = { amount = 60.00 }

[roles.owner]
title = "Owner"
remedies = ["*"]
approves = ["*"]
limits.comp = { amount = 300.00 }
"""
MANAGER_DAY = 'limits.own_day = { per = "employee", every = "day", amount = 260.00 }\n'
"""Stands behind the manager, so it is the manager's."""
PINS = {"lea": "480517", "max": "205831", "mia": "736402", "ola": "918264", "ana": "664201"}


def staffed(house: House, *, approval: str = "", more: str = "") -> Engine:
    """Ana serves, Lea leads the shift, Max and Mia manage, Ola owns; `approval` are further keys of `[approval]`."""
    text = policy(more=MANAGER_DAY + LADDER + more)
    house.write(text.replace('expires = "15 minutes"\n', f'expires = "15 minutes"\n{approval}\n'))
    engine = house.open(create=True)
    house.people(engine, "cafe-a", "cafe-b")
    engine.hasher = cheap()
    for name, role in (("lea", "lead"), ("mia", "manager"), ("ola", "owner")):
        engine.add_staff(name, name=name.title(), role=role, at=["cafe-a"], by="test")
    for name, digits in PINS.items():
        engine.set_pin(name, digits, by="test")
    return engine


def cheap() -> Hasher:
    return Hasher(time_cost=1, memory_kib=8, parallelism=1)


def pin(name: str) -> Pin:
    return Pin(name, PINS[name])
