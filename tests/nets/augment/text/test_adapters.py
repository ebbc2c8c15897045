"""Translators of other libraries: their doubles everywhere, the libraries themselves where they are installed."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from regularfit.errors import UnsupportedError
from regularfit.nets.augment.text import ArgosTranslator, BackTranslation, CTranslate2Translator, Translator


def missing(name):
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")


def installed(monkeypatch, name, **contents):
    module = ModuleType(name)
    vars(module).update(contents)
    monkeypatch.setitem(sys.modules, name, module)


class Language:
    """What argostranslate's Language is, as far as it is used."""

    def __init__(self, code, *targets):
        self.code, self.targets = code, targets

    def get_translation(self, other):
        if other.code not in self.targets:
            return None
        return SimpleNamespace(translate=lambda text: f"{text} in {other.code}")


@pytest.fixture
def argos(monkeypatch):
    languages = [Language("en", "de"), Language("de")]
    installed(monkeypatch, "argostranslate")
    installed(monkeypatch, "argostranslate.translate", get_installed_languages=lambda: languages)


@pytest.mark.usefixtures("argos")
def test_argos_double():
    assert ArgosTranslator()(["a", "b"], "en", "de") == ["a in de", "b in de"]
    assert isinstance(ArgosTranslator(), Translator)
    for src, tgt in (("de", "en"), ("en", "fr"), ("fr", "en")):
        with pytest.raises(
            UnsupportedError,
            match=rf"no package from '{src}' to '{tgt}'.*\['de', 'en'\].*translate-{src}_{tgt}",
        ):
            ArgosTranslator()(["a"], src, tgt)


@missing("argostranslate")
def test_argos_itself_without_packages():
    with pytest.raises(UnsupportedError, match="argostranslate has no package from 'xx' to 'yy'"):
        ArgosTranslator()(["a"], "xx", "yy")


def test_what_is_not_installed_is_named(monkeypatch, tmp_path):
    for name in ("argostranslate", "argostranslate.translate", "ctranslate2"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        ModuleNotFoundError,
        match=r"needs argostranslate\.translate.*: pip install argostranslate",
    ):
        ArgosTranslator()(["a"], "en", "de")
    (tmp_path / "model.bin").touch()
    with pytest.raises(ModuleNotFoundError, match="pip install ctranslate2 sentencepiece"):
        CTranslate2Translator({("en", "de"): tmp_path}, str.split, " ".join)(["a"], "en", "de")


@pytest.fixture
def folders(tmp_path):
    found = {("en", "de"): tmp_path / "there", ("de", "en"): tmp_path / "back"}
    for folder in found.values():
        folder.mkdir()
        for name in ("model.bin", "source.spm", "target.spm"):
            (folder / name).touch()
    return found


class FakeTranslator:
    """What ctranslate2.Translator is, as far as it is used."""

    loaded = 0

    def __init__(self, folder, device):
        assert device == "cpu"
        FakeTranslator.loaded += 1
        self.name = folder.replace("\\", "/").rsplit("/", 1)[1]

    def translate_batch(self, pieces, beam_size):
        return [SimpleNamespace(hypotheses=[[*piece, self.name, str(beam_size)]]) for piece in pieces]


class FakePieces:
    def __init__(self, model_file):
        self.file = model_file

    def encode(self, text, out_type):
        assert self.file.endswith("source.spm")
        assert out_type is str
        return text.split()

    def decode(self, pieces):
        assert self.file.endswith("target.spm")
        return " ".join(pieces)


@pytest.fixture
def ctranslate2(monkeypatch):
    monkeypatch.setattr(FakeTranslator, "loaded", 0)
    installed(monkeypatch, "ctranslate2", Translator=FakeTranslator)
    installed(monkeypatch, "sentencepiece", SentencePieceProcessor=FakePieces)


