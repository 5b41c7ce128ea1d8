"""The store: what was said is on disk when it is acknowledged, and gone from the disk when it is forgotten.

::

    store            open_store, Store: one method, one operation, one transaction
    ├── writer       group commit: everybody's writes in one transaction, one after another
    ├── ingest       messages get their place, once
    ├── answering    replies, together with what they answer
    ├── rooms        the window of a room, its pages, its persona
    ├── notes        what is remembered about viewers
    ├── viewers      all that is kept about one of them
    ├── recall_index the messages that share rare words with a question
    ├── postings     where each word was said
    ├── forgetting   a message and everything made from it
    ├── transfer     a room as JSON Lines
    └── facts        small things that are nobody's words

    transaction, statement, rows, fingerprints, schema, migrating    what they are written with
    database         what a database can do; its failures, translated
    ├── sqlite       one file, one thread, one connection; thread; damage: files set aside
    └── postgres     a server, for several processes

Operations are plain functions of a transaction, the same for both databases.
"""

from .records import UNSET, Forgotten, Imported, Note, RoomRecord, Stored, StoreHealth, UserRecord
from .store import Store, open_store

__all__ = [
    "UNSET",
    "Forgotten",
    "Imported",
    "Note",
    "RoomRecord",
    "Store",
    "StoreHealth",
    "Stored",
    "UserRecord",
    "open_store",
]
