"""The city's tracking service, by room:

domain          pure rules over plain data: geometry, stays, duty, idling, privacy. No I/O, no clock.
wire            what devices say, in every format -> fixes, or named rejections. Pure.
storage         tables, queries and migrations. The only place that knows SQL.
ingest          decode, then save: the road of a message from any door into the database.
replay          what lies in quarantine, once more through the decoder.
sealing         keys that must be read again, sealed with the city's secret.
metrics         what operators see of the running city.
maintenance     days made ahead, rewritten when closed, dropped when expired: jobs over storage.
broker_access   the logins and rights of devices, as files a broker reads.
live            newest positions -> the public snapshot.
web             the pages and the HTTP interface.
demo            a simulated city that talks to the broker exactly as real devices do.

No imports here, or every process would load Flask.
"""
