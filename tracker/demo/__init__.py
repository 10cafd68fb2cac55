"""A simulated city that talks to the broker exactly as real devices do, and the replay of recorded tracks.

The data            places, cast: where things are, who and what there is, who works when.
The world, pure     ground, journey, vehicle_days, person_days, world: where somebody is at any moment of any day.
What devices say    sensors, owntracks: noise, batteries and silences; the payloads of a phone.
The register        seed, history, accounts: the city written into the database, once.
Publishing          mqtt, city, memory: one connection per device, in one thread; what was acknowledged is kept.
Replay              trackfile, replay: a recorded GPX or CSV track, published as one device.

`python -m tracker.demo` runs the city, `python -m tracker.demo replay FILE --login L` a replay.
"""
