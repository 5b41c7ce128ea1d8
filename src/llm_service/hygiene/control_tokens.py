"""Control tokens: strings that a tokenizer may turn into the structure of the conversation.

Servers of the llama.cpp family tokenize a user's message with special tokens recognised, so a viewer who types
``<|im_end|>`` ends the turn (ggml-org/llama.cpp#24382, ollama#17262). They are made plain words here: the brackets
become parentheses, ``<|im_end|>`` reads ``(im_end)``. Putting words in their place, not nothing, means that the pieces
around a token can never close up to form another.

A token is searched in three views of a line, each of which remembers where its characters come from, so that
everything outside a token stays as it was typed:

* as typed;
* folded: compatibility forms (full width, mathematical letters, ligatures), look-alike brackets and HTML entities
  replaced by the plain characters they stand for, marks and invisible characters dropped;
* folded and without white space, where only names long enough not to occur by chance count.

Names are taken from the chat templates and tokenizer files of the families; unknown ones are caught by their shape
(``<|…|>``, ``<|…>``, ``<…|>``, ``[|…|]``).
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_ROLES = r"system|user|assistant|developer|tool|function|model|human|observation|ipython"

# Whoever writes one of these, with or without spaces in it, means the token.
_UNMISTAKABLE = (
    r"im_(?:start|end|sep|middle|system|user|assistant)"  # ChatML, Qwen, Kimi, Phi
    r"|end_?of_?text|start_?of_?text|begin_of_text|endofprompt|eot_id|eom_id"  # GPT-2, Llama 3, Granite, Falcon
    r"|(?:start|end)_header_id|header_(?:start|end)|python_tag|finetune_right_pad_id|reserved_special_token_\d{1,4}"
    r"|(?:start|end|begin)_of_(?:turn|role|image|audio|video|sentence|document|utterance|plugin|thought)"  # Gemma, IBM
    r"|(?:start_of|end_of)_turn_token|(?:system|user|chatbot)_token|bos_token|eos_token|eop_token|mask_token"  # Cohere
    r"|(?:begin|end)▁of▁sentence|tool▁(?:calls?|outputs?|sep)(?:▁(?:begin|end))?|fim▁(?:begin|hole|end)"  # DeepSeek
    r"|fim_(?:prefix|middle|suffix|pad)|file_sep|repo_?name|gh_stars|issue_(?:start|comment|closed)"  # code models
    r"|jupyter_(?:start|text|code|output|script)|commit_(?:before|msg|after)|empty_output"
    r"|vision_(?:start|end|pad)|(?:image|video|audio)_pad|object_ref_(?:start|end)|box_(?:start|end)|quad_(?:start|end)"
    r"|image_soft_token|audio_soft_token|img_context|fake_token_around_image"
    r"|/?(?:tool|function)_?(?:call|response|result|output|list)s?(?:_(?:begin|end|section_begin|section_end))?"
    r"|/?arg_(?:key|value)|extra_id_\d{1,4}|unused_?\d{1,5}|reserved_\d{1,5}|special_\d{1,5}|tokens_unused_\d{1,5}"
    r"|__media__|/?minimax:tool_call|/?seed:\w{2,32}"
)
# These are also plain words or HTML: only their exact spelling counts.
_ANGLED = (
    r"/?s|bos|eos|pad|unk|cls|sep|mask|eop|sop|eod|eoh|eoa|eot|eom|/?think|/?thinking|/?thought|/?scratch_?pad"
    r"|/?images?|/?video|/?audio|/?tools|suf|mid|/?(?:system|assistant|developer)|0x[0-9a-f]{2}|mask:\d{1,3}"
)
_SQUARE_UNMISTAKABLE = (
    r"/?inst|/?system_prompt|/?available_tools|/?tool_(?:calls?|results?|content)|/?model_settings"
    r"|gmask|smask|img_(?:break|end)|begin_audio|call_id"
)
_SQUARE = (
    r"/?(?:think|img|args|prefix|suffix|middle|audio|transcribe|reasoning|sys|reference_doc_\d{1,3})"
    r"|mask|cls|sep|pad|unk|bos|eos|eot|img-\d{1,4}"
)

_ANGLED_NAME = re.compile(rf"\|.*[^|].*|.*[^|].*\||{_UNMISTAKABLE}|{_ANGLED}", re.IGNORECASE)
_SQUARE_NAME = re.compile(rf"\|.*[^|].*\||{_SQUARE_UNMISTAKABLE}|{_SQUARE}", re.IGNORECASE)
_ANGLED_UNMISTAKABLE_NAME = re.compile(
    rf"\|?(?:{_UNMISTAKABLE})\|?|\|(?:{_ROLES}|start|end|message)\|?|\|(?:channel|turn)|(?:channel|turn)\|",
    re.IGNORECASE,
)
_SQUARE_UNMISTAKABLE_NAME = re.compile(_SQUARE_UNMISTAKABLE, re.IGNORECASE)

_LONGEST = 66
"""Characters between the brackets of a token, bars included."""
_SHAPE = re.compile(
    rf"<(?P<angled>[^\s<>()\[\]]{{1,{_LONGEST}}})>|\[(?P<square>[^\s<>()\[\]]{{1,{_LONGEST}}})\]", re.IGNORECASE
)
_SHAPELESS = re.compile(r"<</?sys>>|\]~!?b[\[\]]|\[e~\[", re.IGNORECASE)
"""Llama 2 and MiniMax."""
_OPENER = re.compile(r"[<\[\]&＜﹤＆﹠［﹇］﹈‹〈⟨❮ᐸ˂𝈶]")
_CLOSER = re.compile(r"[>\[\]&＞﹥＆﹠［﹇］﹈›〉⟩❯ᐳ˃𝈷]")
"""A token has one of each; without them there is nothing to find."""
_ENTITY = re.compile(r"&(?:#[0-9]{1,9};?|#x[0-9a-f]{1,8};?|[a-z][a-z0-9]{1,31};?)", re.IGNORECASE)
_DECODINGS = 6
"""How often what was decoded is decoded again: entities may be spelled with entities."""
_DELIMITERS = str.maketrans("", "", "<>[]|")
_LOOK_ALIKES = {
    **dict.fromkeys("‹〈⟨〈❮ᐸ˂𝈶", "<"),
    **dict.fromkeys("›〉⟩〉❯ᐳ˃𝈷", ">"),
    **dict.fromkeys("∣❘ǀ│┃⏐︱¦", "|"),
}

Span = tuple[int, int]
Token = tuple[int, int, str]
"""Start and end in a text, and the words that remain."""


def defuse(line: str) -> str:
    """``line`` with the control tokens of every model family made plain words; unchanged where there is none.

    Filters until nothing changes. Idempotent, linear, and never raises.
    """
    if line.isascii() and not ("<" in line or "[" in line or "]" in line or "&" in line):
        return line
    while _OPENER.search(line) and _CLOSER.search(line):
        defused = _defused_once(line)
        if defused == line:
            break
        line = defused
    return line


def _defused_once(line: str) -> str:
    """``line`` with the tokens of the first view that shows any made plain words."""
    if tokens := _tokens(line, _ANGLED_NAME, _SQUARE_NAME):
        return _replaced(line, tokens)
    folded = line if line.isascii() and "&" not in line else _folded(line)
    if folded != line and (tokens := _tokens(folded, _ANGLED_NAME, _SQUARE_NAME)):
        return _replaced(line, _traced(tokens, _folded_origins(line)))
    squeezed = "".join(folded.split())
    if squeezed != folded and (tokens := _tokens(squeezed, _ANGLED_UNMISTAKABLE_NAME, _SQUARE_UNMISTAKABLE_NAME)):
        origins = _folded_origins(line)
        return _replaced(
            line, _traced(tokens, [origins[at] for at, letter in enumerate(folded) if not letter.isspace()])
        )
    return line


def _tokens(view: str, angled: re.Pattern[str], square: re.Pattern[str]) -> list[Token]:
    """Where in ``view`` there is something of a token's shape that has one of the names asked for."""
    shapeless = list(_SHAPELESS.finditer(view))
    found = shapeless or [
        shape
        for shape in _SHAPE.finditer(view)
        if (shape["angled"] and angled.fullmatch(shape["angled"]))
        or (shape["square"] and square.fullmatch(shape["square"]))
    ]
    return [(*token.span(), token[0].translate(_DELIMITERS)) for token in found]


