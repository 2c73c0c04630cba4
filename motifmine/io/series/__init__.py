"""Sensor logs, sound and spike trains as rows with their times."""
