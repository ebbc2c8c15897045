"""Augmentation: training rows changed in ways that keep their meaning; validation rows cannot be reached."""
