"""The speed of the library beside what else there is. Run it with `make bench`; see README.md."""
