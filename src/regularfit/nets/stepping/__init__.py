"""What changes a step: sharpness-aware steps, clipping, noise on gradients and weights, and the noise of batches."""
