"""Hidden Markov and semi-Markov models: states that exclude one another."""
