"""The call for input: contributions and their materials, and the declaration that is compiled from them."""
