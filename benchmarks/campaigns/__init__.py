"""Attacks on the store while it works: each is a command, `python -m benchmarks.campaigns.NAME`.

They are started in the project's folder, whose tests' model they go by. `overspend`, `kill` and `lost_answers` record
every call and every answer, and hold them against the books by `check`.
"""
