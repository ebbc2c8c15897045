"""Translators that work without a network, once their models are there: Argos Translate and CTranslate2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, final

from ....errors import InputError, UnsupportedError

__all__ = ["ArgosTranslator", "CTranslate2Translator"]

_ENCODER, _DECODER = "source.spm", "target.spm"
_BOTH = "ctranslate2 sentencepiece"


@final
@dataclass(frozen=True, slots=True)
class ArgosTranslator:
    """Translate with Argos Translate (``pip install argostranslate``) and its installed language packages.

    Packages are ``.argosmodel`` files; ``argospm install translate-en_de`` fetches one, or give a file that you have
    to ``argostranslate.package.install_from_path``. They are slow, a few texts a second and core, so fill a cache.

    Parameters
    ----------
    model : the name of the packages in a cache; change it when you change a package.

    Raises
    ------
    ModuleNotFoundError
        When called, if argostranslate is not installed.
    UnsupportedError
        When called, if no package translates from the one language to the other.
    """

    model: str = "argostranslate"

    def __call__(self, texts: list[str], src: str, tgt: str) -> list[str]:
        """Return the texts in another language."""
        library = _library("argostranslate.translate", "argostranslate")
        installed = {language.code: language for language in library.get_installed_languages()}
        one, other = installed.get(src), installed.get(tgt)
        translation = one.get_translation(other) if one is not None and other is not None else None
        if translation is None:
            raise UnsupportedError(
                f"argostranslate has no package from {src!r} to {tgt!r} (languages it has: {sorted(installed)}); "
                f"install one with: argospm install translate-{src}_{tgt}"
            )
        return [translation.translate(text) for text in texts]


@final
@dataclass(frozen=True, slots=True)
class CTranslate2Translator:
    """Translate with CTranslate2 (``pip install ctranslate2 sentencepiece``) and converted models in folders of yours.

    A folder is what ``ct2-opus-mt-converter`` or another converter of CTranslate2 wrote. The pieces that a model reads
    come from the SentencePiece files ``source.spm`` and ``target.spm`` in that folder, which OPUS-MT models bring
    along, or from ``encode`` and ``decode``.

    Parameters
    ----------
    folders : one for every direction, such as ``{("en", "de"): "opus-mt-en-de", ("de", "en"): "opus-mt-de-en"}``.
    encode, decode : functions from a text to its pieces and back, for models with another tokeniser; both or none.
    beam_size : hypotheses kept, >= 1; 1 is fastest.
    device : "cpu" or "cuda".
    model : the name of the models in a cache; "" takes the names of the folders.

    Raises
    ------
    InputError
        If a folder is missing or holds no model, or only one of ``encode`` and ``decode`` is given.
    ModuleNotFoundError
        When called, if ctranslate2 or sentencepiece is not installed.
    UnsupportedError
        When called with a direction that has no folder.
    """

    folders: Mapping[tuple[str, str], str | Path]
    encode: Callable[[str], Sequence[str]] | None = None
    decode: Callable[[Sequence[str]], str] | None = None
    beam_size: int = 2
    device: str = "cpu"
    model: str = ""
    _loaded: dict[tuple[str, str], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look into the folders."""
        if (self.encode is None) != (self.decode is None):
            raise InputError("CTranslate2Translator takes encode and decode together, or neither of them.")
        needed = ("model.bin",) if self.encode else ("model.bin", _ENCODER, _DECODER)
        for way, folder in self.folders.items():
            missing = [name for name in needed if not (Path(folder) / name).is_file()]
            if missing:
                raise InputError(
                    f"CTranslate2Translator: the folder {str(folder)!r} for {way[0]} to {way[1]} has no {missing[0]}; "
                    "convert a model with ct2-opus-mt-converter, and copy its *.spm files there."
                )
        if not self.model:
            names = sorted(
                f"{one}-{other}={Path(folder).name}" for (one, other), folder in self.folders.items()
            )
            object.__setattr__(self, "model", "ctranslate2 " + " ".join(names))

    def __call__(self, texts: list[str], src: str, tgt: str) -> list[str]:
        """Return the texts in another language."""
        translator, encode, decode = self._engine((src, tgt))
        pieces = [list(encode(text)) for text in texts]
        results = translator.translate_batch(pieces, beam_size=self.beam_size)
        return [decode(result.hypotheses[0]) for result in results]

    def _engine(self, way: tuple[str, str]) -> tuple[Any, Callable[..., Any], Callable[..., str]]:
        """Return the translator of a direction and its tokeniser, loaded once."""
        if way not in self.folders:
            known = ", ".join(f"{one} to {other}" for one, other in self.folders)
            raise UnsupportedError(
                f"CTranslate2Translator has no folder from {way[0]!r} to {way[1]!r}; it has {known}."
            )
        if way not in self._loaded:
            folder = Path(self.folders[way])
            translator = _library("ctranslate2", _BOTH).Translator(str(folder), device=self.device)
            self._loaded[way] = (translator, *(self._own() or _sentencepiece(folder)))
        return self._loaded[way]

    def _own(self) -> tuple[Callable[..., Any], Callable[..., str]] | None:
        return None if self.encode is None or self.decode is None else (self.encode, self.decode)


def _sentencepiece(folder: Path) -> tuple[Callable[..., Any], Callable[..., str]]:
    """Return how a model's folder cuts texts into pieces and puts them together."""
    library = _library("sentencepiece", _BOTH)
    source = library.SentencePieceProcessor(model_file=str(folder / _ENCODER))
    target = library.SentencePieceProcessor(model_file=str(folder / _DECODER))

    def encode(text: str) -> list[str]:
        return source.encode(text, out_type=str)

    def decode(pieces: Sequence[str]) -> str:
        return target.decode(list(pieces))

    return encode, decode


def _library(name: str, packages: str) -> Any:
    """Return a library that regularfit does not depend on, or say how to get it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != name.partition(".")[0]:
            raise  # it is there; something that it needs is not
        raise ModuleNotFoundError(
            f"this translator needs {name}; install it with: pip install {packages}", name=name
        ) from missing
