"""Augmentation: of images, tables and texts."""
