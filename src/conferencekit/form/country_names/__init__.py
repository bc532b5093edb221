"""The names of countries, one module per language, written by `scripts/make_countries.py`."""
