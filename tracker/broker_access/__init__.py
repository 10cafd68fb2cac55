"""Who may speak to the broker: the devices' logins and rights, from the database into what a broker reads.

`python -m tracker.broker_access` keeps the embedded NATS server in step.
"""
