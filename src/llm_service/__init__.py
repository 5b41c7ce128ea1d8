"""LLM Service: the dialogue server for live chat on a local model.

The map. Imports point down only, and neighbours in a band are strangers; ``make check`` keeps it so.

::

    EDGES       api               HTTP: routes, problems, server-sent events, what stands before them
                cli               the command line
    ASSEMBLY    service           opens every part, wires them, closes them; chooses the engine
    MEASURING   telemetry         metrics: what the parts counted, read when somebody asks
    DOING       dialogue_manager  the conductor: rooms, and turns that answer them
                llm_client        LMStudioClient: pool, deadlines, retries, cache, single flight
                store             conversations on disk: SQLite or PostgreSQL
                engine            llama.cpp, brought along
                builtin           the small model for a first try
    THINKING    prompt            a room → a prompt that fits the loaded context
                tokens            what a text costs in tokens of a model, learned from its answers
                hygiene           what strangers type → text that can do no harm
                response_cleaner  what a model writes → text that viewers may see
                chat_protocol     prompts → bytes; bytes → chunks, errors, models
                turn_taking       whether to speak, and to whom
                topic_tracker     what the room talks about now
                threads           which message belongs to which
                recall            older messages that matter to the newest ones
                viewer_notes      what viewers say about themselves
                emotes            emotes as language
                admission         who may use the engine now, who waits, who is refused
                breaker           when to leave a failing engine alone
                cache             answers that are remembered
                logs              one line an event
                tracing           one span an answer
                measures          how values are spread
    WORDS       settings          every knob
                memo              what was worked out about people's words, until it must be forgotten
                multimap          several things under one key
                types, errors     the values that travel between all of these, and what can go wrong

A message travels: hygiene → store → topics → turn-taking → prompt → admission → engine → cleaner → reply → store.
"""

from llm_service import logs

__version__ = "0.1.0"

logs.leave_to_the_program()
