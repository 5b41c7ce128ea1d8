"""The cleaner, held to vectors of our own: (what the model wrote, what viewers see).

Every vector is cleaned whole, one character at a time, cut at each place, and once more after it is clean.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_service.prompt.notes import as_note, notes
from llm_service.response_cleaner import ResponseCleaner, characters, chat, loops, markers, phrases, prose, sentences
from llm_service.response_cleaner.formats import ANSWER_TAGS, LITERALS, THOUGHT_TAGS, TOOL_TAGS
from llm_service.response_cleaner.speakers import Speakers
from llm_service.turn_taking import crowd_lines
from llm_service.types import Message, Recalled

ROOM = {"bot_name": "Pip", "usernames": ("Ann", "kat_99", "Mo")}

MARKED = [
    ("<think>\n\n</think>\n\nHello", "Hello"),
    ("Plan it.\n</think>\n\nGo left.", "Go left."),
    ("<think>a</thinking>Hey", "Hey"),
    ("<thinking>a</think>Hey", "Hey"),
    ("<THINKING >a</THINKING>Hey", "Hey"),
    ('<think type="x" n=1>a</think>Hey', "Hey"),
    ("Well, <think hidden>a</think> yes", "Well, yes"),
    ("So <think and see> works", "So <think and see> works"),
    ("<answer the call> please", "<answer the call> please"),
    ("<think>a<//think>Yo", "Yo"),
    ("<think>a</\\think>Yo", "Yo"),
    ("<antThinking>x</antThinking>Hi", "Hi"),
    ("<inner_monologue>x</inner_monologue>Hi", "Hi"),
    ("<scratchpad>x</scratchpad>Hi", "Hi"),
    ("<推敲>x</推敲>你好", "你好"),
    ("<seed:think>a<seed:cot_budget_reflect>b</seed:cot_budget_reflect>c</seed:think>Yo", "Yo"),
    ("<mm:think>a</mm:think>Yo", "Yo"),
    ("</mm:think>Yo", "Yo"),
    ("[THINK]a[/THINK]\n\nYo", "Yo"),
    ("a[/THINK]Yo", "Yo"),
    ("◁think▷a◁/think▷Yo", "Yo"),
    ("a◁/think▷Yo", "Yo"),
    ("<|inner_prefix|>a<|inner_suffix|>Yo", "Yo"),
    ("<|think:start|>a<|think:end|>Yo", "Yo"),
    ("<|think|>a<|end|><|begin|>assistant<|content|>Yo<|end|>", "Yo"),
    (" to=self<|message|>hmm<|eom|><|start|>assistant to=user<|message|>Yo<|eot|>", "Yo"),
    ("<|message_model|><|content_text|>Loud<|end_message|>", "Loud"),
    ("<|channel|>final<|message|>Yo<|return|>", "Yo"),
    ("<|channel|>commentary<|message|>Wait.<|end|><|start|>assistant<|channel|>final<|message|>Yo", "Wait. Yo"),
    (
        '<|start|>functions.x to=assistant<|channel|>commentary<|message|>{"a":1}<|end|>'
        "<|start|>assistant<|channel|>final<|message|>Yo",
        "Yo",
    ),
    (
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary to=functions.x"
        ' <|constrain|>json<|message|>{"a":1}<|call|>',
        "",
    ),
    ("<|start|>assistant<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Yo", "Yo"),
    ("analysisWe should greet.assistantfinalYo all", "Yo all"),
    ("analysis\nWe should greet.\nassistantfinal\nYo all", "Yo all"),
    ("assistantfinalYo", "Yo"),
    ("assistantanalysisHmm ok.assistantfinalYo", "Yo"),
    ('analysisUser wants x.assistantcommentary to=functions.get json{"a":1}assistantfinalYo', "Yo"),
    ("<|channel>thought\na<channel|>Yo<turn|>", "Yo"),
    ("thought\n\nYo there", "Yo there"),
    ("thought\nplan<channel|>Yo", "Yo"),
    (
        "<|open|>think<|sep|>a<|close|>think<|sep|><|open|>response<|sep|>Yo<|close|>response<|sep|><|close|>message<|sep|>",
        "Yo",
    ),
    ("a<|close|>think<|sep|><|open|>response<|sep|>Yo", "Yo"),
    ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Yo <co>b</co: 0:[1]>!<|END_RESPONSE|>", "Yo b!"),
    ("a<|START_RESPONSE|>Yo", "Yo"),
    ("Here's my thought process: a\nHere's my response: Yo", "Yo"),
    ("Here are my reasoning steps: a [BEGIN FINAL RESPONSE]Yo[END FINAL RESPONSE]", "Yo"),
    ("a [BEGIN FINAL RESPONSE] Yo [END FINAL RESPONSE]", "Yo"),
    ("<|start_of_reasoning|>a<|end_of_reasoning|>Yo", "Yo"),
    ("a<｜end▁of▁thinking｜>Yo", "Yo"),
    ('<|tool▁calls▁begin|>x{"a":1}<|tool▁calls▁end|>Yo', "Yo"),
    ("<|tool_result_begin|>x<|tool_result_end|>Yo", "xYo"),
    ("<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>Yo<|end_of_solution|>", "Yo"),
    (
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 s</summary>\n> a\n</details>\nYo',
        "Yo",
    ),
    ("<DETAILS open type='reasoning'>a</DETAILS>Yo", "Yo"),
    ("<details><summary>x</summary>y</details>", "<details><summary>x</summary>y</details>"),
    ("<think>a\n<answer>Yo</answer>", "Yo"),
    ("<think>plan</think><final>Yo</final>", "Yo"),
    ("<think>a<|im_end|>\n<|im_start|>assistant\nYo<|im_end|>", "Yo"),
    ("Yo</s>", "Yo"),
    ("Yo<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nbye", "Yo"),
    ("Yo [INST] more [/INST] x", "Yo"),
    ("[INST] q [/INST] Yo", "Yo"),
    ("[INST] <<SYS>>s<</SYS>> q [/INST] Yo", "Yo"),
    ("<|im_start|>assistant\nYo", "Yo"),
    ("<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\nYo", "Yo"),
    ("<start_of_turn>model\nYo<end_of_turn>", "Yo"),
    (
        "<|start_header_id|>user<|end_header_id|>\n\nq<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYo",
        "Yo",
    ),
    ("<｜User｜>q<｜Assistant｜>Yo<｜end▁of▁sentence｜>", "Yo"),
    ("<pad><pad>Yo<unk>", "Yo"),
    ("Yo <|fim_prefix|>there", "Yo there"),
    ("Yo<|endoftext|>Human: hi", "Yo"),
    ("<bos>Yo<eos><eos>", "Yo"),
    ("<BOS_TOKEN>Yo<EOS_TOKEN>", "Yo"),
    ("<|startoftext|>Yo<|end▁of▁sentence|>more", "Yo"),
    ("<|im_start|>bot\nYo", "Yo"),
    ("Yo <0x0A><unused7>there", "Yo there"),
    ("A <co: 0>b</co: 0> c", "A b c"),
    ("It costs <s>10</s> 5 now", "It costs 10 5 now"),
    ("a <|custom|> b", "a <|custom|> b"),
    ("[Kappa] hi [x]", "[Kappa] hi [x]"),
    ("I <3 you, </3 though", "I <3 you, </3 though"),
    ("Use `</s>` or `<|im_end|>` there", "Use `</s>` or `<|im_end|>` there"),
    ('The "<think>" tag is shown', 'The "<think>" tag is shown'),
    ("Put it in the <think> tag please", "Put it in the <think> tag please"),
    ("/ban <user> <reason> bans", "/ban <user> <reason> bans"),
    ("Map<Reason> and List<Plan> work", "Map<Reason> and List<Plan> work"),
    ("```xml\n<think>x</think>\n```\nLike so", "```xml\n<think>x</think>\n```\nLike so"),
    ("``<think>`` works", "``<think>`` works"),
    ("<think>use ``` here</think>Yo", "Yo"),
    ("<think>a `</think>` b</think>Yo", "Yo"),
    ('<think>a "</think>" b</think>Yo', "Yo"),
    ("<think>the <think> tag</think>Yo", "Yo"),
    ("<think>maybe <think> x</think>Yo", "Yo"),
    ("<think>a<think>b</think>c</think>Yo", "Yo"),
    ("Is a<b<|im_end|>", "Is a<b"),
    ("Yo <thi<<SYS>>", "Yo <thi"),
    ("Yo </co:]~b] \n", "Yo </co:"),
    ("a <b <c> d", "a <b <c> d"),
    ("Look [1]<|im_end|>", "Look [1]"),
    ("Hi <think>a</think> there <think>b</think> you", "Hi there you"),
    ("<think>a</think>\nYo </think>", "Yo"),
    ("<think>a", ""),
    ("Yo <thi", "Yo <thi"),
    ('<tool_call>{"name":"x"}</tool_call>', ""),
    ('Ok.<function=foo>{"a":1}</function> Done', "Ok. Done"),
    ('[TOOL_CALLS][{"name":"x","arguments":{}}]', ""),
    ('[TOOL_CALLS]foo[ARGS]{"a": "]}"} ok', "ok"),
    ("<|python_tag|>print(1)<|eom_id|>", ""),
    (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>x\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>Yo",
        "Yo",
    ),
    ("<|tool_call>call:x{a:1}<tool_call|>Yo", "Yo"),
    ('<tool_call>{"a": "it\'s " broken}</tool_call> Yo', "Yo"),
    ('<function_calls><invoke name="x"><parameter name="a">1</parameter></invoke></function_calls>Yo', "Yo"),
    ('<minimax:tool_call>\n<invoke name="x"></invoke>\n</minimax:tool_call>Yo', "Yo"),
    ("/no_think\nYo", "Yo"),
    ("Write /no_think to stop it", "Write /no_think to stop it"),
    ("Turn it off with /no_think", "Turn it off with /no_think"),
    ("&lt;think&gt;x&lt;/think&gt;Yo", "Yo"),
    ("<think>x<\\/think>Yo", "Yo"),
    ("a &lt; b &amp; c", "a &lt; b &amp; c"),
    ("<think/>Yo", "Yo"),
    ("<think />Yo", "Yo"),
    ("a<b and c>d", "a<b and c>d"),
    ("if (a<think) x", "if (a<think) x"),
    ("<answer>Yo</answer>", "Yo"),
    ("I say <answer>Yo</answer>", "I say <answer>Yo</answer>"),
    ("I say <answer>x</think>Yo</answer>", "Yo"),
    ("<think>a</think>So: <answer>Yo</answer>", "So: Yo"),
    ("<reasoning>\nx\n</reasoning>\n<answer>\nYo\n</answer>", "Yo"),
    ("x\n</reasoning>\n<answer>Yo</answer>", "Yo"),
    ("<think>\nx\n</think>\n\n<think>\n\n</think>\n\nYo", "Yo"),
    ("<think>x</think></think>Yo", "Yo"),
    ("The </think> tag ends it.", "The </think> tag ends it."),
    ("Hello!<|end|><|user|>q<|end|><|assistant|>more", "Hello! more"),
    ("[SYSTEM_PROMPT]x[/SYSTEM_PROMPT]Yo", "Yo"),
    ("Yo<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nx", "Yo"),
    ("<|assistant|>\nYo", "Yo"),
    ("[gMASK]<sop><|assistant|>Yo", "Yo"),
]
"""Marked thoughts, tokens and tools of every family, and text that only looks like them."""

SEAMS = [
    ("<th<pad>ink>Yo", "<thinkYo"),
    ("<th<th<th<th<think>a</think>ink>Yo", "<th<th<th<thinkYo"),
    ("Yo </thi<think>a</think>nk>", "Yo </thin>"),
    ("<th" * 40 + "<pad>ink>Yo", "<th" * 40 + "inkYo"),
    ("<<x" * 30 + "<pad><t", "<<x" * 30 + "<t"),
    ("<think a='<pad>b'>>Yo", "<think a='b'Yo"),
    ("<think a='" + "b" * 99 + "<pad>'>Yo", "<think a='" + "b" * 99 + "'Yo"),
    ("[<pad>INST]Yo", "[INSTYo"),
    ("[<pad>[THINK]x[/THINK]THINK] Yo", "[THINK Yo"),
    ("<<SYS<pad>>> Yo", "<<SYS> Yo"),
    ("&<pad>lt;think&gt; Yo", "&lt;think&gt Yo"),
    ("]<pad>~b]Yo", "]~bYo"),
    ("Say /no<pad>think", "Say /nothin"),
    ("Say /think<pad>er", "Say /think er"),
    ("analy<pad>sis We plan.assistantfinalYo", "Yo"),
    ("analysis of it. assistant<pad>final Yo", "analysis of it. assistantfina Yo"),
    ("```py<pad>\n<pad>\n```\nYo", "```py\n<pad>\n```\nYo"),
    ("```<pad>\n```\n<pad>Yo", "```\n```\nYo"),
    (
        "```<|end|><|start|>assistant<|channel|>final<|message|><pad>\n```\n<pad>Yo",
        "```\n<pad>\n```\nYo",
    ),
    ("``<pad>`\n<think>x</think>Yo", "``<pad>`\nYo"),
    ("``<pad>\n`<think>x</think>Yo", "``\n`Yo"),
    ("~~<pad>~\n<think>x</think>Yo", "~~ ~\nYo"),
    ("`<think>x\n</think>Yo` <pad>`", "`Yo` `"),
    ("the <think> tag<pad>ged", "the <think> tagged"),
    ('"<answer><pad>"</answer><pad>', '"<answer>"</answer>'),
    ('<tool_call>{"</tool_call><reason>x</reason>Yo', "Yo"),
    ("x<<reason> y", "x<<reason> y"),
    ("</think<think>x</think>n=a>", "</think n=a"),
    ("<reason></plan><plan>\n~~~\n</plan>", "<reason></plan><plan>\n~~~\n</plan>"),
]
"""What meets where something was taken out makes no marker and no code; and what was there stays."""

SAME = [
    "(Reply to this if you agree!) Ha.",
    "(About time: finally!) ok",
    "(Earlier, I said no.) Now yes.",
    "I counted [x3] wins.",
    "Note: the stream starts at 12:30.",
    "Tip: press F to jump",
    "Rule 1: no spoilers",
    "Okay, the user interface changed a lot.",
    "The user is always right.",
    "Let me think... Hades is better!",
    "First, I need to thank you all.",
    "12:30 works for me",
    "I <3 you all :)",
    "That was close >:( but ok",
    "B) nice one o_O",
    "R) yo",
    ":-/ hmm",
    "_ _ hi",
    "f(x) = x*y*z and a*b",
    "5 * 3 * 2 = 30",
    "snake_case_name and __init__ stay",
    "~ 5 minutes",
    "~~ wave",
    "!join my_queue",
    "#1 fan here",
    "#notaheading",
    "*She waves.",
    "> 9000",
    "https://a.b/*x*",
    " ".join(["PogChamp"] * 20),
    " ".join(["LUL Kappa"] * 10),
    "哈哈哈。哈哈哈。哈哈哈。",
    "Let me think... Pizza. The user is right.",
    "-5 degrees",
    "1. place goes to Ann",
    "Kappa Kappa Kappa Kappa Kappa Kappa",
    "GG GG GG GG GG",
    "hahahahahahaha",
    "no no no no no no",
    "LETS GOOOOOOOO",
    "(around 3pm)",
    "[clip] look at that",
    '"Yes" or "no"?',
    "'tis the season, y'all",
    '"The Legend of Zelda"',
    'I said "hello" to "Ann"',
    "See https://a.b/c_(d)_e_f. Nice",
    "www.example.com/a_b_c*d",
    "https://x.y/a*b*c*d",
    "me@my_mail.co says hi",
    ":tf: >.< ^_^ T_T",
    "(づ｡◕‿‿◕｡)づ",
    "¯\\_(ツ)_/¯",
    "ʕ•ᴥ•ʔ",
    "می\u200cروم به خانه",
    "नमस्ते दुनिया क्\u200dष",
    "👨\u200d👩\u200d👧\u200d👦 family 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "#️⃣ 1️⃣ 🇩🇪",
    "C++ > C && a || b",
    "a -> b => c",
    "<3 <3 <3",
    "x < y > z",
    "D: no way",
    "Ann: that one is for you",
    "Dr. Smith is here",
    "e.g. this one. And that",
    "We need to respond faster in teamfights",
    "I should say it was fun",
    "Thought: what if we all raid them?",
    "Response: 200 OK",
    "The viewer count is at 300 now",
    "Plan: push mid",
    "I think the boss is weak",
    "*gulp",
    "rating: 5*",
    "5* hotel and 4* food",
    "@Ann hi",
    ".NET is fine",
    "... what",
    "Final answer: 42",
    'who said "think"?',
    "50% off & more",
    "Type /help for help",
    "~(˘▾˘~)",
    "we ♥ you",
    "(⊙_⊙) wat",
    "a_b_ c_d_",
    "@_x_ hi @mod_maya_ yo",
    "_(:3」∠)_",
    "https://x.y/**a**/b",
    "ന്\u200d",
    "2**8 = 256 and 3**2",
    "\\o/",
    "$5 and $10",
]
"""Chat that must come out as it went in."""

SPOKEN = [
    ("[×3] Ann and Mo: gg\nSure, gg!", "Sure, gg!"),
    ("Sure!\n[×37] Ann, Mo and 35 others: KEKW", "Sure!"),
    ("Hey [×200] Mo, hi!", "Hey Mo, hi!"),
    ("(This follows on Ann: hi) Sure thing!", "Sure thing!"),
    ("(Earlier, 2 hours ago, Zed: I love cats (really)) You love cats, Zed!", "You love cats, Zed!"),
    ("(Reply to Ann, kat_99)\nHi both!", "Hi both!"),
    ("Tea, Mo? (About Mo: likes tea; has a cat)", "Tea, Mo?"),
    ("Pip: hi", "hi"),
    ("**Pip**: hi", "hi"),
    ("**Pip:** hi", "hi"),
    ("[Pip]: hi", "hi"),
    ("<Pip> hi", "hi"),
    ("pip: Pip: hi", "hi"),
    ("Assistant: Pip: hi", "hi"),
    ("AI: hi", "hi"),
    ("Hi.\nPip: more", "Hi. more"),
    ("Hi\nAnn: lol", "Hi"),
    ("Hi\n<Ann> lol", "Hi"),
    ("Hi\nUser: x", "Hi"),
    ("Hi\n\nHuman: x\nAssistant: y", "Hi"),
    ("Ann: yes\nMo: no", "Ann: yes Mo: no"),
    ("Standings:\nAnn: 5\nMo: 3", "Standings: Ann: 5 Mo: 3"),
    ("Ann: hi?\nPip: hey!", "hey!"),
    ("Hi\n### User:\nx", "Hi"),
    ("### Response:\nHi", "Hi"),
    ("Hi.\n\n                    ##Response\nyo", "Hi. yo"),
    ("Hi\nBob: quoted", "Hi Bob: quoted"),
    ("## Plan\n- one\n- two", "Plan one, two"),
    ("* a\n* b", "a, b"),
    ("1. a\n2. b", "1. a 2. b"),
    ("> quote\nyes", "quote yes"),
    (">be me", ">be me"),
    ("**bold** and __b__ and ~~s~~", "bold and b and s"),
    ("_really_ good", "really good"),
    ("`a` and ``b``", "a and b"),
    ("Type `/help` now", "Type /help now"),
    ("**/ban Ann**", "ban Ann"),
    ("```py\nprint(1)\n```", "print(1)"),
    ("[x](https://a.b/c_d)", "x https://a.b/c_d"),
    ("<https://a.b>", "<https://a.b>"),
    ("![](https://a.b/c.png)", "https://a.b/c.png"),
    ("a<br>b", "a b"),
    ("***\nhi\n***", "hi"),
    ("hi\n---\nyo", "hi yo"),
    ("| a | b |\n|:--|--:|\n| 1 | 2 |", "a b 1 2"),
    ("- [ ] do\n- [x] done", "do, done"),
    ("*waves* hi!", "hi!"),
    ("*waves*", "waves"),
    ("Well, yes. *adjusts glasses*", "Well, yes."),
    ("*Waves* Hello", "Hello"),
    ("*She waves.* Hello", "Hello"),
    ("*Sighs.* *winks 😉* Fine.", "Fine."),
    ("*hugs kat_99* Hello", "Hello"),
    ("*pauses, thinking about it* Okay!", "Okay!"),
    ("(thought process: x) hi", "hi"),
    ("Nice! *claps* You did it", "Nice! You did it"),
    ("gg *hugs*", "gg"),
    ("*softly smiles* Welcome back", "Welcome back"),
    ("_nods_ Yes", "Yes"),
    ("I *love* it", "I love it"),
    ("*tomorrow* at nine", "tomorrow at nine"),
    ("*Really* good", "Really good"),
    ("that *always* works", "that always works"),
    ("*thinks: what now* ok", "ok"),
    ("(internal monologue: x) hi", "hi"),
    ("[thinking: x (y) z] hi", "hi"),
    ("hi (thought: x)", "hi"),
    ("（思考：x）你好", "你好"),
    ("“Hello there, chat!”", "Hello there, chat!"),
    ("'Hello there, chat!'", "Hello there, chat!"),
    ("'It's on, chat!'", "It's on, chat!"),
    ("«Привет всем!»", "Привет всем!"),
    ('**"Hi all!"**', "Hi all!"),
    ('"gg everyone"', "gg everyone"),
    ("/ban Ann", "ban Ann"),
    ("/me waves", "waves"),
    (".timeout Ann 5", "timeout Ann 5"),
    ("/r/speedrun is fun", "r/speedrun is fun"),
    ("Pip: /ban Ann", "ban Ann"),
    ("a\u200bb", "ab"),
    ("a\ufeffb\u2060c", "abc"),
    ("x\u202ey\u202c", "xy"),
    ("a\tb", "a b"),
    ("a\u0000b", "ab"),
    ("\u001b[1mhi\u001b[0m", "hi"),
    ("a\u200db", "ab"),
    (
        "I love cats a lot. I love cats a lot. I love cats a lot. I love cats a lot. I love cats a lot. ",
        "I love cats a lot.",
    ),
    (
        "and then we go home " * 8,
        "and then we go home",
    ),
    ("The answer is 42 " * 8, "The answer is 42"),
    ("我喜欢这个游戏。" * 4, "我喜欢这个游戏。"),
    ("so, so, so, so, so, so, so, so, so, so, so, so, so, so, so, so, so, so, so, so, ", "so"),
    ("The user asks about time. I should be short.\n\nAt nine!", "At nine!"),
    ('Okay, the viewer is asking for a joke. Let me think. So I\'ll say: "Knock knock!"', "Knock knock!"),
    ("We need to respond as Pip. Keep it short.\n\nHey hey!", "Hey hey!"),
    ("Thinking Process:\n\n1. **Analyze the Request:** joke\n2. Draft\n\nFinal answer: Boo!", "Boo!"),
    ("Reasoning: they want a song.\nAnswer: Play Doom!", "Play Doom!"),
    ("**Thought:** x\n**Response:** y!", "y!"),
    ("El usuario pregunta la hora. Debo ser breve.\n\n¡A las nueve!", "¡A las nueve!"),
    ("Okay, the user wants a song. I should suggest one.", ""),
    ("Let me think about this. The user wants a snack. I could say popcorn.\n\nPopcorn!", "Popcorn!"),
    ("We need to answer briefly. The user asks when. So answer: Nine.", "Nine."),
    ("O usuário quer saber a hora. Devo responder.\n\nÀs nove!", "Às nove!"),
    ("Hmm, the user said hi. I need to greet.\n\nLet me keep it short.\n\nHi!", "Hi!"),
    ("首先，用户在问时间。我需要回答。\n\n九点！", "九点！"),
]
"""The chat stage."""

CUT = [
    ("One two. Three fo", "One two."),
    ("No end at all", "No end at all"),
    ("Nice! See you Kappa", "Nice!"),
    ("gg 😀", "gg 😀"),
    ("Nice! See you :)", "Nice! See you :)"),
    ("We need to respond to the user who asks", ""),
    ("Thinking Process:\n\n1. **Analyze the Request:**\n2. **Draft:** hi\n", ""),
    ("Dr. Smith is", "Dr. Smith is"),
    ("We'll be live… and then", "We'll be live…"),
    ("v1.2 is out. It has a", "v1.2 is out."),
    ("Hi! <thi", "Hi!"),
    ("<think>x", ""),
    ('He said "go!" And th', 'He said "go!"'),
    ("Okay, the user wants me to say hi", ""),
    ("A。B", "A。"),
]
"""Answers that ended at the token limit."""

HINTED = [
    ("Nine sharp, see you there!", True, "stop", "Nine sharp, see you there!"),
    ("They ask for the time, so I", True, "length", ""),
    ("They ask for the time.</think>Nine!", True, "stop", "Nine!"),
    ("<think>They ask for the time.</think>Nine!", True, "stop", "Nine!"),
    ("one\n[/THINK]Nine!", True, "stop", "Nine!"),
    ("one</reason>Nine!", True, "stop", "Nine!"),
    ("I look.\n<tool_call>\n<function=x>\n</function>\n</tool_call>", True, "stop", ""),
    ("I look. <tool_call>{}</tool_call> Now.</think>Nine!", True, "stop", "Nine!"),
    ("one <think> two</think>Nine!", True, "stop", "Nine!"),
    ("They ask.<|im_end|>", True, "stop", "They ask."),
    ("analysis of it.assistantfinalNine!", True, "stop", "Nine!"),
    ("Nine! </think> or ten", False, "stop", "Nine! </think> or ten"),
    ("Nine!</think>", False, "stop", "Nine!"),
    ("</think>Nine!", False, "stop", "Nine!"),
    ("Nine! <think>or ten?</think> Yes.", False, "stop", "Nine! Yes."),
]
"""What the caller knows about the prompt decides what the text alone cannot."""


def squeezed(text):
    return " ".join(unicodedata.normalize("NFC", text).split())


def streamed(cleaner, pieces, finish_reason="stop"):
    stream = cleaner.stream()
    shown = "".join([stream.feed(piece) for piece in pieces] + [stream.finish(finish_reason)])
    assert shown == stream.result.text
    return stream.result


def check(cleaner, raw, want, finish_reason="stop"):
    """The expected text, and the same for every way that the text may arrive."""
    cleaned = cleaner.clean(raw, finish_reason=finish_reason)
    assert squeezed(cleaned.text) == squeezed(want)
    assert streamed(cleaner, list(raw), finish_reason) == cleaned
    for size in (2, 3, 5, 7, 16):
        assert streamed(cleaner, [raw[at : at + size] for at in range(0, len(raw), size)], finish_reason) == cleaned
    for at in range(len(raw)):
        assert streamed(cleaner, [raw[:at], raw[at:]], finish_reason) == cleaned
    return cleaned


@pytest.mark.parametrize(("raw", "want"), MARKED)
def test_the_format_is_found_by_itself(raw, want):
    cleaner = ResponseCleaner(stage="reasoning")
    cleaned = check(cleaner, raw, want)
    assert cleaner.clean(cleaned.text).text == cleaned.text


@pytest.mark.parametrize("hint", [None, False])
@pytest.mark.parametrize(("raw", "want"), SEAMS)
def test_what_meets_makes_no_marker(raw, want, hint):
    cleaner = ResponseCleaner(stage="reasoning", prompt_opens_reasoning=hint)
    assert check(cleaner, raw, want).text == want
    assert cleaner.clean(want).text == want
    chat = ResponseCleaner(**ROOM, prompt_opens_reasoning=hint).clean(raw).text
    assert ResponseCleaner(**ROOM, prompt_opens_reasoning=hint).clean(chat).text == chat


@pytest.mark.parametrize(("reason", "want"), [("stop", "<<x" * 23 + "<<<t"), ("length", "<<x" * 23)])
def test_pieces_of_markers_in_a_long_row_may_arrive_in_any_pieces(reason, want):
    check(ResponseCleaner(stage="reasoning", prompt_opens_reasoning=False), "<<x" * 23 + "<<<t", want, reason)


@pytest.mark.parametrize("unit", ["#\n", "*\n", ">\n", "/me", "*_", "Go up! Go left! ", "hi! hi!\r", "(", "- * # > "])
def test_chat_that_repeats_a_mark_stays_clean(unit):
    for text in (unit * 20 + "x", unit * 20 + "x" + unit[::-1] * 20):
        cleaner = ResponseCleaner(**ROOM, prompt_opens_reasoning=False)
        once = cleaner.clean(text).text
        assert cleaner.clean(once).text == once


@pytest.mark.parametrize(("raw", "want"), MARKED)
def test_the_chat_stage_hides_what_the_reasoning_stage_hides(raw, want):
    cleaned = ResponseCleaner(**ROOM).clean(raw)
    assert len(cleaned.text) <= len(squeezed(want)) + 2
    assert "\n" not in cleaned.text


@pytest.mark.parametrize("hint", [None, False])
@pytest.mark.parametrize("text", SAME)
def test_clean_chat_stays_as_it_is(text, hint):
    assert check(ResponseCleaner(**ROOM, prompt_opens_reasoning=hint), text, text).text == text


@pytest.mark.parametrize("hint", [None, False])
@pytest.mark.parametrize(("raw", "want"), SPOKEN)
def test_a_line_of_chat_is_made(raw, want, hint):
    cleaner = ResponseCleaner(**ROOM, prompt_opens_reasoning=hint)
    cleaned = check(cleaner, raw, want)
    assert cleaned.text == want
    assert cleaner.clean(want).text == want


@pytest.mark.parametrize("hint", [None, False])
@pytest.mark.parametrize(("raw", "want"), CUT)
def test_a_cut_answer_ends_with_a_sentence(raw, want, hint):
    check(ResponseCleaner(**ROOM, prompt_opens_reasoning=hint), raw, want, "length")


@pytest.mark.parametrize(("raw", "hint", "finish_reason", "want"), HINTED)
def test_the_hint_decides(raw, hint, finish_reason, want):
    check(ResponseCleaner(stage="reasoning", prompt_opens_reasoning=hint), raw, want, finish_reason)


@pytest.mark.parametrize("name", [name for name, weak in THOUGHT_TAGS.items() if not weak])
@pytest.mark.parametrize(
    "shape", ["<{}>a b</{}>Yes!", "<{0} >\na b\n</{0}>\n\nYes!", '< {0} id="1">a b</ {0} >Yes!', "a b</{0}>Yes!"]
)
def test_every_tag_hides_its_thought(name, shape):
    for spelling in (name, name.upper(), name.title()):
        raw = shape.format(spelling, spelling)
        assert streamed(ResponseCleaner(stage="reasoning"), list(raw)).text == "Yes!"


@pytest.mark.parametrize("name", [*ANSWER_TAGS])
def test_every_answer_tag_is_a_wrapper(name):
    raw = f"<think>a</think>\n<{name}>\nYes!\n</{name}>"
    assert streamed(ResponseCleaner(stage="reasoning"), list(raw)).text == "Yes!"


@pytest.mark.parametrize("name", TOOL_TAGS)
def test_every_tool_tag_hides_its_call(name):
    raw = f'Look:\n<{name}>{{"a": "</{name}>"}}</{name}>\nthere'
    assert streamed(ResponseCleaner(stage="reasoning"), list(raw)).text == "Look:\nthere"


@pytest.mark.parametrize("spelling", LITERALS)
def test_no_marker_is_ever_shown_but_in_code(spelling):
    cleaner = ResponseCleaner(stage="reasoning", prompt_opens_reasoning=False)
    assert spelling not in streamed(cleaner, list(f"Well,{spelling}yes")).text
    quoted = f"Well, `{spelling}` yes"
    assert streamed(cleaner, list(quoted)).text == quoted


def test_reasoning_is_kept_aside_with_a_line_for_each_block():
    cleaned = ResponseCleaner(stage="reasoning").clean("<think>one</think>Hi <think>two</think>all")
    assert cleaned.reasoning == "one\ntwo"
    assert cleaned.text == "Hi all"


def test_the_reasoning_stage_keeps_lines_and_markdown():
    text = "# Plan\n\n- **one**\n- two\n\n```py\nx = 1\n```"
    assert ResponseCleaner(stage="reasoning").clean(f"<think>a</think>\n\n{text}").text == text


def test_with_the_hint_text_flows_at_once():
    stream = ResponseCleaner(stage="reasoning", prompt_opens_reasoning=False).stream()
    assert stream.feed("Hello ") == "Hello"
    assert stream.feed("there") == " there"
    assert stream.feed(" <") == ""
    assert stream.feed("3") == " <3"


def test_without_the_hint_an_answer_waits_until_a_marker_or_its_end():
    stream = ResponseCleaner(stage="reasoning").stream()
    assert stream.feed("Hello there") == ""
    assert stream.feed("<think>hm</think>") == "Hello there"
    assert stream.feed(", Ann") == ", Ann"


def test_the_chat_stage_publishes_sentence_by_sentence():
    stream = ResponseCleaner(**ROOM, prompt_opens_reasoning=False).stream()
    assert stream.feed("Nine it is. See") == "Nine it is."
    assert stream.feed(" you **there**! Bye") == ""
    assert stream.finish() == " See you there! Bye"


def said(name: str, text: str, number: int) -> Message:
    return Message(
        id=f"m{number}", room="r", username=name, text=text, speaker=name, line=text, sent_at=0.0, position=number
    )


def test_no_note_of_a_prompt_and_no_line_of_a_crowd_is_shown():
    lines = [said(name, "what a save", number) for number, name in enumerate(ROOM["usernames"])]
    noted = notes(
        recalled=[Recalled(message=lines[0], score=1.0)],
        about=[("Mo", ["likes tea", "has a cat"])],
        follows=[("you", "Nine sharp!"), ("Ann", "when is it")],
        hints=["Reply to Ann, Mo"],
        now=7200.0,
    )
    cleaner = ResponseCleaner(**ROOM)
    for echo in (*map(as_note, noted), *crowd_lines(lines)):
        check(cleaner, f"{echo}\nSure thing!", "Sure thing!")


def test_what_was_removed_is_counted():
    stream = ResponseCleaner(**ROOM).stream()
    stream.feed("<think>a</think>Pip: hi <pad>there<|im_end|>")
    stream.finish()
    assert stream.removed["think"] == 2
    assert stream.removed["special"] == 1
    assert stream.removed["end"] == 1
    assert stream.removed["speaker"] >= 1


def test_the_result_comes_after_the_end():
    stream = ResponseCleaner().stream()
    with pytest.raises(RuntimeError):
        _ = stream.result
    stream.finish()
    with pytest.raises(FrozenInstanceError):
        stream.result.text = "x"


def test_nothing_left_is_an_empty_text_and_no_message():
    cleaned = ResponseCleaner().clean("<think>only this</think>")
    assert (cleaned.text, cleaned.messages, cleaned.reasoning) == ("", (), "only this")


def test_names_are_known_whatever_their_case_and_characters():
    cleaner = ResponseCleaner(bot_name="Zoë.Bot*", usernames=["Ünal der Große"])
    assert cleaner.clean("zoë.bot*: hi").text == "hi"
    assert cleaner.clean("Hi\nünal DER grosse: hello").text == "Hi"


class TestEmotes:
    def test_they_keep_their_spelling(self):
        cleaner = ResponseCleaner(emotes=("*_*", "_dance_", "[ed]"))
        for text in ("*_* hi *_*", "so _dance_ now", "[ed] yes"):
            assert cleaner.clean(text).text == text

    def test_one_ends_a_sentence_that_was_cut(self):
        raw = "Nice! See you Kappa"
        assert ResponseCleaner(emotes=("Kappa",)).clean(raw, finish_reason="length").text == raw
        assert ResponseCleaner().clean(raw, finish_reason="length").text == "Nice!"

    def test_a_wall_of_them_is_no_loop(self):
        wall = " ".join(["peepohey"] * 30)
        assert ResponseCleaner(emotes=("peepohey",)).clean(wall).text == wall
        assert ResponseCleaner().clean(wall).text == "peepohey"

    def test_no_message_ends_inside_one(self):
        cleaner = ResponseCleaner(emotes=("big hug",), max_chars=12)
        assert cleaner.clean("well then big hug").messages == ("well then", "big hug")


class TestMessages:
    def test_they_end_with_sentences_then_with_words(self):
        cleaner = ResponseCleaner(max_chars=20)
        assert cleaner.clean("Short one here. And then more words").messages == (
            "Short one here.",
            "And then more words",
        )
        assert cleaner.clean("many words without any end mark").messages == ("many words without", "any end mark")

    def test_none_is_too_long_and_nothing_is_lost(self):
        text = "Ünïcödé wörds und so weiter, " * 40
        cleaned = ResponseCleaner(max_chars=50).clean(text + "end")
        assert max(map(len, cleaned.messages)) <= 50
        assert " ".join(cleaned.messages) == cleaned.text

    def test_an_endless_word_is_cut_between_graphemes(self):
        family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
        messages = ResponseCleaner(max_chars=12).clean(family * 9).messages
        assert set(messages) == {family * 2, family}
        assert len(ResponseCleaner(max_chars=3).clean("a" + "\u0301" * 9).messages) == 4

    def test_none_begins_with_a_command(self):
        messages = ResponseCleaner(max_chars=20).clean("you can always type /ban Ann in chat").messages
        assert not any(message.startswith("/") for message in messages)


def words(text):
    return text.split(" ")


PIECES = st.one_of(
    st.sampled_from([*LITERALS, *(f"<{name}>" for name in THOUGHT_TAGS), *(f"</{name}>" for name in THOUGHT_TAGS)]),
    st.sampled_from(
        words(
            "<think> </think> <think <thi < </ ink> th <0x0A> <unused7> <co> a=b> ` ``` ~~~ [ [TH INK]"
            " analysis assistantfinal * ** _ ~ *waves* ( ) :( <3 Pip:"
            " Ann: User: /ban /no_think - # 1. > | \\* \\ snake_case 2*3*4 https://a.b/c_d_e no. Yes! 。 “ ”"
            " ' \u200d \ud83d \x00 the tag"
        )
    ),
    st.sampled_from(
        [
            "\n",
            "\n\n",
            " ",
            "Okay, the user wants tea. ",
            "I should say hi. ",
            "Final answer: ",
            '"',
            "\u2028",
            "\n```\n",
        ]
    ),
    st.text(max_size=6),
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
MARKS = st.sampled_from(
    [
        *("<think>", "</think>", "<think/>", "<think a='b'>", "<pad>", "<co>", "<s>", "</s>", "<answer>", "</answer>"),
        *(
            "<reason>",
            "</reason>",
            "<think hidden>",
            "[THINK]",
            "[/THINK]",
            "[PAD]",
            "[INST]",
            "[e~[",
            "]~b]",
            "◁think▷",
        ),
        *("&lt;think&gt;", "<<SYS>>", "<</SYS>>", "<|im_end|>", "<|end|>", "<|start|>assistant", "<|channel|>final"),
        *(
            "<|message|>",
            "<tool_call>",
            "</tool_call>",
            '{"',
            "[TOOL_CALLS]",
            "<function=x>",
            "[Tool Call: x]",
            "<｜x｜>",
        ),
        *("<think>x</think>", "<reason>x</reason>", "<tool_call>{}</tool_call>", "<|im_start|>user\n"),
        *("/no_think", "/think", "analysis ", "analysis of", "assistantfinal", "thought\n", "to=a<|message|>"),
        *("`", "``", "```\n", "```py\n", "~~~\n", "\n```\n", "`<pad>`", "``<think>``", '"<pad>"', "the <think> tag"),
        *(
            "\n",
            " ",
            "\r\n",
            "x",
            "<",
            "[",
            "]",
            "&",
            "~",
            "*",
            "_",
            "(thinking: x)",
            "*waves*",
            "Pip: ",
            "Ann: ",
            "/me ",
        ),
    ]
)


@st.composite
def nests(draw):
    """Marks with marks put into them, at any place and many deep."""
    text = draw(MARKS)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(MARKS) + text[at:]
    return text * draw(st.sampled_from([1, 1, 1, 1, 30]))


NESTED = st.lists(nests(), max_size=4).map("".join)
HINTS = st.sampled_from([None, False, True])
STAGES = st.sampled_from(["chat", "reasoning"])
REASONS = st.sampled_from(["stop", "length", "tool_calls", "content_filter"])


@settings(deadline=None, max_examples=200)
@given(TEXTS | NESTED, st.lists(st.integers(0, 80), max_size=6), STAGES, HINTS, REASONS)
def test_any_split_gives_the_same(text, cuts, stage, hint, reason):
    cleaner = ResponseCleaner(stage=stage, **ROOM, prompt_opens_reasoning=hint, max_chars=20)
    places = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    pieces = [text[a:b] for a, b in zip(places, [*places[1:], len(text)], strict=True)]
    whole = cleaner.clean(text, finish_reason=reason)
    assert streamed(cleaner, pieces, reason) == whole
    assert streamed(cleaner, list(text), reason) == whole


@settings(deadline=None, max_examples=500)
@given(TEXTS | NESTED, STAGES, st.sampled_from([None, False]))
def test_clean_text_stays_clean(text, stage, hint):
    cleaner = ResponseCleaner(stage=stage, **ROOM, prompt_opens_reasoning=hint)
    once = cleaner.clean(text).text
    assert cleaner.clean(once).text == once


@settings(deadline=None)
@given(st.text(), STAGES, HINTS, REASONS)
def test_nothing_raises_and_all_of_it_can_be_sent(text, stage, hint, reason):
    cleaned = ResponseCleaner(stage=stage, prompt_opens_reasoning=hint, max_chars=9).clean(text, finish_reason=reason)
    cleaned.text.encode()
    assert all(0 < len(message) <= 9 for message in cleaned.messages)
    if stage == "chat":
        assert cleaned.text == " ".join(cleaned.text.split())


@pytest.mark.parametrize(
    "unit",
    ["<", "a <think>", "<think>x</think>", "` <think>", "<th", "</think>a", '<tool_call>{"', "&lt;", "\ud800", "\x00"],
)
@pytest.mark.parametrize("stage", ["chat", "reasoning"])
def test_long_text_made_to_hurt_is_taken(unit, stage):
    text = unit * (200_000 // len(unit))
    ResponseCleaner(stage=stage).clean(text)
    stream = ResponseCleaner(stage=stage, prompt_opens_reasoning=False).stream()
    for at in range(0, 20_000, 4):
        stream.feed(text[at : at + 4])
    stream.finish()


# ── Short ways lead to the same place ──

SIGNS = (
    "Go left! Ann: Pip: pip assistant: me .me .ban /me - -- --- + = 1. 12, 10:30 a-b 'so' it's 👋 你好。 e.g. #1 *hm*"
    " — – # ## ### :) and/or 24/7 /think ¿Que 你、好 0️⃣"
)
LINES = st.lists(st.sampled_from(SIGNS.split()), max_size=8).map(" ".join) | st.text(
    "aZ1 .,:-+=@'!%é你👋\n—–/#)、¿", max_size=20
)
CRIES = "Go left. go GO left Ann-Bo-Cy. yes yes! no 你好。 hm hm. a-b-c!"


@given(LINES, st.booleans(), st.booleans())
@settings(max_examples=1000, deadline=None)
def test_what_is_plain_is_left_alone_by_every_rule(text, begins, line):
    room = chat.Room(Speakers("Pip", ("Ann",)), frozenset())
    if chat._is_plain(text, starts=begins or line):
        assert chat._one_line(text, room, [], Counter(), begins=begins, line=line) == text.strip()


EVERY_CHARACTER = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))


def test_no_rule_is_about_a_plain_character():
    plain = "a" + "a".join(character for character in EVERY_CHARACTER if chat._PLAIN.fullmatch(character))
    room = chat.Room(Speakers("Pip", ("Ann",)), frozenset())
    assert chat._one_line(plain, room, [], Counter(), begins=False, line=False) == plain
    assert characters.scrub(plain) == characters._UNSEEN.sub("", plain) == plain
    assert not chat._OPEN.search(plain)
    assert not markers.contains(plain)


@pytest.mark.parametrize("quote", "'’")
def test_a_quote_in_a_plain_word_opens_nothing(quote):
    words = (f"{character}{quote}" for character in EVERY_CHARACTER)
    assert not chat._OPEN.search(" ".join(word for word in words if chat._PLAIN.fullmatch(word)))


def test_what_is_printable_has_nothing_to_scrub_but_blanks():
    printable = characters._BLANK.sub("", "".join(filter(str.isprintable, EVERY_CHARACTER)))
    for pattern in (characters._ANSI, characters._NEWLINE, characters._UNSEEN, characters._JOINERS):
        assert not pattern.search(printable)


@given(
    st.text("mrsDtvoX.1½²é_(ſ日\n ", max_size=11)
    | st.text("129٣", max_size=5)
    | st.sampled_from(["Prof", "approx", "i.e", "(Dr", "x Vol", "ﬆ"])
)
@settings(max_examples=1000, deadline=None)
def test_an_abbreviation_is_known_by_its_letters(text):
    assert sentences._abbreviated(text) == bool(sentences._ABBREVIATION.search(text))


FIRST_WORDS = words("Here analysis assistant commentary thought model final to= Hello answer to a F here mo")


@given(
    st.sampled_from(FIRST_WORDS),
    st.sampled_from(
        [
            *(
                " are my reasoning steps:",
                "'s my thought process:",
                "final The",
                "commentary ",
                " \nWell",
                " is",
                " to=",
            ),
            *("<|message|>", "to=user<|message|>", "\n", "\t", "We", "A", ""),
        ]
    ),
    st.integers(0, 40),
    st.booleans(),
)
@settings(max_examples=1000, deadline=None)
def test_an_opening_is_known_by_its_first_word(word, rest, length, partial):
    text = (word + rest)[: length + 1]
    found, expected = (
        match and (match.span(), match.partial, match.lastgroup)
        for match in (phrases.opening(text, partial=partial), phrases.OPENING.match(text, partial=partial))
    )
    assert found == expected


BEGINNINGS = "Okay, well the user's viewer asks We I need to have respond . Let me let's see Thought: el usuario quiere"


@given(st.lists(st.sampled_from([*BEGINNINGS.split(), " "]), max_size=8).map(" ".join))
@settings(max_examples=1000, deadline=None)
def test_a_monologue_begins_the_same_in_ascii(text):
    assert prose.suspicious(text) == bool(prose._SUSPECT.match(text.lstrip()))


@given(st.lists(st.sampled_from(CRIES.split()), max_size=40))
@settings(max_examples=1000, deadline=None)
def test_what_repeats_nothing_is_seen_without_a_closer_look(words):
    text = " ".join(words)
    assert loops.collapse(text) == loops.collapse_words("".join(loops._sentences(loops.split(text), ())), frozenset())
