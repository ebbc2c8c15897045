"""The one way in for data: tables of any library, targets, class labels and weights become checked arrays."""
