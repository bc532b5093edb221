"""The embedded defaults: stores, mailers and blob stores that need nothing but the standard library."""
