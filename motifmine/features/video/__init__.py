"""Words from video: optical flow on a grid of cells."""
