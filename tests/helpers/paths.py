"""Places of the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_data"
CLIP = SAMPLES / "junction/junction_202603140800.mp4"
"""A clip of twenty seconds."""
