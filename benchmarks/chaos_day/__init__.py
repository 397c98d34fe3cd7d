"""A day on which everything fails that can: students who come back as browsers do, and what happens to the servers."""
