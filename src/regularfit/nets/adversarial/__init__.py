"""Adversarial examples and training: inputs moved a little, within their domain, in the worst direction."""
