"""The database: tables, migrations, transactions, books and counters. Nobody else knows that there is one.

What crosses this floor is a core value; SQLModel classes stay inside.
"""

from empower.store.database import Store, Write
from empower.store.foresight import Ask
from empower.store.locking import Needs
from empower.store.rows import Book, StaffRole
from empower.store.unit import Unit

__all__ = ["Ask", "Book", "Needs", "StaffRole", "Store", "Unit", "Write"]
