"""Topic models: a layer of distributions over words between words and motifs."""
