"""Made-up chat lines in many scripts: ordinary words, emotes, emoji, links, numbers, shouting, stretched words.

Everything here was written for this project. A seed gives the same lines every time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

WORDS = {
    "english": """
        the a to is it you that and what this how do not just like my your he she they was for on with so game
        stream chat today never why when who play win lost boss level speed run time good bad great best worst
        music song cat dog food pizza coffee love hate think know want going really actually probably literally
        someone anyone everybody yesterday tomorrow weekend keyboard controller achievement subscription overlay
        microphone headphones graphics settings difficulty strategy inventory multiplayer unbelievable
        congratulations ridiculous nothing welcome back from work school thanks guys hello goodnight morning did
        can could would should have has been get got make made see saw look watch first last next again still
        maybe sure okay right left jump shoot hide wait help please sorry lol lmao bruh yeah nah gonna wanna
        dont cant its im theyre
    """,
    "slang": """
        gg ggwp wp ez pog poggers kekw lulw omegalul monkaS pepeLaugh Sadge Copium BibleThump PogChamp KEKW
        catJAM FeelsBadMan widepeepoHappy modCheck xdd ICANT clueless Clap EZ nt glhf brb afk irl imo tbh ngl fr
        sus cringe based goated nerf buff op noob tryhard clutch speedrun wr pb any% glitchless RTA KappaPride
        residentSleeper
    """,
    "german": """
        ich du er wir ihr nicht auch schon aber heute morgen gestern spielen gewonnen verloren übrigens
        natürlich vielleicht eigentlich Geschwindigkeit Mannschaft schön süß größer können müssen würde hätte
        Straße Katze Hund Musik Schwierigkeitsgrad danke bitte genau warum wieso zusammen unglaublich
        Glückwunsch Bildschirm Lautstärke
    """,
    "french": """
        je tu il nous vous pas aussi déjà mais aujourd'hui demain hier jouer gagné perdu peut-être vraiment
        musique chat chien équipe très bien génial s'il vous plaît merci pourquoi parce que être avoir été où ça
        c'est incroyable félicitations niveau difficulté écran
    """,
    "spanish": """
        yo tú él nosotros no también pero hoy mañana ayer jugar ganó perdió quizás música gato perro equipo muy
        bien increíble gracias porque está cómo qué cuándo dónde señor niño pantalla velocidad felicidades jaja
        corazón canción próximo año
    """,
    "polish": """
        ja ty on my wy nie też ale dzisiaj jutro wczoraj grać wygrał przegrał może muzyka kot pies drużyna
        bardzo dobrze niesamowite dziękuję proszę dlaczego żeby się już jeszcze wszystko źle świetnie prędkość
        gratulacje
    """,
    "turkish": """
        ben sen biz değil ama bugün yarın dün oynamak kazandı kaybetti belki müzik kedi köpek takım çok güzel
        inanılmaz teşekkürler lütfen neden şimdi görüşürüz arkadaşlar yayın ışık
    """,
    "vietnamese": """
        tôi bạn không cũng nhưng hôm nay ngày mai chơi thắng thua có thể âm nhạc mèo chó đội rất tốt tuyệt vời
        cảm ơn tại sao được người những trò chơi phát trực tiếp
    """,
    "russian": """
        я ты он мы вы не тоже но сегодня завтра вчера играть выиграл проиграл может музыка кошка собака команда
        очень хорошо спасибо пожалуйста почему потому что уже ещё стрим чат привет всем скорость невероятно
        поздравляю давай ахахах лол босс уровень сложность клавиатура наушники
    """,
    "ukrainian": """
        я ти він ми ви не теж але сьогодні завтра вчора грати виграв програв може музика кішка собака команда
        дуже добре дякую будь ласка чому тому що вже ще привіт усім швидкість неймовірно вітаю рівень
    """,
    "greek": """
        εγώ εσύ εμείς δεν επίσης αλλά σήμερα αύριο χθες παίζω κέρδισε έχασε ίσως μουσική γάτα σκύλος ομάδα πολύ
        καλά ευχαριστώ παρακαλώ γιατί τώρα γεια σας ταχύτητα απίστευτο συγχαρητήρια
    """,
    "arabic": """
        أنا أنت نحن لا أيضا لكن اليوم غدا أمس ألعب فاز خسر ربما موسيقى قطة كلب فريق جدا جيد شكرا من فضلك لماذا
        لأن الآن مرحبا بكم السرعة مذهل مبروك هههههه اللعبة البث المرحلة
    """,
    "hebrew": """
        אני אתה אנחנו לא גם אבל היום מחר אתמול לשחק ניצח הפסיד אולי מוזיקה חתול כלב קבוצה מאוד טוב תודה בבקשה
        למה כי עכשיו שלום לכולם מהירות מדהים מזל טוב חחחח
    """,
    "hindi": """
        मैं तुम हम नहीं भी लेकिन आज कल खेलना जीता हारा शायद संगीत बिल्ली कुत्ता टीम बहुत अच्छा धन्यवाद कृपया
        क्यों क्योंकि अब नमस्ते सबको गति अविश्वसनीय बधाई खेल
    """,
    "tamil": """
        நான் நீ நாங்கள் இல்லை ஆனால் இன்று நாளை நேற்று விளையாட்டு வெற்றி தோல்வி இசை பூனை நாய் அணி மிகவும் நல்ல
        நன்றி ஏன் இப்போது வணக்கம்
    """,
    "korean": """
        나는 너는 우리는 안 도 하지만 오늘 내일 어제 게임 이겼다 졌다 아마 음악 고양이 강아지 팀 너무 좋아요
        감사합니다 왜 지금 안녕하세요 여러분 속도 대박 축하해요 ㅋㅋㅋㅋ ㅠㅠ 방송
    """,
}
"""Scripts that part words with spaces."""

UNSPACED = {
    "chinese": """
        我 你 他 我们 不 也 但是 今天 明天 昨天 玩游戏 赢了 输了 可能 音乐 猫 狗 队伍 非常 好 谢谢 请 为什么
        因为 现在 大家好 速度 太厉害了 恭喜 哈哈哈 直播 主播 这个 那个 关卡 难度 键盘 耳机 怎么样
    """,
    "cantonese": """
        我 你 佢 我哋 唔 都 但係 今日 聽日 尋日 打機 贏咗 輸咗 可能 音樂 貓 狗 隊伍 好 多謝 點解 因為 而家
        大家好 速度 犀利 恭喜 哈哈哈 直播
    """,
    "japanese": """
        私は あなた 僕たち ない も でも 今日 明日 昨日 ゲーム 勝った 負けた たぶん 音楽 猫 犬 チーム とても
        いいね ありがとう なぜ だから 今 こんにちは みなさん スピード すごい おめでとう 草 配信 かわいい www
        です ます した
    """,
    "thai": """
        ฉัน คุณ เรา ไม่ ก็ แต่ วันนี้ พรุ่งนี้ เมื่อวาน เล่นเกม ชนะ แพ้ อาจจะ เพลง แมว หมา ทีม มาก ดี ขอบคุณ
        ทำไม เพราะ ตอนนี้ สวัสดีครับ ทุกคน เร็ว สุดยอด ยินดีด้วย 555 สตรีม
    """,
}
"""Scripts that do not."""

EMOJI = """
    😂 🤣 😭 ❤️ 🔥 🎉 👍 👍🏽 🙏 💀 😍 🥺 ✨ 👀 💯 🏳️‍🌈 👨‍👩‍👧 🇩🇪 🇯🇵 ☕ ⚔️ 🎮 🐱 🐶 🤔 😎 🤡 ♥ ★ →
