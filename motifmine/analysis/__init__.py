"""What is read off a fit: occurrences, matches, scores."""
