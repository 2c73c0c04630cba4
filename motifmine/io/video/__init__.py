"""Reading videos as frames with time stamps, and writing clips."""
