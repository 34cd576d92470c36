"""One module per evidence family; nothing else lives here."""
