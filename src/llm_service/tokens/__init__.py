"""How many tokens a prompt has, where the engine has no way to ask: an estimate that learns from every answer.

``TokenEstimator`` counts what a prompt is made of (``features``), knows roughly what each kind of thing costs in the
tokenizers of today (``prior``), and corrects itself by the ``usage.prompt_tokens`` of every answer (``estimator``).
``rough_tokens`` is a bound by size (``rough``).
"""

from .estimator import TokenEstimator
from .features import FEATURES, features
from .rough import rough_tokens

__all__ = ["FEATURES", "TokenEstimator", "features", "rough_tokens"]
