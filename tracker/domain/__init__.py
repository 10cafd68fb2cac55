"""Pure rules over plain data. No I/O, no clock, no framework: see README.md beside this file."""
