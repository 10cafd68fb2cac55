"""How Jejak is put on machines: `local` runs a whole city on one, for trials and tests."""
