"""The claims of the lectures, one file each: what is said, why, how it is measured, the rule, the picture."""
