"""What is needed to do a run again and get the same bits: versions, machine, arguments, data."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from regularfit import __version__

_PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "skrub")


def versions(engines: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the versions of everything that computes, the engines of trees among it where they took part."""
    found = {"regularfit": __version__, "python": platform.python_version()}
    for name in (*_PACKAGES, *engines):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Return the system, the processor and the linear algebra in use; no name of host or user."""
    import os

    from threadpoolctl import threadpool_info

    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "libraries": sorted(
            {
                f"{info['internal_api']} {info.get('version')} ({info.get('architecture')})"
                for info in threadpool_info()
            }
        ),
    }
