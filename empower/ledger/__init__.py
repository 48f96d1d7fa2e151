"""The books held against themselves: every entry walked, every projection rebuilt, every decision decided again."""

from empower.ledger.mending import Rebuild, rebuild
from empower.ledger.verify import BookReport, Head, LedgerFinding, Report, verify

__all__ = ["BookReport", "Head", "LedgerFinding", "Rebuild", "Report", "rebuild", "verify"]
