"""Probabilistic latent sequential motifs, fitted by EM."""
