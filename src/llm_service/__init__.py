"""LLM Service: the dialogue server for live chat on a local model."""

__version__ = "0.1.0"
