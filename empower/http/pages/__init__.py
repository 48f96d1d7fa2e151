"""The pages: what waits, on the phone of somebody who can say yes; comps, budgets and books, to read.

Made on the server, and whole without a script; `app.js` keeps them up to date and saves the reloading. They show
locations where the reader answers for others, and nothing of any other.
"""