""".split()  # noqa: SIM905 - it reads better
HOSTS = ("example.com", "example.org", "clips.example.net", "video.example.tv", "shop.example")
SYLLABLES = (
    "ka",
    "ro",
    "mi",
    "ten",
    "zu",
    "lo",
    "vex",
    "dar",
    "shi",
    "no",
    "qu",
    "pel",
    "xx",
    "gam",
    "er",
    "fox",
    "sky",
)


@dataclass(frozen=True)
class Line:
    """Who says what."""

    speaker: str
    text: str


def name(rng: random.Random) -> str:
    """A viewer's name: pronounceable, now and then with capitals, digits or underscores."""
    made = "".join(rng.choices(SYLLABLES, k=rng.randint(2, 4)))
    made = rng.choice([made, made, made.capitalize(), made.upper(), f"{made}_{rng.choice(SYLLABLES)}"])
    return made + rng.choice(["", "", str(rng.randint(0, 9999))])


def sentence(rng: random.Random, language: str, length: int) -> str:
    """So many words of one language, punctuated as people do in chat: seldom."""
    if language in UNSPACED:
        return "".join(rng.choices(UNSPACED[language].split(), k=length)) + rng.choice(["", "", "！", "。", "？"])
    chosen = rng.choices(WORDS[language].split(), k=length)
    if language != "slang" and rng.random() < 0.25:
        chosen[rng.randrange(length)] += ","
    if rng.random() < 0.3:
        chosen[0] = chosen[0].capitalize()
    return " ".join(chosen) + rng.choice(["", "", "", ".", "!", "?", "!!!", "...", "??"])


