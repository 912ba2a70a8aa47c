"""Where do labels come from? Simulations with known truth."""
