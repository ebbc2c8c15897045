"""Ctrl-C that ends a run between two steps, so that nothing is half done; and at once where a step takes long."""

from __future__ import annotations

import _thread
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupt"]

PATIENCE = 0.7  # seconds that a step may still take after Ctrl-C


class Interrupt:
    """While it is open, the first Ctrl-C only sets :attr:`asked`; a second one, or 0.7 s, raises KeyboardInterrupt.

    Only the main thread receives signals; elsewhere it does nothing.
    """

    def __init__(self) -> None:
        """Nothing has been asked."""
        self.asked, self._settled = False, False
        self._before: Any = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Interrupt:
        """Take over the signal, unless somebody else has already done so."""
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._before = signal.signal(signal.SIGINT, self._asked)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signal back."""
        self.settle()
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def settle(self) -> None:
        """The steps are over: what closes a run is short, and Ctrl-C does not cut it any more."""
        self._settled = True
        if self._timer is not None:
            self._timer.cancel()

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self._settled:
            return
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._timer = threading.Timer(PATIENCE, _thread.interrupt_main)
        self._timer.daemon = True
        self._timer.start()
