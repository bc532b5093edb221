"""The story that `conferencekit demo` tells."""
