"""What acts on parameters, by role: decay, penalties by proximal steps, constraints, and the audit of who gets what."""
