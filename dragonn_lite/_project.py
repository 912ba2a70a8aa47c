"""Where the project lives: the one place that says so (standard library only)."""

SLUG = "dragonn-lite/dragonn_lite"
REPOSITORY = "https://github.com/" + SLUG
FIRST_LESSON = "notebooks/00_what_does_a_protein_see.ipynb"
