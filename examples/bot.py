"""A chat bot in twenty lines. Here the chat is the terminal: type `ann: hello Assistant`, end with Ctrl-C.

The room must take its turns by itself: `PUT /policy` with `{"mode": "auto"}`, once.
"""

import json
import sys
from contextlib import suppress
from threading import Thread
from urllib.request import Request, urlopen

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"


def hear() -> None:
    """Hand over every line of the chat. One that is not taken is lost, as if nobody had read it."""
    for line in sys.stdin:
        username, _, text = line.strip().partition(": ")
        said = json.dumps({"username": username, "message": text}).encode()
        with suppress(OSError):
            urlopen(Request(f"{URL}/messages", said, {"Content-Type": "application/json"}), timeout=60).close()


def speak() -> None:
    """Post what is answered, until the service ends. Of all events only replies have `messages`."""
    for line in urlopen(f"{URL}/events", timeout=60):
        field, _, value = line.decode().strip().partition(": ")
        if field == "data":
            for text in json.loads(value).get("messages", ()):
                print("Assistant:", text, flush=True)


Thread(target=hear, daemon=True).start()
speak()
