"""Many nets trained in lockstep: settings times folds as lanes of one batched model."""
