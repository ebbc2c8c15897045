"""regularfit: choose how, and how strongly, to regularise."""