@pytest.mark.usefixtures("ctranslate2")
def test_ctranslate2_double(folders):
    translate = CTranslate2Translator(folders, beam_size=1)
    assert translate(["a b", "c"], "en", "de") == ["a b there 1", "c there 1"]
    assert translate(["a"], "en", "de") == ["a there 1"]
    assert FakeTranslator.loaded == 1  # once a direction
    assert translate(["a"], "de", "en") == ["a back 1"]
    assert FakeTranslator.loaded == 2
    assert translate.model == "ctranslate2 de-en=back en-de=there"
    with pytest.raises(UnsupportedError, match="no folder from 'en' to 'fr'; it has en to de, de to en"):
        translate(["a"], "en", "fr")


@pytest.mark.usefixtures("ctranslate2")
def test_a_tokeniser_of_ones_own(folders):
    translate = CTranslate2Translator(folders, encode=list, decode="".join, model="letters")
    assert translate(["ab"], "en", "de") == ["abthere2"]
    assert translate.model == "letters"


def test_folders_are_looked_into(folders, tmp_path):
    (folders["de", "en"] / "target.spm").unlink()
    with pytest.raises(ValueError, match=r"back' for de to en has no target\.spm"):
        CTranslate2Translator(folders)
    CTranslate2Translator(folders, str.split, " ".join)  # which needs no pieces
    with pytest.raises(ValueError, match=r"has no model\.bin"):
        CTranslate2Translator({("en", "de"): tmp_path / "nowhere"}, str.split, " ".join)
    with pytest.raises(ValueError, match="takes encode and decode together"):
        CTranslate2Translator(folders, encode=str.split)


SENTENCES = ["the old film is good", "a good car in the old city", "the city has a good film"] * 5


def write_tiny_model(folder):
    """Write a transformer of random weights, and the pieces that it reads, with the libraries' own writers."""
    import sentencepiece
    from ctranslate2 import specs

    folder.mkdir()
    for side in ("source", "target"):
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES),
            model_prefix=str(folder / side),
            vocab_size=30,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        (folder / f"{side}.model").rename(folder / f"{side}.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    words = [pieces.id_to_piece(i) for i in range(pieces.vocab_size())]
    spec = specs.TransformerSpec.from_config(1, 2)
    rng, d = np.random.default_rng(0), 16
    shapes = {
        "embeddings": (len(words), d),
        "projection": (len(words), d),
        "linear_0": (2 * d, d),
        "linear_1": (d, 2 * d),
    }

    def fill(layer, name="", of=""):
        for key, value in list(vars(layer).items()):
            if isinstance(value, list):
                sizes = [3, 1] if key == "linear" and of == "self_attention" else [1, 2, 1]
                for part, size in zip(value, sizes, strict=False):
                    shapes["part"] = (size * d, d)
                    fill(part, "embeddings" if key == "embeddings" else "part" if key == "linear" else key)
            elif isinstance(value, specs.model_spec.LayerSpec):
                fill(value, key, key)
            elif value is None:
                shape = (d,) if key in ("gamma", "beta") else shapes[name]
                setattr(layer, key, rng.normal(size=shape).astype(np.float32))

    fill(spec.encoder)
    fill(spec.decoder)
    spec.config.add_source_eos = True
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.validate()
    spec.save(str(folder))


@missing("ctranslate2")
@missing("sentencepiece")
def test_ctranslate2_itself_on_tiny_models(tmp_path):
    import ctranslate2
    import sentencepiece

    folders = {("en", "de"): tmp_path / "there", ("de", "en"): tmp_path / "back"}
    for folder in folders.values():
        write_tiny_model(folder)
    translate = CTranslate2Translator(folders)
    texts = ["the old car", "a film"]
    out = translate(texts, "en", "de")

    engine = ctranslate2.Translator(str(folders["en", "de"]))
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folders["en", "de"] / "source.spm"))
    expected = [
        engine.translate_batch([pieces.encode(text, out_type=str)])[0].hypotheses[0] for text in texts
    ]
    assert out == [pieces.decode(hypothesis) for hypothesis in expected]

    step = BackTranslation(translate, cache=tmp_path / "cache", p=1.0, min_f1=0.0)
    assert step.prepare(texts).translated == 2
    assert step.prepare(texts).translated == 0
