"""Mixing rows with one another: mixup, CutMix and manifold mixup, any batch size, a share for every row."""
