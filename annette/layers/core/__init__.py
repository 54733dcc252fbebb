"""Input, Dense, Embedding, Lambda and what every model begins with."""
