"""A whole city on one machine: the embedded database and broker, and the processes around them.

`python -m deploy.local` prepares and runs everything under supervisor; `python -m deploy.local db` and
`... broker` are the two embedded servers, each prepared and then executed in place, so that the process that is
watched is the server itself.
"""
