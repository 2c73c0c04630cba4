"""Fits of tables that exceed memory."""
