"""Who may speak to the broker: the devices' logins and rights, from the database into what a broker reads.

`python -m tracker.broker_access` keeps one NATS server, Mosquitto or RabbitMQ in step; beside each server of a NATS
cluster runs one. `kinds` has what they have in common, and one module each what they have not.
"""
