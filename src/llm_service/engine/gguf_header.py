"""The few facts that we want from a GGUF file before llama.cpp loads it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. A file starts with ``GGUF``, a version, the number of
tensors and the number of key-value pairs; then the pairs, each a string, a type and a value, all little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from llm_service.errors import SettingsError

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_PAIRS = 65_536
_LONGEST_STRING = 1 << 24


def trained_context(path: Path) -> int | None:
    """How many tokens of context the model was trained for; None where the file does not say.

    Raises :class:`SettingsError` where the file cannot be read or is no GGUF file.
    """
    try:
        with path.open("rb") as file:
            return _find_context(file)
    except FileNotFoundError as error:
        raise SettingsError(f"There is no model file {path.name!r}: check the path given as the model.") from error
    except OSError as error:
        raise SettingsError(
            f"The model file {path.name!r} cannot be read: check that it is a readable file."
        ) from error
    except (struct.error, ValueError, KeyError) as error:
        raise SettingsError(f"{path.name!r} is not a whole GGUF file: download it again.") from error


def _find_context(file: BinaryIO) -> int | None:
    if file.read(4) != b"GGUF":
        raise ValueError("no GGUF magic")
    _, _, pairs = _unpack(file, "IQQ")
    if pairs > _MOST_PAIRS:
        raise ValueError("impossible number of keys")
    for _ in range(pairs):
        key = _string(file)
        value = _value(file, _unpack(file, "I")[0])
        if key.endswith(b".context_length") and isinstance(value, int):
            return value
    return None


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(f"<{layout}", file.read(struct.calcsize(f"<{layout}")))


def _string(file: BinaryIO) -> bytes:
    (length,) = _unpack(file, "Q")
    if length > _LONGEST_STRING:
        raise ValueError("impossible length of a string")
    return file.read(length)


def _value(file: BinaryIO, kind: int) -> int | float | bytes | None:
    """The value of a pair; None for an array, which is only read past."""
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        return _unpack(file, _NUMBERS[kind])[0]
    inner, count = _unpack(file, "IQ")
    if inner in _NUMBERS:
        file.seek(count * struct.calcsize(f"<{_NUMBERS[inner]}"), 1)
        return None
    for _ in range(count):
        _value(file, inner)
    return None
