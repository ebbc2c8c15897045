"""Augmentation: training rows varied in ways that keep their target; images, tables and texts."""
