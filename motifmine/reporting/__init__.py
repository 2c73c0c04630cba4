"""Presentation of fits: tables, sentences, figures, exports and the HTML report."""
