"""The books held against themselves: every entry walked, every projection rebuilt, every decision decided again."""

from empower.ledger.verify import BookReport, LedgerFinding, Report, verify

__all__ = ["BookReport", "LedgerFinding", "Report", "verify"]
