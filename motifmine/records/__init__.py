"""Records that every layer shares: tables, motifs, fits and what is known of them."""
