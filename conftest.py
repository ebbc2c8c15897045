"""What pytest must not even read: the nets and their tests, where the extra `nets` is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["src/regularfit/nets/*", "tests/nets/*"]
