"""Augmentation of tables, by original column: swapped, masked or disturbed."""
