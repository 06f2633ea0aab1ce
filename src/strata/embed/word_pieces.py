"""Texts to the ids of their word pieces, by the tokenizer file that the model ships."""

import os
from collections.abc import Sequence
from pathlib import Path

from strata.errors import ModelError


class WordPieces:
    """A model's own tokenizer. `longest` cuts a text to so many pieces, the two that mark its ends included."""

    def __init__(self, file: Path, threads: int, *, longest: int | None = None, marked: bool = True) -> None:
        """`marked` puts [CLS] and [SEP] around each text. Raises ModelError without the tokenizers package."""
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelError(
                'this embedder needs the package tokenizers: install it with pip install "retrospeed[strata]"'
            ) from error
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if longest is not None:
            self._tokenizer.enable_truncation(longest)
        self._parallel = "false" if threads == 1 else "true"
        self._marked = marked

    def of(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text."""
        os.environ["TOKENIZERS_PARALLELISM"] = self._parallel
        return [found.ids for found in self._tokenizer.encode_batch_fast(texts, add_special_tokens=self._marked)]

    def id_of(self, piece: str) -> int | None:
        """The id of one piece, None if the model does not have it."""
        found: int | None = self._tokenizer.token_to_id(piece)
        return found
