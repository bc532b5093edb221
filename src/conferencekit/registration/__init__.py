"""Registrations: states, rules, outcomes."""
