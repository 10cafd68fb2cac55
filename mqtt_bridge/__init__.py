"""broker -> database, nothing else. `python -m mqtt_bridge` runs one bridge."""
