"""Dropout and its family: noise on the inputs of a net's weight layers, on its weights, or on whole branches."""
