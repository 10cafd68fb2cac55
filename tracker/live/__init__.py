"""Newest positions -> the public snapshot: files that all share, so that citizens never touch the database."""
