"""Low-level words from pictures and sensors."""
