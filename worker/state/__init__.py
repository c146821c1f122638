"""Everything that is kept in Redis, one module per thing. Losing it costs time, never an order."""
