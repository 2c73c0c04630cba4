"""Video into words: optical flow over a grid."""
