"""Sliders over a broker under more load than it can carry."""
