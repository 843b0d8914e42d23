"""Contact: from the air to a surface, pressing it, wiping it; what the runs leave, and print."""
