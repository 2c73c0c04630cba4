"""Recurrent networks that predict the words of the next time bin, and find no motifs."""
