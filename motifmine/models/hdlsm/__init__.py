"""Hierarchical Dirichlet latent sequential motifs, fitted by Gibbs sampling."""
