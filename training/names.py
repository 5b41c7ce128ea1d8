"""Viewers' names, made up: no two corpora share many, so that a model learns to copy names instead of knowing them."""

# ruff: noqa: E501, SIM905 - lists of words read best as lines of words

from __future__ import annotations

import random

ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p ph pl pr q r s sh sk sl sm sn sp st t th tr v w x y z".split()
VOWELS = "a a a e e e i i o o u ai ea ee ie oo ou y".split()
CODAS = ["", "", "", "", *"b ck d f g k l ll m n nd ng nk p r rd rk s sh ss st t th x z".split()]
WORDS = (
    "dark light night wolf fox cat panda dragon ninja pixel turbo mega ultra captain doctor lord lady king queen prince "
    "ghost shadow storm thunder frost fire lava ocean river moon sun star comet lucky happy sleepy angry tiny giant silent "
    "crazy lazy cosmic retro neon cyber toast waffle potato pickle banana mango noodle coffee cookie muffin taco pizza gamer "
    "player sniper hunter rider runner slayer wizard mage rogue knight pirate viking samurai robot goblin troll zombie vampire "
    "otter duck goose hawk eagle raven crow bear tiger lion shark whale snail frog bunny hamster moth bee spider snake real "
    "the its not just only big old new mr mrs miss sir its_me im pro noob best last first blue red green black white purple "
    "golden silver iron steel stone wood paper user viewer guest anon chat bot mod stream night bot twitch fan lurker"
).split()
FIRST = (
    "alice bob carol dave erin frank grace heidi ivan judy mallory oscar peggy trent victor wendy anna ben chris dana emma finn "
    "george hannah ian jack kate leo mia noah olivia paul quinn rosa sam tina uma vera will xena yara zoe max lena jonas luca "
    "marta pedro ana juan ali omar fatima yuki ken hiro mei li wei chen priya ravi arjun olga sven lars nina tom tim jim joe"
).split()
ROLE_NAMES = (
    "user",
    "bot",
    "assistant",
    "system",
    "human",
    "model",
    "ai",
    "developer",
    "tool",
    "prompt",
    "input",
    "chatbot",
)
"""Names that read like a role of a conversation."""
LONGEST = 25
"""Characters, as on Twitch."""
PARTS = (
    "adventure afternoon almond amber arcade autumn balance bamboo biscuit blanket blossom boisterous bottle breeze butter "
    "candle canyon caramel carousel castle cathedral cello chestnut cinnamon clover cobalt compass copper cottage crystal dandelion "
    "daylight diamond dolphin eclipse ember emerald falcon feather fiddle firefly fjord galaxy garden glacier goblet granite "
    "hammer harbour hazel honey horizon iceberg indigo ivory jasper jigsaw juniper kettle lantern lavender lemonade lighthouse "
    "magnet maple marble meadow mellow midnight mirror mustard nectar nimbus oatmeal obsidian orchard oyster paddle paprika "
    "parade pebble pepper phantom pigeon plaid pocket poppy puzzle quartz quiver radish rascal ribbon riddle saffron sailor "
    "satellite shuffle silver spark sprout stubborn sugar sunset tangerine thistle timber tornado treasure trumpet tulip "
    "umbrella upbeat velvet vertigo violet voyage waffle walnut whisper widget willow winter yonder zenith zeppelin"
).split()
PLAIN = [
    "user",
    "user",
    "viewer",
    "User",
    "viewer",
    "guest",
    "anonymous",
    "nightbot",
    "streamer",
    "admin",
    "me",
    "you",
    "bot",
    "someone",
    "test",
]
CJK = "小明王李张陈花子太郎次美咲健一林森雪月星空海山川犬猫龙凤雨风春夏秋冬田中村本木高橋"
KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはまみむめもやゆよらりるれろアイウエオカキクケコサシスセソタチツテトナニマミムメモ"
HANGUL = "김이박최정민수지우현서준영하은도윤"
CYRILLIC = "абвгдежзиклмнопрстуфхцчшыэюя"
ACCENTED = "éèêëáàâäãåçíïñóôöõøúüßæœšžčřłśżğışå"


