"""Is it any good? Metrics that ignore ambiguous labels."""
