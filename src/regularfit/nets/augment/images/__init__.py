"""Augmentation of images: batched, on the device, the numbers of a row keyed on that row."""
