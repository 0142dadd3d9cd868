"""The checks of this notebook, to come."""
