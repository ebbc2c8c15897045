"""Terms added to the loss: smoothed labels, consistency between passes, gradients with respect to the inputs."""
