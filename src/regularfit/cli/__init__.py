"""The command line: data in; chosen model, honest score and report out."""

from regularfit.cli.main import main

__all__ = ["main"]