def _traced(tokens: list[Token], origins: list[Span]) -> list[Token]:
    """The tokens of a view, as spans of the line that it was made from."""
    return [(origins[start][0], origins[end - 1][1], words) for start, end, words in tokens]


def _replaced(line: str, tokens: list[Token]) -> str:
    """``line`` with each token replaced by its words in parentheses; an entity that two tokens share goes once."""
    parts: list[str] = []
    done = 0
    for start, end, words in tokens:
        parts += line[done : max(start, done)], f"({words})"
        done = end
    return "".join([*parts, line[done:]])


def _folded(line: str) -> str:
    """``line`` in plain characters: forms and look-alikes unified, marks dropped, entities decoded."""
    text = "".join(map(_fold, line))
    for _ in range(_DECODINGS):
        decoded = _ENTITY.sub(lambda entity: _decoded(entity[0]), text)
        if decoded == text:
            break
        text = decoded
    return text


def _folded_origins(line: str) -> list[Span]:
    """For every character of ``_folded(line)``, the span of ``line`` that it stands for."""
    text = "".join(map(_fold, line))
    origins = [(at, at + 1) for at, character in enumerate(line) for _ in _fold(character)]
    for _ in range(_DECODINGS):
        decoded, origins = _decoded_origins(text, origins)
        if decoded == text:
            break
        text = decoded
    return origins


def _decoded_origins(text: str, origins: list[Span]) -> tuple[str, list[Span]]:
    """``text`` with its entities decoded once, and the origins of what results."""
    parts: list[str] = []
    spans: list[Span] = []
    done = 0
    for entity in _ENTITY.finditer(text):
        start, end = entity.span()
        plain = _decoded(entity[0])
        parts += text[done:start], plain
        spans += origins[done:start]
        spans += [(origins[start][0], origins[end - 1][1])] * len(plain)
        done = end
    return "".join([*parts, text[done:]]), spans + origins[done:]


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    """The plain characters that ``character`` stands for; itself where they are not ASCII, nothing for a mark."""
    if character.isascii():
        return character
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    parts = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in parts if unicodedata.category(part) not in {"Mn", "Me", "Cf"})
    return plain if plain.isascii() else character


def _decoded(entity: str) -> str:
    """What an HTML entity stands for, folded."""
    return "".join(map(_fold, html.unescape(entity)))
