"""The words of a line, for everything that compares lines by what they say: topics, threads, recall.

Two words are the same when their stems are: case, accents and endings do not count, in any script. Chinese, Japanese
and Thai write no spaces, so their runs are cut into pairs of characters, the usual way to search them without a
dictionary. Stems are Snowball's (M. F. Porter, snowballstem.org), chosen by script: English for Latin letters, which
is near enough for its neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

from Stemmer import Stemmer

from llm_service.memo import Memory, remembered

TEXTS = 1024
"""Texts whose words are remembered: more than are in work at a time, between a message's arrival and its index."""

LONGEST = 64
"""Letters of a word; what is longer is a scream or an attack. Thousands of words are remembered: none may be huge."""

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
"""Scripts without spaces: Thai, Lao, Burmese, Khmer, Kana, Han."""

_ASCII_WORDS = bytes(code if chr(code).isalnum() or code == ord("'") else ord(" ") for code in range(128)) + bytes(128)
"""Makes a blank of whatever ends a word of an ASCII text: parted so, it costs an eighth of what :data:`WORD` does."""

_PLAIN = {
    code: base
    for block in (range(0xC0, 0x250), range(0x1E00, 0x1F00))
    for code in block
    if (base := unicodedata.normalize("NFKD", chr(code))[0]).isascii()
}
"""Latin letters without their marks. Other scripts keep theirs: there a mark is another letter."""

_SCRIPTS = (
    ("\u0370", "english"),
    ("\u0400", "greek"),
    ("\u0530", "russian"),
    ("\u0600", None),
    ("\u0700", "arabic"),
    ("\u0900", None),
    ("\u0980", "hindi"),
    ("\u0b80", None),
    ("\u0c00", "tamil"),
)
"""The first character above each script's block, and its stemmer."""

_STEMMERS = {name: Stemmer(name, 0) for _, name in _SCRIPTS if name}


