"""What an auditor holds in hand: signed heads, receipts, published tiles, a witness's memory. It needs no store.

`ledger` makes these from the books; here they are read, checked and kept.
"""
