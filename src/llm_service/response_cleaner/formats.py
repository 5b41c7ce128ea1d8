"""How models mark what is not for viewers: data, one line for each marker, with where it was seen.

To teach the cleaner a new format, add one line: a tag name to ``THOUGHT_TAGS``, or a spelling to ``LITERALS``.
Everything else (finding it in a stream, holding back half a marker, literal zones, nesting) follows from the line.

"Template" below means the chat template in the model's own repository; "vLLM", "SGLang", "Ollama", "llama.cpp" mean the
parser of that name in that project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


class Act:
    """What a marker does to the text after it.

    Plain strings: every marker that is found is compared with many of them, and a member of an Enum takes six times as
    long to reach.
    """

    THINK: Final = "think"
    """A thought begins."""
    UNTHINK: Final = "unthink"
    """It ends. Without an opener, everything before it was thought."""
    MUSE: Final = "muse"
    """A message that is a thought begins; the end of the message ends it."""
    ANSWER: Final = "answer"
    """The answer begins; whatever was open before it was thought."""
    WRAP: Final = "wrap"
    """A wrapper around the answer opens: the marker goes, the text stays."""
    UNWRAP: Final = "unwrap"
    """… and closes."""
    NOISE: Final = "noise"
    """The marker goes, the text stays."""
    BREAK: Final = "break"
    """A message ends; the assistant may begin another one."""
    STOP: Final = "stop"
    """The turn ends: what follows is somebody else's."""
    SELF: Final = "self"
    """The assistant speaks from here."""
    OTHER: Final = "other"
    """Somebody else speaks from here."""
    HEADER: Final = "header"
    """A header follows that says who speaks, and whether aloud."""
    TOOL: Final = "tool"
    """A tool call, up to its closer."""


@dataclass(frozen=True, slots=True)
class Marker:
    """One spelling and what it means."""

    act: str
    family: str
    """What it is counted under."""
    closer: str = ""
    """For a tool call and for another speaker: the spelling that ends it; empty means the end of the message."""
    weak: bool = False
    """Whether it is an ordinary word too (``<reason>``): believed only with its closer."""


# ── XML-like tags: any case, spaces and attributes in them, ``</x>``, ``<\\x>`` and ``&lt;x&gt;`` are understood ──────

THOUGHT_TAGS: dict[str, bool] = {
    # name: whether it is an ordinary word too
    "think": False,  # DeepSeek-R1, Qwen3, QwQ, GLM-4.5, MiniMax-M1, Step3, Olmo 3, Nemotron, Kimi K2 …: templates
    "seed:think": False,  # Seed-OSS: template
    "seed:cot_budget_reflect": False,  # Seed-OSS, inside the thought: model card
    "mm:think": False,  # MiniMax-M3: SGLang
    "thinking": False,  # Reflection-70B's system prompt; Claude-style prompts
    "antthinking": False,  # Claude's artefact prompt
    "antml:thinking": False,  # Claude's own markup
    "thinking_process": False,  # prompt-made styles
    "thought": False,  # EXAONE Deep, Marco-o1: model cards
    "thoughts": False,  # prompt-made styles
    "reasoning": False,  # Open WebUI's list of reasoning tags
    "reasoning_scratchpad": False,  # hermes-agent's scrubber
    "reason": True,  # Open WebUI's list; also a placeholder in "/ban <user> <reason>"
    "reflection": False,  # Reflection-70B's system prompt
    "reflect": True,  # prompt-made styles
    "scratchpad": False,  # Anthropic's prompt guide
    "inner_monologue": False,  # MemGPT-style prompts
    "internal_monologue": False,  # the same
    "inner_thoughts": False,  # the same
    "monologue": True,  # the same
    "chain_of_thought": False,  # prompt-made styles
    "cot": True,  # prompt-made styles
    "plan": True,  # Hermes 3's system prompt
    "planning": True,  # prompt-made styles
    "analysis": True,  # prompt-made styles
    "思考": False,  # Chinese prompts: hermes-agent issue 43827
    "反思": False,  # the same
    "推理": False,  # the same
    "推敲": False,  # the same
}

ANSWER_TAGS = (
    "answer",  # Hunyuan A13B, GLM-4.5: vLLM
    "response",  # ERNIE-4.5 Thinking: vLLM
    "output",  # Reflection-70B's system prompt
    "final",  # prompt-made styles
    "final_answer",  # prompt-made styles
    "final_response",  # prompt-made styles
    "solution",  # OpenThinker-style prompts
)

TOOL_TAGS = (
    "tool_call",  # Hermes, Qwen, GLM: templates
    "tool_calls",  # Hunyuan: template
    "tool_response",  # Hermes, Qwen: templates
    "tool_result",  # Claude-style prompts
    "tool_use",  # the same
    "toolcall",  # prompt-made styles
    "function_call",  # Gemma-style prompts
    "function_calls",  # Claude's own markup
    "antml:function_calls",  # Claude's own markup
    "minimax:tool_call",  # MiniMax-M2: template
    "seed:tool_call",  # Seed-OSS: template
    "tool_code",  # Gemini-style prompts
)

