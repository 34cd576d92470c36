"""One module for each family of rows."""
