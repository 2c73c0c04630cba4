"""Topics of words, a layer between words and motifs."""
