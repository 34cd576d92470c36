"""Tools that tests and `make manifest` run, from pinned sources, cached outside the repository."""
