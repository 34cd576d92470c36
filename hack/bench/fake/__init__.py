"""A list/watch server for more objects and events than a real API server can be given here. In a process of its own."""