def fold(text: str) -> str:
    """``text`` without case, width and Latin accents: what two spellings of a word have in common."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().translate(_PLAIN)


def split(text: str) -> list[str]:
    """The words of ``text`` in order, as written; runs of an unspaced script as overlapping pairs."""
    if text.isascii():
        return _split_ascii(text)
    found = WORD.findall(text)
    return [piece for word in found for piece in _pieces(word)] if UNSPACED.search(text) else found


def _split_ascii(text: str) -> list[str]:
    words = text.encode().translate(_ASCII_WORDS).decode().split()
    return [word for run in words for word in WORD.findall(run)] if "'" in text else words


def _pieces(word: str) -> list[str]:
    pieces: list[str] = []
    end = 0
    for run in UNSPACED.finditer(word):
        pieces += filter(None, (word[end : run.start()],))
        pieces += map("".join, pairwise(run[0])) if len(run[0]) > 1 else run[0]
        end = run.end()
    return pieces + [rest for rest in (word[end:],) if rest]


@remembered(1 << 14)
def stem(word: str) -> str:
    """What ``word`` is counted as: folded, without apostrophe and ending."""
    folded = fold(word).replace("'", "").replace("’", "")
    stemmer = next((name for above, name in _SCRIPTS if folded < above), None)
    return _STEMMERS[stemmer].stemWord(folded) if stemmer else folded


@remembered(1 << 14)
def is_stop(word: str) -> bool:
    """Whether ``word`` says nothing on its own: a function word of a large European language, or a lone letter."""
    folded = fold(word).replace("'", "").replace("’", "")
    return folded in STOP or (len(folded) == 1 and folded < "\u2000")


def _term(word: str) -> str | None:
    return None if is_stop(word) else stem(word)


_TERMS = Memory(_term, 1 << 14)


def term(word: str) -> str | None:
    """The stem of ``word``; None where it says nothing on its own."""
    return _TERMS[word]


class Words(NamedTuple):
    """The words of one text."""

    written: tuple[str, ...]
    """In order, as :func:`split` finds them, without those that are longer than a word can be."""
    terms: tuple[str, ...]
    """What the text is compared, indexed and searched by: the stems in order, repetitions kept, without function
    words. A text of function words only has none."""


@remembered(TEXTS)
def read(text: str) -> Words:
    """The words of ``text``. Threads, topics and the index all ask for those of a message; they are found once."""
    words = written(text)
    return Words(words, tuple(filter(None, map(_TERMS.__getitem__, words))))


def written(text: str) -> tuple[str, ...]:
    """:attr:`Words.written` of ``text``."""
    words = split(text)
    return tuple(words) if len(text) <= LONGEST else tuple([word for word in words if len(word) <= LONGEST])


def terms(text: str) -> tuple[str, ...]:
    """:attr:`Words.terms` of ``text``. Index and query must go through this same function."""
    return read(text).terms


_FUNCTION_WORDS = {
    "english": """a about above after again against all am an and any anybody anyone anything are arent as at be because
        been before being below between both but by can cannot cant could couldnt did didnt do does doesnt doing dont
        down during each every everybody everyone everything few for from further get gets getting go goes going gonna
        got gotta had hadnt has hasnt have havent having he hed hell her here hers herself hes him himself his how hows
        i id if ill im in into is isnt it itll its itself ive just let lets like me more most much must my myself no nor
        not now of off on once one only or other ought our ours ourselves out over own really same shall shant she shed
        shes should shouldnt so some somebody someone something still such than that thats the their theirs them
        themselves then there theres these they theyd theyll theyre theyve thing things this those though through to too
        under until up upon us very wanna was wasnt we wed well were werent weve what whats when whens where wheres
        which while who whom whos whose why whys will with without wont would wouldnt yet you youd youll your youre
        yours yourself yourselves youve""",
    "german": """aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf
        aus bei beim bin bis bist da damit dann das dass dasselbe dazu dein deine deinem deinen deiner dem den denn der
        derer des dessen dich dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer
        eines einig einige einmal er es etwas euch euer eure fur gegen gewesen hab habe haben hast hatte hatten hier hin
        hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in indem ins ist ja jede jedem jeden jeder jedes
        jene jener jetzt kann kein keine keinem keinen keiner konnen konnte mach machen mal manche mehr mein meine
        meinem meinen meiner mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine
        seinem seinen seiner selbst sich sie sind so solche soll sollte sondern sonst uber um und uns unser unsere unter
        viel vom von vor wahrend warum was weg weil weiter welche welcher wenn wer werde werden wie wieder will wir wird
        wirst wo wollen wollte wurde wurden zu zum zur zwar zwischen""",
    "french": """ai as au aux avait avec avoir c ca ce ceci cela ces cest cet cette chez comme d dans de des du elle
        elles en encore est et etaient etait ete etes etre eu eux fait faut il ils j jai je jetais jusqu l la le les
        leur leurs lui ma mais me meme mes moi mon n ne nos notre nous on ont ou par parce pas peu peut pourquoi qu
        quand que quel quelle quelles quels qui quoi s sa se sera ses si soi sommes sont suis sur t ta te tes toi ton
        tres tu un une vos votre vous y""",
    "spanish": """a al algo alguien alguno algunos ante antes aqui asi aun aunque cada como contra cual cuando de del
        desde donde dos el ella ellas ellos en entre eran eras eres es esa esas ese eso esos esta estaba estado estan
        estar estas este esto estos estoy fue fueron ha habia han has hasta hay he hemos la las le les lo los mas me mi
        mis mucho muchos muy nada ni no nos nosotros nuestra nuestro o os otra otro otros para pero poco por porque que
        quien quienes se sea ser si sido sobre somos soy su sus tambien tanto te tengo tiene tienen todo todos tu tus un
        una uno unos usted ustedes y ya yo""",
    "portuguese": """a ao aos aquela aquele aquilo as ate com como da das de dela dele deles depois do dos e ela elas
        ele eles em entao entre era essa esse esta estamos estao estar estava este estes estou eu foi foram ha isso isto
        ja la lhe mais mas me mesmo meu meus minha muito na nao nas nem no nos nossa nosso num numa o os ou para pela
        pelo pelos por porque pra pro qual quando que quem se seja sem ser seu seus so sua suas tambem te tem tenho ter
        teu tinha tu tua um uma umas uns vai voce voces vou""",
    "italian": """a ad agli ai al alla alle allo anche avere aveva avete c che chi ci come con contro cosa cui da dagli
        dai dal dalla de degli dei del della delle dello di dove e ed era erano essere fa gli ha hai hanno ho i il in io
        l la le lei li lo loro lui ma mi mia mie miei mio molto ne negli nei nel nella nelle noi non nostra nostro o
        ogni per perche piu quale quando quanto quella quelle quelli quello questa queste questi questo qui se sei senza
        si sia siamo siete sono sta stato su sua sue sui sul sulla suo suoi ti tra tu tua tuo tutti tutto un una uno vi
        voi vostra vostro""",
    "dutch": """aan al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een eens en
        er ge geen geweest haar had heb hebben heeft hem het hier hij hoe hun iemand iets ik in is ja je jij jou kan
        kon kunnen maar me meer men met mij mijn moet na naar niet niets nog nu of om omdat ons ook op over reeds te
        tegen toch toen tot u uit uw van veel voor waren was wat we wel werd wezen wie wij wil worden zal ze zelf zich
        zij zijn zo zonder zou""",
    "polish": """aby albo ale bardzo bez bo by byc byl byla bylo byly bym ci cie co czy dla do dzis gdy gdzie go i ich
        ile im inny ja jak jako je jeden jego jej jemu jesli jestem ju juz kiedy kto ktora ktore ktory ma mam mi mnie
        moj moja moje moze mu my na nad nam nas nasz nawet nic nich nie niech nim niz no o od on ona one oni ono oraz po
        pod poniewaz przed przez przy sa sam sie skad sobie ta tak taki tam te tego tej tez to tobie tu twoj ty tylko
        tym u w we wiec wszystko z za ze zeby""",
    "swedish": """alla allt att av blev bli blir da de dem den denna dess det detta dig din ditt du efter ej eller en
        er ett fran ha hade han hans har hon honom hur i icke in ingen inom inte jag ju kan kunde man med mellan men mig
        min mitt mot mycket ni nu nagon nagot och om oss pa sa sedan sig sin sitt ska skulle som till under upp ut utan
        vad var vara vem vi vid vilka vilken varför""",
    "turkish": """acaba ama ancak bana bazi belki ben bende beni benim bir biz bu bunu cok cunku da daha de defa degil
        diye en gibi hem hep her hic icin ile ise kez ki kim mi mu nasil ne neden nerde nerede niye o sana sen seni
        senin siz su tum var ve veya ya yani yok""",
    "russian": """а без бы был была были было быть в вам вас весь во вот все всё всего всех вы где да даже для до его ее
        её если есть еще ещё же за здесь и из или им их к как какая какой когда кто ли лучше между меня мне много может
        можно мой моя мы на над надо нас не него нее ней нет ни них но ну о об он она они оно от очень по под после
        потом потому почему при про с сам свою себе себя сейчас со так такой там тебя тем теперь то тоже только том тот
        тут ты у уже хоть чего чем что чтобы чуть эта эти это этого этой этом этот я""",
}
_ELSEWHERE = """
    all also alle ale ante as car con den die dos era fin hat hell her hin id ill man mas men met no
    once one os per pod pro ser she shed sin so son sur tam tu was wed well were will wing
"""
_MEANINGFUL_ELSEWHERE = frozenset(_ELSEWHERE.split())
"""Function words of one language that carry meaning in another: only those of English stay in the list."""

STOP = frozenset(
    fold(word)
    for language, words in _FUNCTION_WORDS.items()
    for word in words.split()
    if language == "english" or word not in _MEANINGFUL_ELSEWHERE
)
