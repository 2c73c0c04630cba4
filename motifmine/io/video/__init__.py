"""Videos as frames with their times."""