def decorated(rng: random.Random, text: str) -> str:
    """The same with what chats are full of."""
    kind = rng.random()
    if kind < 0.12:
        return text + " " + rng.choice(EMOJI) * rng.choice([1, 1, 1, 2, 3, 8])
    if kind < 0.17:
        return text + " " + "".join(rng.choices(EMOJI, k=rng.randint(2, 6)))
    if kind < 0.25:
        return text + " " + " ".join([rng.choice(WORDS["slang"].split())] * rng.choice([1, 2, 5]))
    if kind < 0.29:
        return f"{text} {link(rng)}"
    if kind < 0.34:
        return f"{text} {number(rng)}"
    if kind < 0.38:
        return text.upper()
    if kind < 0.42:
        return text + text[-1] * rng.randint(3, 20)
    if kind < 0.45:
        return "@" + name(rng) + " " + text
    return text


def link(rng: random.Random) -> str:
    """An address that leads nowhere."""
    code = "".join(rng.choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_-", k=rng.randint(6, 12)))
    return f"https://{rng.choice(HOSTS)}/{rng.choice(['watch?v=', 'clip/', 'p/', ''])}{code}"


def number(rng: random.Random) -> str:
    """A time, a score, an amount."""
    return rng.choice(
        [
            f"{rng.randint(0, 59)}:{rng.randint(0, 59):02}",
            f"{rng.randint(1, 10 ** rng.randint(1, 9))}",
            f"{rng.randint(1, 99)}.{rng.randint(0, 9)}%",
            f"${rng.randint(1, 500)}",
            f"{rng.randint(1, 12)}/{rng.randint(1, 28)}/20{rng.randint(10, 29)}",
        ]
    )


def line(rng: random.Random, languages: list[str]) -> Line:
    """One line of a viewer who speaks one of these languages."""
    length = rng.choice([1, 2, 3, 5, 8, 8, 13, 21])
    return Line(name(rng), decorated(rng, sentence(rng, rng.choice(languages), length)))


def languages(rng: random.Random) -> list[str]:
    """What a room speaks: English and slang in most, one or two others in many."""
    spoken = ["english", "english", "slang"] if rng.random() < 0.7 else []
    others = [*WORDS, *UNSPACED]
    return spoken + rng.choices(others, k=rng.choice([0, 1, 1, 2] if spoken else [1, 2]))
