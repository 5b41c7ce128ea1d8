from llm_service import memo
from llm_service.words import LONGEST, read


def test_what_is_remembered_is_forgotten_together():
    asked = []

    @memo.remembered(2)
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    assert [length("one"), length("one"), length("three")] == [3, 3, 5]
    assert asked == ["one", "three"]
    memo.forget()
    assert length("one") == 3
    assert asked == ["one", "three", "one"]


def test_no_more_is_remembered_than_was_agreed():
    asked = []

    @memo.remembered(2)
    def same(text: str) -> str:
        asked.append(text)
        return text

    for text in ("a", "b", "c", "a"):
        same(text)
    assert asked == ["a", "b", "c", "a"]


def test_the_words_of_a_text_are_found_once_until_it_is_forgotten():
    text = "the xylophonic canary sings"
    first = read(text)
    assert first.written == ("the", "xylophonic", "canary", "sings")
    assert first.terms == ("xylophon", "canari", "sing")
    assert read(text) is first
    memo.forget()
    assert read(text) is not first
    assert read(text) == first


def test_what_is_longer_than_a_word_can_be_is_not_remembered():
    assert read(f"{'a' * LONGEST} {'b' * (LONGEST + 1)} c4").written == ("a" * LONGEST, "c4")


def test_a_memory_is_asked_like_a_table_and_begins_anew_when_it_is_full():
    asked = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    memory = memo.Memory(length, 2)
    assert [memory["one"], memory["one"], memory["three"]] == [3, 3, 5]
    assert list(map(memory.__getitem__, ["one", "three"])) == [3, 5]
    assert asked == ["one", "three"]
    assert memory["seven"] == 5
    assert len(memory) == 1
    memo.forget()
    assert not memory
