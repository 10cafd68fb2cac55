"""The measurements behind the figures of the README; each runs by `python -m bench.<name>`. See bench/README.md."""
