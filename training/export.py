"""Write a checkpoint as the GGUF file of the package: ``python export.py work/checkpoint.pt work/tokenizer.json``.

The matrices are stored as Q8_0, the norms in 32 bits. Queries and keys are trained in llama.cpp's interleaved rotation,
so nothing is permuted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch
from model import Shape
from tokenizer import ASSISTANT, CHAT_TEMPLATE, CONTROL, END, pieces

PACKAGED = Path(__file__).parent.parent / "src" / "llm_service" / "builtin" / "llm-service-builtin.gguf"
NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}


def tensor_name(name: str) -> str:
    """Return what llama.cpp calls a weight of ours."""
    if not name.startswith("blocks."):
        return {"embedding": "token_embd", "norm": "output_norm", "output": "output"}[
            name.removesuffix(".weight")
        ] + ".weight"
    _, block, rest = name.split(".", 2)
    return f"blk.{block}.{NAMES[rest.removesuffix('.weight')]}.weight"


def export(checkpoint: Path, tokenizer: Path, target: Path) -> None:
    """Write the file, replacing ``target`` in one step."""
    state = torch.load(checkpoint, weights_only=True)
    part = target.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    _describe(writer, Shape(**state["shape"]))
    _tokens(writer, tokenizer)
    for name, weight in state["model"].items():
        _tensor(writer, tensor_name(name), weight.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(target)


def _describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name("llm-service-builtin")
    writer.add_description("The small model that ships with LLM Service, for trying it out and for tests.")
    writer.add_license("mit")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def _tokens(writer: gguf.GGUFWriter, tokenizer: Path) -> None:
    tokens, merges = pieces(tokenizer)
    kinds = [gguf.TokenType.CONTROL if token in CONTROL else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index(ASSISTANT))
    writer.add_eos_token_id(tokens.index(END))
    writer.add_pad_token_id(tokens.index(END))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _tensor(writer: gguf.GGUFWriter, name: str, weight: np.ndarray) -> None:
    if weight.ndim == 1:
        writer.add_tensor(name, weight)
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)


def main() -> None:
    """Read the paths and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--to", type=Path, default=PACKAGED)
    options = parser.parse_args()
    export(options.checkpoint, options.tokenizer, options.to)
    print(f"{options.to.name}: {options.to.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
