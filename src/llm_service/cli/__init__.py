"""The command line, ``llm-service``. Each module holds the commands of one noun, and what they do.

=============  =====================================================================
``serve``      the service itself
``talk``       a question, or a conversation, in the terminal
``doctor``     the engine and the settings, examined
``config``     the settings, and where each came from
``models``     the models of the engine
``control``    the running service: pause, resume, mute, skip, ignore
``transfer``   rooms as files: export, import
``replay``     a recorded room, played under policies
``options``    flags, made from the settings
``command``    how commands are found, and how their work is run
=============  =====================================================================
"""

from __future__ import annotations

import click

from llm_service import __version__

from .command import Commands

__all__ = ["main"]


@click.group(
    cls=Commands,
    found_in={
        "serve": ("serve", "Start the service."),
        "chat": ("talk", "Talk in the terminal."),
        "ask": ("talk", "Print the answer to one question."),
        "doctor": ("doctor", "Check the engine and the settings, and say what to change."),
        "config": ("config", "Show the effective settings, and where each came from."),
        "models": ("models", "List, load, unload or pull the engine's models."),
        "pause": ("control", "Silence the running service in a room until `resume`."),
        "resume": ("control", "End a pause or a mute."),
        "mute": ("control", "Silence the running service in a room for some minutes."),
        "skip": ("control", "Cut off the reply that is being written."),
        "ignore": ("control", "Let the running service answer a viewer no more."),
        "export": ("transfer", "Write all that is kept of a room to a file."),
        "import": ("transfer", "Take what an export wrote into a room."),
        "replay": ("replay", "Play a recorded room against the real service, and compare policies."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, prog_name="llm-service")
def main() -> None:
    """The dialogue server for live chat on a local model."""
