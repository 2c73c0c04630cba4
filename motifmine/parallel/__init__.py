"""Threads, processes and clusters that work is mapped over."""
