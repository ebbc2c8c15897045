"""Files of runs: whole or not at all, never over another, and nothing foreign is taken."""

import json
import pickle
import zipfile

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import InputError, ModelFileError  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from regularfit.nets.trainer.checkpoint import Checkpoints, decode, encode, load_state, save_state  # noqa: E402
from tests.nets.trainer.problems import classes, net  # noqa: E402
from tests.nets.trainer.test_state import same  # noqa: E402

STATE = {
    0: {"step": torch.tensor(3.0), "w": torch.randn(2, 3).t()},
    "text": "ä",
    "none": None,
    "numbers": [1, 2.5, float("inf"), -0.1, True, 2**40],
    "pair": (0.9, 0.999),
    "kinds": [torch.tensor([1, 2]), torch.randn(2).bfloat16(), torch.zeros(0), torch.tensor(True)],
}


def test_values_keep_their_type_and_bits(tmp_path):
    save_state(STATE, tmp_path / "a.ckpt")
    back = load_state(tmp_path / "a.ckpt")
    assert same(STATE, back)
    assert type(back["pair"]) is tuple
    assert [t.dtype for t in back["kinds"]] == [t.dtype for t in STATE["kinds"]]
    held = {}
    assert same(decode(json.loads(json.dumps(encode(STATE, held))), held), STATE)


def test_nan_comes_back():
    assert decode(encode(float("nan"), {}), {}) != decode(encode(float("nan"), {}), {})


def test_other_things_are_refused():
    with pytest.raises(InputError, match="hold tensors, numbers"):
        encode({"model": object()}, {})


def test_an_existing_file_is_not_overwritten_unasked(tmp_path):
    X, y = classes()
    file = tmp_path / "a.ckpt"
    file.write_text("precious")
    trainer = Trainer(net(), steps=2)
    with pytest.raises(ModelFileError, match="exists already"):
        trainer.fit(X, y, checkpoint=file)
    trainer.fit(X, y)
    with pytest.raises(ModelFileError, match="exists already"):
        trainer.save(file)
    assert file.read_text() == "precious"
    trainer.save(file, overwrite=True)
    assert torch.equal(Trainer(net(seed=1)).load(file).predict(X), trainer.predict(X))
    Trainer(net(), steps=2).fit(X, y, checkpoint=file, overwrite=True)


def test_foreign_and_damaged_files_are_refused(tmp_path):
    X, y = classes()
    good, bad = tmp_path / "good", tmp_path / "bad"
    Trainer(net(), steps=2).fit(X, y, checkpoint=good)
    torch.save({"a": torch.zeros(2)}, bad)
    with pytest.raises(ModelFileError, match="not a regularfit"):
        load_state(bad)
    bad.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelFileError, match="not a zip"):
        load_state(bad)
    content = good.read_bytes()
    for cut in (10, len(content) // 2, len(content) - 10):
        bad.write_bytes(content[:cut])
        with pytest.raises(ModelFileError, match=r"damaged|not a zip"):
            load_state(bad)
    with pytest.raises(ModelFileError, match="no file"):
        load_state(tmp_path / "none")
    with pytest.raises(ModelFileError, match="folder"):
        load_state(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda head: head.update(state_version=99), "format 99"),
        (lambda head: head.update(format="regularfit model"), "not a regularfit training run"),
        (lambda head: head.pop("state"), "do not fit together"),
        (lambda head: head.update(state={"$kind": "object"}), "do not fit together"),
    ],
)
def test_heads_that_do_not_fit_are_refused(tmp_path, change, says):
    save_state(STATE, tmp_path / "good")
    with zipfile.ZipFile(tmp_path / "good") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    head = json.loads(members["model.json"])
    change(head)
    with zipfile.ZipFile(tmp_path / "bad", "w") as archive:
        for name, content in {**members, "model.json": json.dumps(head)}.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match=says):
        load_state(tmp_path / "bad")


def test_writing_takes_a_small_part_of_the_time(tmp_path):
    files = Checkpoints.at(tmp_path / "a", overwrite=False)
    calls = []
    for _ in range(50):
        files.write(lambda: calls.append(1) or {"x": torch.zeros(100_000)})
    assert 1 <= len(calls) < 5
    files.write(lambda: calls.append(1) or {}, at_once=True)
    assert load_state(tmp_path / "a") == {}