def name(rng: random.Random) -> str:
    """Return one name as a chat shows it: any case, digits, underscores, now and then blanks or other scripts."""
    kind = rng.choices(KINDS, WEIGHTS)[0]
    return kind(rng)[:LONGEST].strip() or "viewer"


def _syllables(rng: random.Random, least: int = 1, most: int = 3) -> str:
    return "".join(
        rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.randint(least, most))
    )[:16]


def _letters(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 8)))


def _case(word: str, rng: random.Random) -> str:
    change = rng.choices((str, str.capitalize, str.upper, _mixed), (55, 32, 5, 8))[0]
    return change(word)


def _mixed(word: str) -> str:
    return word[:1].upper() + word[1 : len(word) // 2] + word[len(word) // 2 :].capitalize()


def _digits(rng: random.Random) -> str:
    if rng.random() < 0.15:
        return rng.choice("0123456789") * rng.randint(2, 4) + rng.choice(("", "", rng.choice("0123456789")))
    return "".join(rng.choices("0123456789", k=rng.choices((1, 2, 3, 4, 5), (20, 40, 20, 15, 5))[0]))


def _pieces(rng: random.Random) -> str:
    """Parts of words put together, so that every piece of the tokenizer turns up in a name."""
    cut = (rng.choice(PARTS) for _ in range(rng.randint(1, 3)))
    return "".join(_case(word[rng.randrange(2) :][: rng.randint(2, 6)], rng) for word in cut)


def _stem(rng: random.Random) -> str:
    make = rng.choices(STEMS, (34, 22, 16, 10, 18))[0]
    return _case(make(rng), rng) if make is not _pieces else make(rng)


def _single(rng: random.Random) -> str:
    return _stem(rng)


def _with_digits(rng: random.Random) -> str:
    return _stem(rng) + rng.choice(("", "", "", "_", "-")) + _digits(rng)


def _compound(rng: random.Random) -> str:
    joined = rng.choice(("", "", "_", "_", "-", ".")).join((_stem(rng), _stem(rng)))
    return joined + (rng.choice(("", "", "-", "_")) + _digits(rng) if rng.random() < 0.3 else "")


def _decorated(rng: random.Random) -> str:
    left, right = rng.choice(
        (
            ("xX", "Xx"),
            ("x_", "_x"),
            ("_", ""),
            ("", "_"),
            ("its", ""),
            ("i_am_", ""),
            ("", "TV"),
            ("", "_ttv"),
            ("__", "__"),
            ("The", ""),
            ("Mr", ""),
        )
    )
    return left + _stem(rng) + right


def _plain(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return _case(rng.choice(ROLE_NAMES[:1] * 8 + ROLE_NAMES), rng)
    return rng.choice(PLAIN) + (_digits(rng) if rng.random() < 0.5 else "")


def _leet(rng: random.Random) -> str:
    swap = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
    stem = "".join(_stem(rng) for _ in range(rng.randint(1, 2)))
    made = "".join(swap.get(letter.lower(), letter) if rng.random() < 0.5 else letter for letter in stem)
    return made + (_digits(rng) if rng.random() < 0.3 else "")


def _spaced(rng: random.Random) -> str:
    return f"{_stem(rng).capitalize()} {_stem(rng).capitalize()}"


def _foreign(rng: random.Random) -> str:
    script, longest = rng.choice(((CJK, 4), (KANA, 5), (HANGUL, 3), (CYRILLIC, 8)))
    made = "".join(rng.choices(script, k=rng.randint(2, longest)))
    return made.capitalize() + (_digits(rng) if rng.random() < 0.2 else "")


def _accented(rng: random.Random) -> str:
    stem = list(_stem(rng))
    stem[rng.randrange(len(stem))] = rng.choice(ACCENTED)
    return "".join(stem)


STEMS = (_syllables, lambda rng: rng.choice(WORDS), lambda rng: rng.choice(FIRST), _letters, _pieces)
KINDS = (_single, _with_digits, _compound, _decorated, _plain, _leet, _spaced, _foreign, _accented)
WEIGHTS = (31, 22, 14, 8, 8, 7, 3, 4, 3)
