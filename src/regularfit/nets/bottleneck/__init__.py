"""The variational information bottleneck: a layer that may say only so much about its input."""
