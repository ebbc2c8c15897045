"""What happened in a run: a record for every evaluation, and in it what every regulariser did and cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["History", "Record", "Work"]


@dataclass(frozen=True, slots=True)
class Work:
    """What one regulariser has done when an evaluation looks.

    Parameters
    ----------
    name : its class, numbered from the second of a class on.
    strength : its effective strength now, after schedules; None where it has none.
    seconds : time spent in its hooks since the run began. A second pass that it asks for counts, and so do hooks
        that it puts on modules (dropout's masks); the backward pass of what it adds counts as training. On a GPU it is
        the time of the host.
    share : ``seconds`` as a part of the time of the whole run.
    zeros : weights that are exactly zero because of it, or None.
    acted : whether it has changed anything so far; None where that cannot be told.
    note : a remark of its own.
    """

    name: str
    strength: float | None = None
    seconds: float = 0.0
    share: float = 0.0
    zeros: int | None = None
    acted: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One evaluation.

    Parameters
    ----------
    step, epoch : how much training was done.
    lr : the learning rate of the last step.
    seconds : since the run began, evaluations included.
    train_loss : mean loss of the batches since the last evaluation, as they were trained on (augmented, mixed, with
        dropout), without terms that regularisers added.
    scores : of the validation rows, "loss" first; empty without them.
    regularisers : what each has done, in the order of the list.
    """

    step: int
    epoch: float
    lr: float
    seconds: float
    train_loss: float
    scores: Mapping[str, float] = field(default_factory=dict)
    regularisers: Sequence[Work] = ()

    @property
    def summary(self) -> str:
        """The first two scores in a few words."""
        scores = dict(self.scores) or {"loss": self.train_loss}
        return ", ".join(f"{name} {value:.4g}" for name, value in list(scores.items())[:2])


class History(Sequence[Record]):
    """The records of a run, oldest first.

    Examples
    --------
    >>> history = History([Record(10, 1.0, 0.1, 0.5, 0.7, {"loss": 0.6}, (Work("L1", 0.1, zeros=3),))])
    >>> history[-1].scores["loss"], history.of("L1")[-1].zeros
    (0.6, 3)
    >>> list(history.to_frame().columns)[4:]
    ['train_loss', 'loss', 'L1 strength', 'L1 seconds', 'L1 share', 'L1 zeros']
    """

    def __init__(self, records: Sequence[Record] = ()) -> None:
        """Take the records so far."""
        self._records = list(records)

    def append(self, record: Record) -> None:
        """Add the next record."""
        self._records.append(record)

    def of(self, name: str) -> list[Work]:
        """Return what one regulariser did, a value for every record."""
        return [work for record in self for work in record.regularisers if work.name == name]

    def to_frame(self) -> pd.DataFrame:
        """Return a table, one row an evaluation: scores by their names, then what each regulariser did."""
        import pandas as pd

        return pd.DataFrame([_row(record) for record in self])

    def state_dict(self) -> list[dict[str, Any]]:
        """Return all records as dicts."""
        return [asdict(record) for record in self]

    @classmethod
    def of_state(cls, state: Sequence[Mapping[str, Any]]) -> History:
        """Return the history that a state holds."""
        return cls(
            [Record(**{**r, "regularisers": tuple(Work(**w) for w in r["regularisers"])}) for r in state]
        )

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        """Return a record, or some."""
        return self._records[index]

    def __len__(self) -> int:
        """How many evaluations there were."""
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        """Go through the records, oldest first."""
        return iter(self._records)

    def __repr__(self) -> str:
        """Say how long it is and what the last record holds."""
        last = f", the last {self._records[-1]}" if self._records else ""
        return f"History of {len(self)} evaluations{last}"


def _row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(record, name) for name in ("step", "epoch", "lr", "seconds", "train_loss")
    }
    row |= dict(record.scores)
    for work in record.regularisers:
        given = {"strength": work.strength, "seconds": work.seconds, "share": work.share, "zeros": work.zeros}
        row |= {f"{work.name} {key}": value for key, value in given.items() if value is not None}
    return row
