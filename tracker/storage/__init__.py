"""Tables and queries: the only place that knows SQL. Everything here takes an open connection or session."""
