"""The library in a few lines: a question to the model, and a conversation with a viewer.

``python examples/library.py [BASE_URL]``; the default is LM Studio on this machine.
"""

import asyncio
import sys

from llm_service.dialogue_manager import DialogueManager
from llm_service.llm_client import LMStudioClient


async def main(base_url: str = "http://localhost:1234/v1") -> None:
    """Ask once, then talk."""
    async with LMStudioClient(base_url=base_url, cache_ttl=3600) as client:
        print(await client.get_response("Hello, how are you?"))

        manager = DialogueManager(client)
        manager.add_message(username="user123", message="What's your favorite game?", emotes=["PogChamp"])
        print(await manager.generate_response())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
