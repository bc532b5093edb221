"""The programme: sessions, and the events that calendars know of them."""
