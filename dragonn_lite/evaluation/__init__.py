"""Is it any good? Metrics, calibration, and what a network has to beat."""
