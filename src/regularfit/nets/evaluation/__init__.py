"""How good a net is, and which weights count: metrics, early stopping, modes, norm statistics."""