NAMED_TOOL_TAGS = ("function", "invoke")
"""Tool calls only with a name in the tag: ``<function=x>`` (Llama 3.1, Qwen3-Coder), ``<invoke name="x">`` (Claude)."""

CITATION_TAGS = ("co",)
"""``<co>text</co: 0:[1]>``: Cohere Command A's citations (vLLM). The text stays."""

# ── Exact spellings ──────────────────────────────────────────────────────────────────────────────────────────────


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pair(family: str, opener: str, closer: str) -> dict[str, Marker]:
    return {opener: Marker(Act.THINK, family), closer: Marker(Act.UNTHINK, family)}


def _tool(opener: str, closer: str = "", family: str = "tool") -> dict[str, Marker]:
    closing = {closer: Marker(Act.NOISE, family)} if closer else {}
    return {**closing, opener: Marker(Act.TOOL, family, closer)}


def _each(act: str, family: str, spellings: str, closer: str = "") -> dict[str, Marker]:
    return {spelling: Marker(act, family, closer) for spelling in spellings.split()}


LITERALS: dict[str, Marker] = {
    **_pair("kimi", "◁think▷", "◁/think▷"),  # Kimi-VL: template
    **_pair("magistral", "[THINK]", "[/THINK]"),  # Magistral, Ministral: mistral-common
    **_pair("cohere", "<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning: template
    **_pair("apertus", "<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus: vLLM
    **_pair("solar", "<|think:start|>", "<|think:end|>"),  # Solar Open 2: vLLM
    **_pair("openthinker", "<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThinker, Sky-T1: system prompts
    **_pair("gemma", "<|channel>", "<channel|>"),  # Gemma 4: template
    **_pair("think", "<|begin_of_think|>", "<|end_of_think|>"),  # distills
    **_each(Act.MUSE, "solar", "<|think|>"),  # Solar Open: llama.cpp
    **_each(Act.MUSE, "inkling", "<|content_thinking|>"),  # Inkling: SGLang
    **_each(Act.ANSWER, "cohere", "<|START_RESPONSE|> <|START_TEXT|>"),  # Command A Reasoning, both ages: Ollama
    **_each(Act.NOISE, "cohere", "<|END_RESPONSE|> <|END_TEXT|>"),  # the same
    **_each(Act.ANSWER, "openthinker", "<|begin_of_solution|>"),  # OpenThinker: system prompt
    **_each(Act.NOISE, "openthinker", "<|end_of_solution|>"),  # the same
    "[BEGIN FINAL RESPONSE]": Marker(Act.ANSWER, "apriel"),  # Apriel: template
    "[END FINAL RESPONSE]": Marker(Act.NOISE, "apriel"),  # the same
    **_each(Act.ANSWER, "inkling", "<|content_text|>"),  # Inkling: SGLang
    **_each(Act.HEADER, "harmony", "<|start|> <|channel|>"),  # gpt-oss, Muse Glimmer: openai/harmony
    **_each(Act.HEADER, "solar", "<|begin|>"),  # Solar Open: llama.cpp
    **_each(Act.HEADER, "role", "<|im_start|>"),  # ChatML: Qwen, Yi, Hermes
    **_each(Act.HEADER, "role", "<start_of_turn> <|turn>"),  # Gemma 2, 3 and 4: templates
    **_each(Act.HEADER, "role", "<|start_header_id|> <|header_start|>"),  # Llama 3 and 4: templates
    **_each(Act.HEADER, "role", "<|start_of_role|>"),  # Granite 3: template
    **_each(Act.HEADER, "role", "<|role_start|>"),  # Ling, Ring: templates
    **_each(Act.HEADER, "k3", "<|open|> <|close|>"),  # Kimi K3: SGLang
    **_each(
        Act.SELF, "turn", "<|assistant|> <|Assistant|> <｜Assistant｜> <|CHATBOT_TOKEN|>"
    ),  # Phi, GLM, DeepSeek, Cohere
    **_each(Act.SELF, "turn", "<|im_assistant|> <|message_model|>"),  # Kimi K2, Inkling
    **_each(Act.OTHER, "turn", "<|user|> <|User|> <｜User｜> <|USER_TOKEN|> <|im_user|> <|message_user|>"),  # the same
    **_each(Act.OTHER, "turn", "<|system|> <|System|> <｜System｜> <|SYSTEM_TOKEN|> <|im_system|> <|observation|>"),
    **_each(Act.OTHER, "turn", "[INST]", "[/INST]"),  # Mistral, Llama 2: templates
    **_each(Act.SELF, "turn", "[/INST]"),  # the same
    **_each(Act.OTHER, "turn", "<<SYS>>", "<</SYS>>"),  # Llama 2: template
    **_each(Act.NOISE, "turn", "<</SYS>>"),  # the same
    **_each(Act.OTHER, "turn", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),  # Mistral Small 3: template
    **_each(Act.NOISE, "turn", "[/SYSTEM_PROMPT]"),  # the same
    **_each(Act.BREAK, "end", "<|end|> <|call|>"),  # gpt-oss, Phi, Solar Open
    **_each(Act.BREAK, "end", "<|eom_id|> <|eom|> <|end_message|>"),  # Llama 3.1, Muse Glimmer, Inkling
    **_each(Act.STOP, "end", "<|im_end|> <|eot_id|> <|eot|> <|return|> <|end_of_text|> <|endoftext|> <|eos|> </s>"),
    **_each(Act.STOP, "end", "<end_of_turn> <turn|> <eos> <EOS> [EOS] <|end_of_turn|> <|endofturn|> <|EOT|>"),
    **_each(
        Act.STOP,
        "end",
        "<|END_OF_TURN_TOKEN|> <EOS_TOKEN> <|EOS_TOKEN|> <｜end▁of▁sentence｜> <|end▁of▁sentence|> <|end_of_sentence|>",
    ),
    **_each(Act.STOP, "end", "<|role_end|> <end_of_utterance> <|eoa|> <EOT> [EOT] [e~["),
    **_tool("[TOOL_CALLS]"),  # Mistral: mistral-common
    **_tool("<|python_tag|>"),  # Llama 3.1: template
    **_tool("<|tool_call|>"),  # Granite 3, Phi-4-mini: templates
    **_tool("[TOOL_RESULTS]", "[/TOOL_RESULTS]"),  # Mistral: mistral-common
    **_tool("[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),  # the same
    **_tool("[TOOL_CALL]", "[/TOOL_CALL]"),  # MiniMax-M1: template
    **_tool("<|tool_call>", "<tool_call|>"),  # Gemma 4: template
    **_tool("<|tool_response>", "<tool_response|>"),  # the same
    **_tool("<|START_ACTION|>", "<|END_ACTION|>"),  # Command A: template
    **_tool("<|tool_call_start|>", "<|tool_call_end|>"),  # LFM2: template
    **_tool("<|tool_call_begin|>", "<|tool_call_end|>"),  # Kimi K2: template
    **_tool("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),  # the same
    **_tool("<|action_start|>", "<|action_end|>"),  # InternLM: template
    **_tool("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),  # DeepSeek-V3, R1: templates
    **_tool("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),  # the same
    **_tool("<｜DSML｜function_calls>", "</｜DSML｜function_calls>"),  # DeepSeek-V3.2: encoding script
    **_each(
        Act.NOISE,
        "special",
        "<s> <bos> <BOS> <BOS_TOKEN> <|BOS_TOKEN|> [BOS] <pad> <PAD> [PAD] <unk> <UNK> [SEP] [CLS] [MASK]",
    ),
    **_each(
        Act.NOISE, "special", "[gMASK] <sop> <eop> <start_of_image> <end_of_image> <image_soft_token>"
    ),  # GLM, Gemma
    **_each(Act.NOISE, "special", "]~b] ]~!b["),  # MiniMax-M2: template
}

BARE_TOKENS = r"<unused\d{1,4}>|<0x[0-9A-F]{2}>|<extra_id_\d{1,3}>|<reserved_\d{1,4}>"
"""Numbered tokens: Gemma's unused ones, SentencePiece bytes, T5's sentinels, Baichuan's reserved ones."""

TOKEN_WORDS = _words(
    """
    action assistant audio begin begin_of_text bof bos bot box call calling calls channel chat chatbot class close
    cls code commit constrain content context cot end endof endofprompt endoftext eof eoc eod eom eop eos eot extra file
    fim fim_middle first function functions gh header hole id im image img ipython issue jupyter lang language
    last list mask md message meta middle mm model msg n notebook object observation of open output outputs pad
    parameter patch placeholder plugin prefix prompt python quad reasoning ref repo reponame reserved response result
    results return role sampling section sentence sep sop sound special speech star start startoftext step stop suffix
    system tag text think thinking thought token tokens tool tools turn unk unused user utterance video vision voice
    """
)
"""Words that special tokens are made of. ``<|tool_call_result_begin|>`` is a token, ``<|example|>`` is text."""

SELF_ROLES = frozenset({"assistant", "model", "bot", "ai", "gpt", "chatbot"})
ROLES = SELF_ROLES | {
    "user",
    "human",
    "system",
    "tool",
    "developer",
    "function",
    "ipython",
    "observation",
    "environment",
}
MUSING_CHANNELS = frozenset({"analysis", "thinking", "think", "thought", "reasoning", "reflection"})
"""Channels that a viewer must not see. Harmony's ``commentary`` without a recipient is a preamble that may be shown:
https://cookbook.openai.com/articles/openai-harmony"""
OWN_AUDIENCE = frozenset({"user", "all", "assistant", "final"})
"""Recipients that are not a tool; ``self`` is a thought (Muse Glimmer)."""
