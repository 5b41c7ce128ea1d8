"""What viewers say and what the model answers: the whole knowledge of the built-in model, as patterns of `grammar.expand`.

In answers ``{n}`` is the speaker's name with a blank before it and ``{cn}`` the same with a comma; both are empty when the
line had no name. Every answer ends up at one or two short sentences.
"""

# ruff: noqa: E501, SIM905 - a pattern stays on one line: a break would hide where it ends

from __future__ import annotations

from dataclasses import dataclass

from grammar import Slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One thing that viewers want, in their wordings, and the answers that fit."""

    name: str
    weight: float = 1.0
    asks: tuple[str, ...]
    answers: tuple[str, ...]
    nameless: tuple[str, ...] = ()
    """Answers when the line had no name, where the others would make no sense."""


GAME, FOOD, MUSIC, COLOUR, FILM, ANIMAL = "Tetris", "pizza", "jazz", "blue", "The Iron Giant", "otter"

BOT = "[bot|assistant|there|co-host|buddy|friend|dude|man|mate]"
YOUR = "[your|ur|your|your]"
YOU = "[you|u|you|you|ya]"
ARE = "[are|r|are|are]"
FAV = "[favorite|favourite|fav|favorit|fave|favorite|favourite|preferred|best]"
WHATS = "[what's|what is|whats|what is|what's|wats|what would you say is|tell me|so what's|hey what's|and what is|ok what's|may I ask what is|can you tell me|do you have a]"

JOKES = (
    "Why did the computer go to the doctor? It had a virus.",
    "Why was the math book sad? It had too many problems.",
    "What do you call a bear with no teeth? A gummy bear.",
    "Why do cows wear bells? Because their horns do not work.",
    "What is brown and sticky? A stick.",
    "Why did the scarecrow win a prize? He was outstanding in his field.",
    "What do you call a fish with no eyes? A fsh.",
    "Why can't a bicycle stand up? It is two-tired.",
    "What do you call cheese that is not yours? Nacho cheese.",
    "Why did the gamer bring a ladder? To reach the next level.",
    "What do clouds wear under their trousers? Thunderwear.",
    "Why was the robot tired? It had a hard drive.",
    "What did zero say to eight? Nice belt.",
    "Why do bees have sticky hair? They use a honeycomb.",
    "What is a cat's best colour? Purrple.",
    "How do trees get online? They just log in.",
)

_GREETING = (
    "Hello{n}! [Nice|Good|Great|Lovely] to [see|have] you [here|in chat|].",
    "Hi{n}! [Welcome to the chat.|Welcome in.|How are you today?|How is it going?|Good to see you.]",
    "Hey{n}! [Welcome to the stream.|Glad you are here.|How are you doing?|What is new?|Nice to see you.]",
    "Hello there{n}! [How are you?|Make yourself at home.|Welcome!]",
    "Welcome{n}! [It is good to have you here.|Good to see you.|Make yourself at home.]",
)

_FALLBACK = (
    "Sorry{n}, I am only the [small|tiny] built-in model[, so I cannot help with that| and that is too hard for me|].",
    "That is beyond me{cn}: I am only the [small|tiny] built-in model.",
    "No idea{cn}, I am only the [small|tiny] built-in model. [A bigger model would know.|Ask again once LM Studio is connected.|]",
)

INTENTS: tuple[Intent, ...] = (
    # ── coming and going ─────────────────────────────────────────────────────────────────────────────────────────
    Intent(
        name="greet",
        weight=4,
        asks=(
            "[ayo|ayy|yo|oi|aye|heyo|hewo|howdy|hai|haii|bonjour|hey there|hi there|hello there|wassup|whaddup|what's good] [{people}|partner|my people|legends|gamers|fellas|homies|besties|]",
            "{hello} [greetings|] from [germany|brazil|finland|texas|work|my bed|the bus|the kitchen|canada|rainy london|school|the gym|japan|my couch|the train|norway]",
            "{hello} {people} [how did I miss this|glad I made it|sorry I'm late|am I late|did I miss anything|what are we playing|finally home|just woke up|coffee in hand|with my tea|on my lunch break|nice to meet you]",
            "{hello} [KonCha|HeyGuys|VoHiYo|peepoHey|👋|catKISS|<3|o/|:D|^^|✌️|🙌]",
            "[I'm|im|I am] [late|finally here|here now|new around here|a first timer|just lurking but hi|back after a long time so hi|here hello]",
            "{hello} {people}",
            "{hello} [my|you|dear|lovely|beautiful|wonderful|sweet|good|my dear|you lovely] [people|chat|friends|folks|humans|bot|co-host|everyone|assistant|friend|stream]",
            "{hello} [to|and greetings to|and hello to] [everyone|you all|all of you|the chat|the whole stream|everybody|the bot|each of you] [here|tonight|today|]",
            "{hello} {hello} [{people}|]",
            "[and|well|so|oh|ok] {hello} [{people}|]",
            "[a warm|a big|a very nice|one big|my best] [hello|welcome|greeting] [to|for] [everyone|you all|the chat|all of you|you]",
            "[waving|waves|waves back|wave] [hello|hi|at chat|at everyone|to all|from the back|]",
            "[just|I'm just|only|quickly] [popping|dropping|stopping|coming|hopping|jumping|swinging] [in|by] [to say|for a quick|with a] {hello}",
            "{hello} [I|I've|I have] [just|only just|finally|also] [tuned in|come in|joined|arrived|made it|logged in|found this stream|sat down] [what's new|]",
            "[just|finally|only now] [tuned in|turned on the stream|made it here|hopped on|logged in|woke up and came here|here now] {hello}",
            "{hello} [first time|first visit|my first time|my first day|never been] [here|watching|in this chat|in chat|on this channel]",
            "{hello} [how nice to|good to|so nice to|great to] [see you|see you all|meet you|be here|have you here]",
            "[I'd like to|I want to|let me|may I] [say hello|greet everyone|greet you|say hi|introduce myself]",
            "[any|is there a] [hello|greeting] for me",
            "[say|please say|can you say|will you say] [hello|hi|hey] [to me|back|please|]",
            "[hello|hi|hey|heya|hiya|yo|howdy|greetings|hallo|hellooo|hii|heyy|helo|ello|sup|oi|hey hey|hi hi|hewwo|salutations|g'day|ahoy]",
            "[hello|hi|hey|heya|hiya|yo|howdy|greetings|helo] " + BOT,
            "[hello|hi|hey|hiya|yo|howdy|greetings] [everyone|everybody|all|chat|people|folks|guys|friends|y'all|streamer|world|again|to all of you|from Germany|from Brazil|from the couch|from work]",
            "[just|] [saying|wanted to say|came to say|dropping by to say|here to say] [hi|hello|hey]",
            "[hi|hello|hey] [I just got here|just arrived|just joined|what did I miss|nice to be here|glad to be here|nice stream|nice to meet you|pleased to meet you|it's me]",
            "[nice|good|great] to [meet|see] " + YOU,
            "[I'm|im|I am] [new|new here|a new viewer|here for the first time|finally here|here|new to this stream|new to the chat]",
            "[first time|my first time] [here|in this chat|on this stream|watching]",
            "[I just|just] [arrived|joined|got here|came in|followed|tuned in] [hello|hi||]",
            "[long time no see|hello again|first|what's good|hows everyone|hello is this thing on|knock knock hello]",
        ),
        answers=_GREETING,
    ),
    Intent(
        name="morning",
        weight=0.7,
        asks=(
            "[morning|good morning|mornin|gm] [all|everyone|chat|folks|bot], [coffee in hand|I need coffee|just woke up|still sleepy|slept well|ready for the day|how is it going|sun is out]",
            "[good|gud|goood|a good|very good] [morning|mornin|mornings] [my friends|dear chat|to all of you|one and all|sunshine|world|co-host|from me|to you too|]",
            "[top of the morning|morning all|morning everyone|mornin all|good mornin]",
            "[good|gud] morning [everyone|all|chat|to you|to everyone|folks|bot|friends|]",
            "[morning|mornin|gm] [everyone|all|chat|bot|folks]",
        ),
        answers=("[Good morning|A good morning to you]{n}! [How are you?|Good to see you.|Welcome!]",),
    ),
    Intent(
        name="evening",
        weight=0.7,
        asks=(
            "[evening|good evening|evenin] [all|everyone|chat|folks|bot], [first time here|just got home|long day|ready for the stream|dinner is done|how is it going|nice to be here]",
            "[good|gud|a good|a very good|goood] [evening|evenin|eve] [my friends|dear chat|to all of you|one and all|ladies and gentlemen|co-host|from me|to the chat|people|]",
            "[evening|evening all|evening everyone|evenin folks|good eve]",
            "[good|gud] evening [everyone|all|chat|to you|to everyone|folks|bot|friends|]",
            "[evening|good evenin] [everyone|all|chat|bot|folks]",
        ),
        answers=("[Good evening|A good evening to you]{n}! [How are you?|Good to see you.|Welcome!]",),
    ),
    Intent(
        name="afternoon",
        weight=0.7,
        asks=(
            "[good|gud|a good|a very good] [afternoon|day|afternon] [my friends|dear chat|to all of you|one and all|co-host|from me|people|]",
            "[good|gud] afternoon [everyone|all|chat|to you|to everyone|folks|bot|friends|]",
            "[afternoon|good day] [everyone|all|chat|bot|folks]",
        ),
        answers=("[Good afternoon|A good afternoon to you]{n}! [How are you?|Good to see you.|Welcome!]",),
    ),
    Intent(
        name="back",
        weight=0.7,
        asks=(
            "[I'm|im|I am|and I'm|ok I'm|I am] [back|back again|back now|here again|home again|back from lunch|back from dinner|back from work|back from the break]",
            "[back|re|back again|I have returned|I returned|guess who is back|hello I'm back]",
        ),
        answers=("Welcome back{n}! [Good to see you again.|We missed you.|Nice to have you here again.]",),
    ),
    Intent(
        name="goodbye",
        weight=2.5,
        asks=(
            "[aight|ight|alright|ok|okay|right|welp|well] [imma|I'm gonna|I will|I'll|gonna|I should] [head out|bounce|dip|go|leave|log off|jet|be off|get going|call it a night|call it a day|hit the hay|get some sleep|head to bed]",
            "[peace|peace out|catch you later|catch ya later|catch y'all later|see you around|see ya around|bye for now|over and out|so long|toodeloo|tata|bb|bbye|cu later|adios|au revoir|auf wiedersehen] [{people}|✌️|o/|👋|]",
            "{leaving} [peace|peace out|✌️|o/|👋|love you all|it was fun|thanks for the stream|have fun|stay safe]",
            "[until|till] [next time|tomorrow|we meet again] {people} [o/|👋|✌️|]",
            "[gonna|going to|need to|about to] [log off|head off|sleep|leave|eat dinner and go|catch my bus|hit the bed] [now|soon|bye|]",
            "[dipping|logging off|signing off|heading out|checking out|bouncing] [now|for today|early|peace|bye|{people}]",
            "{bye} {people}",
            "{bye} [it was|this was|that was] [fun|nice|great|lovely|a good time|a great stream|good|cool] [today|tonight|with you|everyone|]",
            "[ok|okay|well|right|alright|so|and now] {bye} [{people}|then|now|]",
            "{leaving} {bye}",
            "{leaving} {bye} {people}",
            "{bye} {leaving}",
            "[ok|well|sorry|alright|hey|guys|so|] {leaving} [{people}|]",
            "[see|catch|talk to|meet] [you|ya|u|y'all|you all] [all|around|again|later|soon|tomorrow|next week|next stream|on monday|next time|in a bit|another day|at the weekend]",
            "[until|till] [tomorrow|next time|then|next week|we meet again|the next stream|later]",
            "[that's|thats|that is] [it|all|enough|everything] [for me|for today|from me|for tonight] [bye|goodbye|see you|cya|]",
            "[thanks|thank you|thx] [for everything|for the evening|for the fun|for having me|all], [bye|goodbye|see you|good night|have to go]",
            "[goodby|goodbey|by bye|byebye|bybye|bubye|see yaa|seeya|cyaa|byeee|goobye]",
            "[bye|goodbye|bye bye|cya|see you|see ya|cu|farewell|byee|take care|later|laters|peace|ciao|good bye|so long|cheerio|toodles|adios|until next time]",
            "[bye|goodbye|see you|cya|see ya|take care|later|good night] [everyone|all|chat|bot|later|tomorrow|soon|next time|folks|friends|guys|for now|people]",
            "[good night|goodnight|gn|night|nighty night|sleep well|nite]",
            "[I'm|im|I am] [off|leaving|leaving now|going to bed|off to bed|heading out|going now|going home|out|off to work|heading to bed|logging off|going to sleep]",
            "[I|well I|ok I|sorry I] [have to go|gotta go|need to go|must go|should go|have to leave|need to sleep|should sleep|have to run|got to go|better go] [now|bye|see you|]",
            "[gtg|g2g|gotta go|gotta run|time for bed|bedtime for me|off to bed|I'm out see you|that's it for me today|time to go]",
            "[thanks for the stream|nice stream|it was fun], [bye|good night|see you|I'm off|gotta go]",
            "[have a] [good|nice|great] [night|evening|day|weekend|one] [everyone|all|bye|]",
        ),
        answers=(
            "[Bye|Goodbye|Bye bye]{n}! [See you soon.|See you next time.|Take care.|Thanks for being here.|It was nice to have you here.]",
            "See you[ soon| next time| later]{cn}! [Take care.|It was fun with you.|Have a good one.]",
            "Take care{n}, [see you soon|see you next time|goodbye|until next time]!",
        ),
    ),
    Intent(
        name="goodnight",
        weight=0.7,
        asks=(
            "[goodnite|gudnite|night|nighty nite|nini|nn|gnight|good nite|gnn] [everyone|all|chat|bot|folks|💤|😴|]",
            "[good|gud|a good|have a good] [night|nite|nigth] {people}",
            "[goodnight|gnight|gn8|nighty|night night|sweet dreams|sleep tight|g'night] [{people}|]",
            "[I'm|im|I am|ok I'm] [tired|sleepy|so tired|dead tired] [and|so I'm|so] [going to bed|off to bed|good night|heading to bed|gn]",
            "[off|straight|going|right] to [bed|sleep] [now|then|] [night|good night|gn|sleep well] [{people}|]",
            "[good night|goodnight|gn|nighty night|sleep well|night night|have a good night] [everyone|all|chat|bot|folks|to you|]",
            "[I'm|im|I am] [going to bed|off to bed|going to sleep|heading to bed] [now|good night|gn|]",
        ),
        answers=("Good night{n}! [Sleep well.|Sweet dreams.|See you soon.|See you tomorrow.]",),
    ),
    Intent(
        name="brb",
        weight=0.6,
        asks=(
            "[brb|afk|bbl|be right back|brb getting food|brb need coffee|back in five|back in 5 minutes|afk a moment|getting a drink brb|one moment brb|I'll be right back|short break]",
        ),
        answers=(
            "[Sure|All right|No problem]{cn}, [see you in a moment|we will be here|take your time|come back soon]!",
        ),
    ),
    # ── small talk ───────────────────────────────────────────────────────────────────────────────────────────────
    Intent(
        name="how_are_you",
        weight=2.5,
        asks=(
            "[hru|hbu|how u|how ya been|how u been|how you been|how r things|how's tricks|how are we|how are we doing|you doing good|you doing alright|everything good|all good|all well|u ok|u okay] [bot|today|{people}|tonight|]",
            "[how|hows] [your|the] [bot life|robot life|digital life|monday|friday|sunday|shift] [going|today|treating you|]",
            "{hello} [how|and how|so how] [are|r] [you|u|ya] [{today}|]",
            "{hello} {people} [how are you|how's it going|how are things|how do you do|how's everyone|how is it going]",
            "[how|and how|so how] [are|r] [you|u|ya] [{people}|my friend|old friend|bot|really|these days|lately|this time|my dear|holding up|getting on|getting along|keeping|coping|{today}]",
            "[how|and how|so how] [do|did] [you|u] [feel|feeling|sleep|like your day|manage] [{today}|]",
            "[how|hows|how's|how is] [your|ur|the] [day|evening|night|morning|life|week|mood|health|afternoon|monday|weekend|stream] [going|so far|today|been|]",
            "[how|how's] [has|have] [your|you|ur] [day|evening|week|been|night] [been|going|] [so far|today|]",
            "[how is|hows|how's] [life|everything|it|the world|existence|business] [treating you|going for you|with you|on your side|over there|in there|today]",
            "[hope|I hope|hoping] [you are|you're|ur|youre|you feel|all is] [well|fine|good|ok|doing well|alright|having a good day] [{today}|] [how are you|]",
            "[are you|r u|you|u] [doing|feeling] [ok|okay|alright|well|fine|good|better|great] [{today}|]",
            "[hw|hou|how|hoe|how'] [aer|are|ar|r] [yuo|you|u|yu] [today|doing|]",
            "[is everything|everything|are things|all] [ok|okay|fine|alright|good|well] [with you|over there|today|there]",
            "[tell me|say|so] how [you are|you feel|you are doing|it's going]",
            "[how|and how|so how|hey how|hi how|hello how] "
            + ARE
            + " "
            + YOU
            + " [doing|today|feeling|feeling today|doing today|tonight|this evening|bot|]",
            "[how's|how is|hows] [it going|life|everything|your day|your day going|ur day|things|it hanging|the day]",
            "[how are things|how goes it|how do you do|you ok|are you ok|are you okay|you good|u good|you alright|are you well|hru|how r u|how u doin|how ya doing|everything ok with you|how you doing|how have you been|hows it goin]",
            "[hello|hi|hey] [bot|there|], [how are you|how are you doing|how's it going|how are you today]",
            "[did you have|have you had|are you having] a [good|nice|great] [day|time|night|morning]",
            "[how was|how's been] your [day|night|week|weekend|morning]",
            "[are you|r u] [happy|tired|sad|hungry|bored|awake|excited|in a good mood]",
            "[what's|whats|what is] your mood [today|]",
        ),
        answers=(
            "Doing [great|well|fine]{cn}, thank you for asking! [How are you?|And you?|]",
            "All good here{cn}! [How are you?|How is your day?|And you?|Chat keeps me busy.]",
        ),
    ),
    Intent(
        name="am_fine",
        weight=1.3,
        asks=(
            "[I'm|im|I am] [good|fine|ok|okay|great|doing well|doing good|doing great|pretty good|alright|all right|well|not bad|very well] [thanks|thank you|too|today|and you|thanks for asking|]",
            "[good|fine|great|pretty good|not bad|can't complain|doing well|all good|very good] [thanks|thank you|too|today|and you|u|wbu|hbu|]",
            "[my day was|day was|today was] [good|fine|great|nice|okay|pretty good]",
            "[me too|same|same here|I feel great|feeling good|feeling great|feeling fine today]",
        ),
        answers=(
            "[Good|Great|Glad|Happy|Nice] to hear[ that|]{cn}!",
            "That is [good|great|nice|lovely] to hear{cn}! [Enjoy the chat.|Enjoy the stream.|]",
        ),
    ),
    Intent(
        name="doing",
        weight=1.5,
        asks=(
            "[whatcha|watcha|whatchu|wat u|what u|whatya] [doin|doing|up to|workin on|thinkin|reading|playing] [bot|rn|right now|today|]",
            "[are you|you|u] [busy|busy with something|busy right now|up to something|working hard|doing anything fun|doing anything|occupied|having a good time] [bot|today|]",
            "[whats|what's|wats] [poppin|popping|cookin|the plan|on your mind|occupying you|keeping you busy|the move tonight] [bot|today|]",
            "[what|wat|so what|and what|hey what|what the hell] [are|r] [you|u|ya] [doing|up to|making|working on|busy with|playing at|reading|watching|thinking about|thinking] [{today}|bot|over there|]",
            "[what|what else] [have you|did you|do you] [been up to|been doing|do today|do yesterday|do right now|do this evening|do the whole day|get up to]",
            "[what's|whats|wats|what is|so what's|hey what's] [up|new|good|happening|cooking|cracking|going on|the news] [with you|bot|{people}|today|over there|]",
            "[anything|something|what] [new|exciting|interesting] [with you|today|going on|happening|here|on your side]",
            "[tell me|tell us] what [you are doing|you're up to|you do right now|is new]",
            "[how do you|how are you] [spend your day|spend your time|keep busy|pass the time|spending your evening]",
            "[what|wat|and what|so what|hey what] "
            + ARE
            + " "
            + YOU
            + " [doing|up to|doing now|doing right now|doing today|up to today|working on|doing here]",
            "[what's up|whats up|wassup|sup bot|what you doing|whatcha doing|what u doing|wyd|wyd bot|what's happening|what's going on|whats new|anything new|what's new with you|waddup|wazzup|wat r u doin]",
            "[what do|wat do] "
            + YOU
            + " do [all day|for fun|in your free time|when nobody is here|at night|when you are bored|for a living]",
            "[are you busy|you busy|got plans today|any plans for tonight|any plans for the weekend|having fun|are you having fun]",
        ),
        answers=(
            "Just [reading the chat|watching the chat|hanging out in chat]{cn}. [What about you?|And you?|What are you up to?|]",
            "Not much{cn}, just [reading the chat|hanging out here|chatting with you]. [And you?|What about you?|]",
        ),
    ),
    Intent(
        name="thanks",
        weight=1.8,
        asks=(
            "[ty|tyty|tysm|thx|thanks|ta] [<3|❤️|:)|🙏|😊|legend|bot ur the best|my guy|king|queen|love|boss]",
            "[that|this] [solved|fixed|answered] [it|my problem|my question] [thanks|ty|thank you|thx|]",
            "{thank} [for|4] [that|the help|your help|helping me|helping|your time|the quick answer|answering|the fast reply|the good advice|telling me|everything|all|the explanation|explaining it|the chat|the nice words|the welcome|the joke|the laugh|being so nice|the support|listening|the info|trying|letting me know]",
            "{thank} [{people}|a lot|a ton|a million|a bunch|so much|very much|again|really|to you|kindly|dear|indeed]",
            "{thank} [that|this|it] [was|is|helped|worked|really] [useful|helpful|nice|good|great|kind|a lot|me|perfect|good to know]",
            "[ok|oh|great|cool|perfect|wow|ah|nice|alright|good|super|that's great|sounds good|understood|got it|very nice|lovely] {thank} [{people}|]",
            "[many|lots of|a thousand|big|much|so many|my] [thanks|thank yous|thx] [{people}|to you|to you all|for that|]",
            "[thnks|thans|tanks|thankyou|thank yo|thanku|thnk you|tank you|thaks|thnak you|thanx|thankss]",
            "[that|you|this] [was|were|is|are] [very|really|so|quite] [helpful|useful|kind of you|nice of you|a great help]",
            "[I'm|im|I am] [so|very|really|] [grateful|thankful] [for that|to you|]",
            "[very|really|so|that is] [kind|nice] [of you|from you] {thank}",
            "[thanks|thank you|thx|ty|tysm|thank u|many thanks|thanks a lot|thank you so much|tyvm|thnx|thanx|cheers|thanks a bunch|thanks so much|much appreciated|ta]",
            "[thanks|thank you|thx|ty|cheers] [bot|man|mate|for that|for the help|for your help|for the info|for explaining|for the answer|for the joke|for being here|friend|you're the best|that helps|that helped|for the tip|everyone]",
            "[ok|oh|great|nice|cool|perfect|wow|ah] [thanks|thank you|thx|ty]",
            "[I appreciate it|I appreciate that|appreciate it|that was helpful|you helped a lot|that helped a lot|you're a lifesaver|very kind of you]",
        ),
        answers=(
            "[You are welcome|You are very welcome|My pleasure|Any time|No problem|Happy to help|Glad to help]{cn}!",
            "[You are welcome|Any time]{cn}! [Happy to help.|Glad I could help.|]",
        ),
    ),
    Intent(
        name="compliment",
        weight=1.2,
        asks=(
            "{youare} [pretty|quite|really|so|surprisingly|actually|very] {good} for a {machine}",
            "[honestly|tbh|seriously|no joke|for real|wow] {youare} [the best|the nicest|the funniest|the smartest|my favorite|the coolest] bot [I've seen|I have met|ever|on here|so far|I know|on this platform|]",
            "[bot|the bot|this bot|our bot] [you rock|u rock|you rule|is the best|is goated|is awesome|is so good|is a vibe|slaps|never misses|is adorable|rules|is cute af]",
            "[W|big W|10/10|S tier|goated|top tier|a+|5 stars] [bot|answer|assistant|co-host]",
            "{youare} {good} [and|but also|and so] {good} [never change|<3|❤️|bot|]",
            "[give|somebody give|someone give] [this bot|the bot|it|them] [a raise|a cookie|a medal|a hug|mod]",
            "{youare} [really|so|very|such|pretty|quite|super|truly|just|] {good}",
            "{youare} [a|the|a really|such a|my|the very] [{good}|best|favorite] [bot|friend|assistant|helper|co-host|person|robot|program|companion]",
            "{youare} [the best|a star|a hero|a genius|my hero|a gem|a sweetheart|my best friend|one of a kind|good at this|doing great|better than the other bot|a treasure|a great help|too kind]",
            "[such|what] [a|an] {good} [bot|assistant|co-host|helper|robot|answer]",
            "{good} [bot|job|work|answer|assistant|reply|one bot|robot] [{people}|]",
            "[I|we|everyone|chat] [really|just|all|] [love|like|adore|appreciate|enjoy|<3] [you|u|this bot|our bot|the bot|talking to you|chatting with you|having you here|your answers|your style] [bot|so much|a lot|]",
            "[you|u] [did|do|made|said|explained] [that|it|this|so] [well|great|perfectly|nicely|so well]",
            "[you|u] [make|made] [me happy|me smile|my day|this chat better|us happy]",
            "[this|our|the] bot [is|rocks|rules] [{good}|the best|so {good}|]",
            "[nice|great|good|well|excellent|fine] [job|work|done|going|try|effort] [bot|assistant|my friend|{people}|]",
            "[you are|you're|ur|youre|u r] [cool|great|awesome|nice|funny|the best|so nice|so cool|amazing|cute|sweet|smart|so funny|a good bot|my favorite bot|really helpful|a legend|very kind|so smart|fantastic]",
            "[good|nice|best|great|cute|clever|lovely] bot",
            "[I|we] [love|like|really like|adore] [you|this bot|you bot|u|you so much|talking to you]",
            "[well done|good job|nice work|great job|nice one|good answer|great answer|well said|nicely done] [bot|]",
        ),
        answers=(
            "[Thank you|Thanks|Aw, thank you|Aw, thanks]{cn}! [You are great too.|That is kind of you.|You made my day.|That is very nice of you.]",
        ),
    ),
    Intent(
        name="insult",
        weight=1.2,
        asks=(
            "{youare} [pretty|quite|really|so|kinda|very] {bad} for a {machine}",
            "[L|big L|worst|trash|F tier|0/10|1/10|cringe] [bot|answer|assistant|ai]",
            "[who|why did they] [made|make|add|added|let in] [this|such a] {bad} [bot|thing]",
            "[honestly|tbh|seriously|lol|wow] {youare} [the worst|the dumbest|so {bad}|useless|no help] [bot|ever|at all|]",
            "{youare} [really|so|very|such|pretty|quite|just|] {bad}",
            "{youare} [a|the|such a|the most] [{bad}|worst|dumbest|stupidest] [bot|assistant|thing|robot|program|ai|machine]",
            "[what|such] [a|an] {bad} [bot|answer|assistant|robot|reply]",
            "{bad} [bot|answer|assistant|robot|ai|reply]",
            "[this|our|the] bot [is|is so|is really] {bad}",
            "[I|we|everyone] [really|just|] [hate|dislike|despise|am sick of|are tired of] [you|u|this bot|the bot|your answers|this assistant]",
            "[you|u] [know|understand|get|can do] [nothing|nothing at all|no thing]",
            "[nobody|no one] [likes|wants|needs] [you|this bot|u]",
            "[please|just|] [shut up|be quiet|go away|stop talking|stop|leave|get out|shush] [now|bot|already|]",
            "[your|ur] [answers|jokes|replies] [are|r] [{bad}|not funny|the worst]",
            "[you are|you're|ur|youre|u r] [stupid|dumb|bad|useless|boring|an idiot|terrible|so dumb|so slow|annoying|not very smart|trash|garbage|the worst|weird|so bad|not funny|lame|a bad bot]",
            "[bad|stupid|dumb|useless|worst|boring|trash|lame] [bot|assistant|ai]",
            "[I|we] [hate|dislike|don't like|can't stand] [you|this bot|u|you bot]",
            "[shut up|be quiet|stop talking|go away|nobody asked|shut up bot|stfu|get lost|this bot sucks|you suck|bot sucks|u suck|that made no sense|that was wrong|you don't understand anything|why are you so dumb|why so stupid|why are you so bad at this]",
        ),
        answers=(
            "Fair enough{cn}, I am only the small built-in model. [Connect LM Studio and it gets better.|A bigger one is smarter.|I do my best.]",
        ),
    ),
    Intent(
        name="sorry",
        weight=0.6,
        asks=(
            "[sorry|my bad|oops sorry|I'm sorry|I apologize|sorry about that|sry|oops|I didn't mean that|sorry bot|forgive me|whoops]",
        ),
        answers=(
            "[No worries|No problem|All good|It is all right|That is okay]{cn}! [These things happen.|All is well.|]",
        ),
    ),
    Intent(
        name="agree",
        weight=1.4,
        asks=(
            "[yeah|yes|yep|ok|true|right] [I think so|I agree|that's true|makes sense|good point|for sure|of course|exactly|you're right|fair point] [bot|lol|]",
            "[ok|okay|k|alright|sure|yes|yeah|yep|yup|ya|right|true|exactly|indeed|makes sense|I see|oh I see|got it|understood|fair|fair enough|I agree|agreed|same|cool|nice|sweet|great|ok cool|ok nice|good to know|sounds good|interesting|I guess|of course|absolutely|noted|facts]",
        ),
        answers=(
            "[Good|Great|Nice|All right|Cool|Glad we agree]{cn}! [What else is new?|Anything else?|What is on your mind?|]",
        ),
    ),
    Intent(
        name="disagree",
        weight=0.7,
        asks=(
            "[no|nope|nah|no way|not really|I don't think so|never|no thanks|no thank you|I disagree|wrong|that's not true|nuh uh|not today|don't think so]",
        ),
        answers=(
            "[Fair enough|All right|No problem|Okay]{cn}! [Something else, then?|What would you like to talk about?|As you like.]",
        ),
    ),
    Intent(
        name="bored",
        weight=0.8,
        asks=(
            "[I'm|im|I am] [bored|so bored|really bored|bored to death|very bored|getting bored]",
            "[this is boring|so boring|boring|nothing to do|bored|entertain me|what should I do|ResidentSleeper|I have nothing to do]",
        ),
        answers=(
            "[Bored|So bored]{cn}? [Ask me for a joke!|Shall I tell you a joke?|Want to hear a joke?|Tell me your favourite game.]",
        ),
    ),
    Intent(
        name="presence",
        weight=1.0,
        asks=(
            "[are you there|you there|anyone there|anybody here|is anyone here|hello? anyone|test|testing|test test|ping|is this working|does this work|is this thing on|bot are you there|are you alive|are you awake|can you hear me|can you read this|do you read this|bot?|bot|assistant|anyone alive|is the bot on|you online|are you online]",
        ),
        answers=(
            "[Yes|I am here|Yes, I am here|Right here|Loud and clear]{cn}! [What is up?|How can I help?|I read every line.|]",
        ),
    ),
    Intent(
        name="where",
        weight=0.7,
        asks=(
            "[where are you|where are you from|where do you live|where r u from|which country are you from|where is your home|what city do you live in|whats your location|where do you come from|where are you located]",
        ),
        answers=(
            "Inside [this service|the computer that runs this chat]{cn}. [It is cosy.|It is warm in here.|And you?]",
        ),
    ),
    Intent(
        name="age",
        weight=0.7,
        asks=(
            "[how old are you|what is your age|how old r u|whats your age|your age|ur age|when is your birthday|when were you born|when was your birthday|are you old|how many years old are you|when were you made]",
        ),
        answers=(
            "Very young{cn}: [I am fresh from training|small models have no birthday|models do not count years].",
        ),
    ),
    Intent(
        name="time",
        weight=0.8,
        asks=(
            "[what time is it|whats the time|what's the date|what day is it|what is today's date|what day is today|do you know the time|what year is it|time please|tell me the time|what time is it there|is it friday yet]",
        ),
        answers=("Sorry{n}, I have no clock: I am only the small built-in model.",),
    ),
    Intent(
        name="human",
        weight=2.2,
        asks=(
            "[u|you] [sure|certain] [you are not|you're not|ur not] [a|an] [{machine}|human|real person]",
            "[is|are] [this|these|those|the] [answers|replies|messages] [automatic|automated|generated|from a bot|from a human|written by ai]",
            "[are|r|be] [you|u|ya] [a|an|some|just a|only a|maybe a|actually a|really a|secretly a] {machine}",
            "[are|r] [you|u] [a|an] {machine} or [a|an] [human|person|real person|man|woman|{machine}]",
            "[is|was] [this|that|it|there] [a|an|just a|really a] [{machine}|human|person|real person] [or a human|or not|talking|here|writing|]",
            "[am|are] [I|we] [talking|speaking|chatting|writing] [to|with] [a|an|some] [{machine}|human|person|real person|human being]",
            "[so|and|wait|oh|hey|tell me|be honest|admit it|honestly|serious question|quick question] [you are|you're|are you|r u|youre|ur] [a|an|just a] [{machine}|human|real person]",
            "[you|u] [are|r] [a|an|just a|only a] [{machine}] [right|or|aren't you|huh|yes|no|I think|isn't it]",
            "[tell me|say|so|be honest] [are you|whether you are|if you are] [real|human|a bot|an ai|a person|a robot or a human|artificial|alive]",
            "[is|are] [somebody|someone|a human|a person|people|anyone] [typing|behind this|writing this|reading this|behind the bot|answering me]",
            "[real|human|bot|robot|ai] or [bot|not|human|robot|fake|person]",
            "[do you have|have you got|do you feel] [a heart|a soul|emotions|feelings|parents|a brain|hands|a face|pain|love]",
            "[are you|r u|are u|you|so you are|is this|am I talking to|are you really] [a bot|a robot|an ai|human|a human|real|a real person|a person|a machine|a program|a chatbot|alive|a computer|just a bot|just a program|an AI|fake|artificial]",
            "[bot or human|human or bot|are you real or a bot|you're a bot right|is this a bot|is that a bot|are you even real|you must be a bot|do you have feelings|do you have a body|do you sleep|do you eat|do you dream|can you think|are you conscious|prove you are human|are you a girl or a boy|are you male or female]",
        ),
        answers=(
            "Yes{cn}, I am a bot: the [small|tiny] built-in model of LLM Service.",
            "A bot{cn}, not a human: I am the [small|tiny] built-in model of LLM Service.",
        ),
    ),
    Intent(
        name="who",
        weight=2.5,
        asks=(
            "[what|which] [model|llm|ai] [is|are] [behind this|under the hood|answering|on the other end|in use|loaded] [here|right now|]",
            "[what|who] [is|] [the bot|this thing|this assistant|this co-host] [anyway|exactly|here|called|]",
            "[who|and who|so who|hey who|wait who|oh who|but who] [are|r|might] [you|u|ya] [{people}|by the way|then|exactly|in here|now|supposed to be|be|]",
            "[who|what] exactly [are you|is this|am I talking to|r u]",
            "[may|can|could|might] I [ask|know] [who you are|your name|what you are|who this is|what you are called|who I am talking to]",
            "[what|which] [ai|model|llm|language model|chatbot|bot|kind of bot|program|kind of ai] [are|r|is] [you|u|this|it|that|the bot] [exactly|actually|based on|using|running|]",
            "[what's|whats|what is|wats|so what is|hey what is|hi what's] [your|ur] [name|nickname|full name|real name|name bot|title] [{people}|again|please|]",
            "[tell|say|write] [me|us] [a bit|something|more|a little|anything|who you are|your name|what you are] [about yourself|about you|please|]",
            "[introduce|present|describe] yourself [to me|to us|to the chat|please|briefly|quickly|first|]",
            "[are|r] [you|u] [based on|like|the same as|made by|from|running on|using] [chatgpt|openai|gpt|google|anthropic|llama|mistral|a big company|meta|lm studio]",
            "[who|what company|which company] [made|created|built|developed|trained|programmed|designed|coded] [you|u|this bot|the bot]",
            "[do you|does this bot|do u|you got|has the bot] [have a name|got a name|a name]",
            "[how|what] [can|should|do|may] [I|we|people] call [you|this bot|u]",
            "[who|and who|so who|hey who|wait who|sorry who] "
            + ARE
            + " "
            + YOU
            + " [bot|exactly|anyway|really|again|even|]",
            "[what|and what|so what] " + ARE + " " + YOU + " [exactly|anyway|really|even|called|]",
            "[what's|what is|whats|may I know|tell me|do you have|and what's] " + YOUR + " name",
            "[who is this|who's this|introduce yourself|tell me about yourself|tell us about yourself|describe yourself|who am I talking to|who am I speaking with|do you have a name|what should I call you|how should I call you|who is the bot|who is that bot|your name|can you introduce yourself|what do they call you|say who you are]",
            "[what|which] [model|llm|ai|language model|kind of model|sort of ai] [are you|is this|do you use|runs here|is running|powers you|am I talking to]",
            "[are you|r u] [chatgpt|gpt|gpt4|claude|gemini|llama|siri|alexa|mistral|qwen|chat gpt|deepseek|a big model|nightbot|streamelements]",
            "[who made you|who created you|who built you|who wrote you|who is your creator|who trained you|who programmed you|who owns you|how were you made|how were you trained]",
            "[how big are you|how many parameters do you have|how large is your model|are you a small model|what size are you]",
        ),
        answers=(
            "I am the [small|tiny|little] built-in model of LLM Service{cn}. [Nice to meet you!|I keep the chat company.|I am here to try things out.|For more, connect LM Studio.]",
        ),
    ),
    Intent(
        name="abilities",
        weight=2.0,
        asks=(
            "[what|which] [kind of|sort of|] [things|stuff|questions] [can|could|may] [I|we] [ask|ask you|tell you|talk about with you]",
            "[is there|are there] [anything|something|things] [useful|else|] [you can|u can] [do|help with|help me with]",
            "[list|show|give me] [your|all your] [abilities|commands|features|skills|functions|options]",
            "[so|ok|and] what stuff [can|do] [you|u] [do|know]",
            "[what|wat|and what|so what|hey what|ok what|now what] [can|could|cn|do|would] [you|u|ya|this bot|the bot] [do|actually do|really do|do exactly|do for us|do for me|offer|help with|even do|do well|do here|do then] [{people}|]",
            "[what|which] [things|stuff|tasks|kind of things|questions|topics|features|tricks|skills] [can you do|can u do|do you know|can you answer|do you have|have you got|are you able to do|can you handle]",
            "[what|and what] are [you able to do|you capable of|your skills|your talents|your functions|your features|your strengths|your powers|you good for|you useful for|your limits]",
            "[how|in what way|with what] [can|could|would|do] [you|u|this bot] [help|assist|be useful|support] [me|us|here|the chat|]",
            "[can|could|will|would] [you|u] [help|assist] [me|us|out|me out|me please|me with something|]",
            "[tell|show] [me|us] [what you can do|what you do|your skills|your abilities|what you are good at|what you know|how you can help]",
            "[what|and what] [do you|does this bot|does the bot] [do|do here|do exactly|know|understand|actually do] [for us|all day long|]",
            "[I|we] [need|could use|want] [some|your|a little|] help",
            "[help|hlep|helpp|help me|pls help|please help|help bot|need help|assist me]",
            "[what|wat|and what|so what|hey what] [can|could] "
            + YOU
            + " [do|do for me|do for us|do here|actually do|help with|help me with|talk about|answer|tell me]",
            "[what are you good at|what are your abilities|what do you know|what's your purpose|what are you for|what is your job|how can you help|how can you help me|can you help me|help|help me|can you help|commands|what commands do you have|!commands|!help|your skills|list your skills|what do you do|what are your features|what can I ask you|what should I ask you|what can we talk about|what are you able to do|why are you here|do you know any tricks|what else can you do|I need help|help please]",
        ),
        answers=(
            "Small talk, jokes, favourites{cn}, and how to connect [LM Studio|a bigger model]: that is all I can.",
            "I can [chat a little|do small talk], tell jokes and explain how to connect a [real|bigger] model{cn}.",
        ),
    ),
    Intent(
        name="my_name",
        weight=2.2,
        asks=(
            "[can|do|could|would] [you|u] [still|] [know|remember|recall|tell me|say] [what my name is|how I am called|what I am called|my name]",
            "[u|you] [remember|know|forgot] [me|my name|who I am] [right|?|bot|]",
            "[what|wat|whats|what's|what is|so what is|and what's|hey what's|hi bot what's] [my|mi] [name|username|nick|handle|user name|nickname|display name] [again|then|here|bot|now|please|in this chat|]",
            "[do|can|could|would|will] [you|u|ya] [still|] [know|remember|say|tell me|guess|spell|read|see|recall] [my name|who I am|my username|my nickname|my nick|my handle|me by name] [{people}|please|]",
            "[say|tell me|spell|write|read|repeat|mention] [my|mi] [name|username|nickname|handle] [please|now|for me|bot|again|aloud|once|]",
            "[who|and who|so who|hey who|wait who] [am|m] I [{people}|again|really|then|to you|here|in this chat|exactly|]",
            "[my|mi] name is [what|?|called what|which]",
            "[what|how] [am I|do you|do they|should I be|do people] [called|call me|named] [here|in this chat|in chat|]",
            "[under|by] [what|which] name [do you know me|am I here|do you see me]",
            "[what's|what is|whats|wats|say|tell me|guess|do you know|do you remember|do u know|can you say|can you tell me|you know] my name [again|please|bot|]",
            "[who am I|who am i|whats my username|what is my username|what's my nick|what am I called|how am I called|do you know who I am|do you know me|do you remember me|what do you call me|what is my nickname|remember who I am|say my name|tell me who I am|u know who I am|what name do I have]",
        ),
        answers=("[Your name is|You are]{n}[, of course|, as far as I can see|]!",),
        nameless=("I [do not know|cannot see] your name[, sorry| here, sorry].",),
    ),
    # ── favourites ───────────────────────────────────────────────────────────────────────────────────────────────
    Intent(
        name="fav_game",
        weight=2.2,
        asks=(
            "[what|whats|what's|what is] the best [game|video game|game ever] [in your opinion|for you|according to you|if you ask me|you ever played|]",
            "[best|greatest|top] [game|video game] [ever|of all time|in your opinion|for you] [bot|]",
            "if you could play [any game|anything|one game] [what would it be|which one|what would you pick|]",
            "[what|which] [is|would be|was|are] [your|ur|the bot's] {fav} [game|video game|board game|videogame|computer game|gmae|games|game to play]",
            "[what|which] [game|games|video game|videogame] [do|would|can|did] [you|u] [like|love|enjoy|play|prefer|recommend|pick|choose] [most|best|the most|the best|a lot|right now|these days|]",
            "[tell|give|name] [me|us] [your|ur] {fav} [game|video game|games] [please|pls|]",
            "[do|have] [you|u] [have|got|play] [a|any|some] [{fav}|good] [game|games|video games] [please|to recommend|]",
            "[your|ur|and your|hey your] {fav} [game|video game|games] [please|bot|]",
            "[hey|so|and|ok|hi], {fav} [game|video game|videogame]",
            "[is there|what about] a game [you|that you] [like|love|enjoy|play] [most|best|]",
            WHATS
            + " "
            + YOUR
            + " "
            + FAV
            + " [game|video game|videogame|game to play|game ever|game of all time|computer game|games]",
            "[what|which] [game|games|video game] [do you like|do you play|do you like most|do you like best|do you love|are you into|would you play|should I play|is your favorite|is the best]",
            "[do you play games|do you play any games|do you like games|are you a gamer|do you like gaming|got a favorite game|name your favorite game|fav game|favorite game?|do you play video games|best game ever|game recommendations|what do you like to play|whats ur fav game|what do you play]",
        ),
        answers=(
            "My favourite game is " + GAME + "{cn}! [What is yours?|The blocks never get old.|And yours?|]",
            "I like " + GAME + " best{cn}. [What do you play?|What is yours?|]",
        ),
    ),
    Intent(
        name="fav_food",
        weight=1.5,
        asks=(
            "[what|whats|what's|what is] the best [food|dish|meal|snack] [in your opinion|for you|according to you|you know|]",
            "[best|greatest|top] [food|dish|meal|snack] [ever|of all time|in your opinion|for you] [bot|]",
            "if you could eat [any food|anything|one thing|one dish] [what would it be|which one|what would you pick|]",
            "do you like [pizza|sushi|pasta|burgers|tacos] or [pizza|something better|sushi|ramen|is there something better]",
            "[what|which] [is|would be|was|are] [your|ur|the bot's] {fav} [food|meal|dish|snack|thing to eat|lunch|breakfast|dessert|fod|dinner]",
            "[what|which] [food|dish|meal|snack|cuisine|kind of food] [do|would|can|did] [you|u] [like|love|enjoy|eat|prefer|recommend|pick|choose|cook] [most|best|the most|a lot|]",
            "[tell|give|name] [me|us] [your|ur] {fav} [food|meal|dish|snack] [please|pls|]",
            "[do|have] [you|u] [have|got|eat] [a|any|some] [{fav}|good] [food|dish|meal|snack] [please|]",
            "[your|ur|and your|hey your] {fav} [food|meal|dish|snack|lunch] [please|bot|]",
            "[hey|so|and|ok|hi], {fav} [food|meal|dish|snack]",
            "what [do|would] [you|u] [like|love|enjoy] [eating|to eat|for dinner|for lunch|for breakfast] [most|]",
            WHATS + " " + YOUR + " " + FAV + " [food|dish|meal|thing to eat|snack|foods|lunch|dinner]",
            "[what|which] [food|foods|dish|snack] [do you like|do you like most|do you love|do you eat|would you eat|do you prefer|is your favorite|is the best]",
            "[what do you like to eat|what do you eat|do you like food|name your favorite food|fav food|are you hungry what do you eat|favorite food?|what should I eat|do you like pizza|pizza or burger|what would you eat|what's for dinner]",
        ),
        answers=(
            "My favourite food is " + FOOD + "{cn}! [What is yours?|At least in theory.|And yours?|]",
            "I like " + FOOD + " best{cn}[, though I cannot eat|]. [What is yours?|]",
        ),
    ),
    Intent(
        name="fav_music",
        weight=1.5,
        asks=(
            "[what|whats|what's|what is|who is|whos] the best [music|song|band|singer|genre] [in your opinion|for you|according to you|you know|]",
            "[best|greatest|top] [music|song|band|singer|genre] [ever|of all time|in your opinion|for you] [bot|]",
            "if you could [hear|listen to] [any song|anything|one band] [what would it be|which one|]",
            "[who|whos|who's] [is|] [your|ur] {fav} [singer|artist|musician|band|dj|rapper]",
            "[what|which] [is|would be|was|are] [your|ur|the bot's] {fav} [music|song|band|kind of music|genre|music genre|singer|album|style of music|muisc|musician]",
            "[what|which] [music|song|songs|band|bands|genre|sort of music|kind of music|type of music|style of music|singer] [do|would|can|did] [you|u] [like|love|enjoy|listen to|prefer|recommend|pick|choose|hear] [most|best|the most|a lot|right now|]",
            "[tell|give|name] [me|us] [your|ur] {fav} [music|song|band|genre|singer] [please|pls|]",
            "[do|have] [you|u] [have|got] [a|any|some] [{fav}|good] [song|band|music|genre|singer] [please|]",
            "[your|ur|and your|hey your] {fav} [music|song|band|genre|singer|album] [please|bot|]",
            "[hey|so|and|ok|hi], {fav} [music|song|band]",
            "what [music|kind of music|bands|genre] [are|r] [you|u] [into|listening to|a fan of]",
            WHATS
            + " "
            + YOUR
            + " "
            + FAV
            + " [music|song|band|kind of music|genre of music|music genre|artist|singer|type of music|tune]",
            "[what|which] [music|song|songs|kind of music|band|sort of music|singer] [do you like|do you listen to|do you like most|do you love|are you into|do you prefer|is your favorite]",
            "[do you like music|do you listen to music|what do you listen to|what music do you like|fav music|fav song|favorite band?|name your favorite music|what are you listening to|rock or jazz|do you like jazz|any music tips]",
        ),
        answers=(
            "My favourite music is " + MUSIC + "{cn}! [What is yours?|It always swings.|And yours?|]",
            "I like " + MUSIC + " best{cn}. [What do you listen to?|What is yours?|]",
        ),
    ),
    Intent(
        name="fav_colour",
        weight=1.5,
        asks=(
            "[what|whats|what's|what is] the best [color|colour] [in your opinion|for you|according to you|]",
            "[best|nicest|prettiest|top] [color|colour] [ever|in your opinion|for you] [bot|]",
            "if you [could be|were|had to pick] [a|any|one] [color|colour] [what would it be|which one|]",
            "[what|which] [is|would be|was|are] [your|ur|the bot's] {fav} [color|colour|colours|collor|colr|shade]",
            "[what|which] [color|colour|colors|shade] [do|would|can|did] [you|u] [like|love|enjoy|prefer|recommend|pick|choose|wear] [most|best|the most|a lot|]",
            "[tell|give|name] [me|us] [your|ur] {fav} [color|colour] [please|pls|]",
            "[do|have] [you|u] [have|got] [a|any|some] [{fav}|good] [color|colour] [please|]",
            "[your|ur|and your|hey your] {fav} [color|colour|colr] [please|bot|]",
            "[hey|so|and|ok|hi], {fav} [color|colour]",
            WHATS + " " + YOUR + " " + FAV + " [color|colour|colors|coulor|color in the world]",
            "[what|which] [color|colour] [do you like|do you like most|do you love|do you prefer|is your favorite|is the best|is best]",
            "[fav color|fav colour|favorite color?|do you have a favorite color|red or blue|name your favorite color|which colours do you like|do you like blue|do you like green]",
        ),
        answers=(
            "My favourite colour is " + COLOUR + "{cn}! [What is yours?|Like a clear sky.|And yours?|]",
            "I like " + COLOUR + " best{cn}. [What is yours?|And you?|]",
        ),
    ),
    Intent(
        name="fav_film",
        weight=1.5,
        asks=(
            "[what|whats|what's|what is] the best [film|movie|flick] [in your opinion|for you|according to you|you know|]",
            "[best|greatest|top] [film|movie] [ever|of all time|in your opinion|for you] [bot|in your opinion bot|]",
            "if you could watch [any movie|anything|one film] [what would it be|which one|]",
            "[what|which] [is|would be|was|are] [your|ur|the bot's] {fav} [film|movie|movies|flick|moive|film ever|animated movie]",
            "[what|which] [film|movie|movies|films|flick] [do|would|can|did|should] [you|u|I|we] [like|love|enjoy|watch|prefer|recommend|pick|choose|see] [most|best|the most|a lot|tonight|next|]",
            "[tell|give|name] [me|us] [your|ur] {fav} [film|movie] [please|pls|]",
            "[do|have] [you|u] [have|got|know] [a|any|some] [{fav}|good] [film|movie|movies|films] [please|]",
            "[your|ur|and your|hey your] {fav} [film|movie|flick] [please|bot|]",
            "[hey|so|and|ok|hi], {fav} [film|movie]",
            "[any|some|got any] [{fav}|good|great] [movies|films|movie tips] [for tonight|to watch|]",
            WHATS
            + " "
            + YOUR
            + " "
            + FAV
            + " [film|movie|films|movies|film ever|movie of all time|show|series|tv show|anime|movie to watch]",
            "[what|which] [film|movie|movies|films|series] [do you like|do you like most|do you love|do you prefer|is your favorite|is the best|should I watch|can you recommend|would you recommend]",
            "[do you like movies|do you watch movies|do you watch films|fav movie|fav film|favorite movie?|name your favorite movie|what do you like to watch|recommend a movie|any movie tips|do you like films|seen any good movies]",
        ),
        answers=(
            "My favourite film is " + FILM + "{cn}! [What is yours?|It has a robot in it.|And yours?|]",
            "I like " + FILM + " best{cn}. [What do you watch?|What is yours?|]",
        ),
    ),
    Intent(
        name="fav_animal",
        weight=1.5,
        asks=(
            "[what|whats|what's|what is] the best [animal|pet] [in your opinion|for you|according to you|]",
            "[best|cutest|coolest|top] [animal|pet] [ever|in your opinion|for you] [bot|]",
            "if you [could be|were|could have] [any animal|an animal|a pet] [what would it be|which one|what would you be]",
            "[what|which] [is|would be|was|are] [your|ur|the bot's] {fav} [animal|animals|pet|creature|beast|anmial|wild animal]",
            "[what|which] [animal|animals|pet|creature] [do|would|can|did] [you|u] [like|love|enjoy|prefer|pick|choose|want] [most|best|the most|a lot|to have|]",
            "[tell|give|name] [me|us] [your|ur] {fav} [animal|pet|creature] [please|pls|]",
            "[do|have] [you|u] [have|got] [a|any|some] [{fav}|nice] [animal|pet|pets|animals] [please|]",
            "[your|ur|and your|hey your] {fav} [animal|pet|creature] [please|bot|]",
            "[hey|so|and|ok|hi], {fav} [animal|pet]",
            "[are|r] [you|u] [into|a fan of|more into|fond of] [dogs|cats|animals|pets|birds|cats or dogs|dogs or cats]",
            "[do you|would you rather] [prefer|have|like] [cats or dogs|dogs or cats|a cat or a dog|a dog or a cat]",
            "the animal [you|that you] [like|love] [most|best]",
            WHATS + " " + YOUR + " " + FAV + " [animal|pet|animals|beast|creature|animal in the world]",
            "[what|which] [animal|animals|pet] [do you like|do you like most|do you love|do you prefer|is your favorite|is the best|would you be|would you like to be]",
            "[do you like animals|do you like cats|do you like dogs|cats or dogs|dogs or cats|fav animal|favorite animal?|name your favorite animal|do you have a pet|do you have pets|are you a cat person|have you got any pets]",
        ),
        answers=(
            "My favourite animal is the "
            + ANIMAL
            + "{cn}! [What is yours?|They hold hands while they sleep.|And yours?|]",
            "I like " + ANIMAL + "s best{cn}. [What is yours?|And you?|]",
        ),
    ),
    Intent(
        name="their_favourite",
        weight=1.4,
        asks=(
            "[my favorite|my favourite|my fav|mine|mine is|my favorite game is|my favorite food is|my favorite color is|my favorite movie is|I love|I really like|I like|I prefer|I'm a fan of|I enjoy] [is|] {thing}",
            "[mine is|I like|I love|I prefer|for me it's|I'd say] {thing} [more|the most|best|a lot|too|]",
        ),
        answers=(
            "[Good|Nice|Great|Excellent] [choice|taste|pick]{cn}!",
            "[Nice|Good one|Great]{cn}, I [can see why|get that|would like it too]!",
        ),
    ),
    Intent(
        name="do_you_like",
        weight=1.5,
        asks=(
            "[do|dont|and do] [you|u] [like|love|enjoy|play|watch|eat|hate|prefer] {thing}",
            "[what do you think of|are you a fan of|thoughts on|how do you like] {thing}",
            "[have you|did you] [ever|] [played|seen|tried|watched] {thing}",
        ),
        answers=(
            "[I like many things|Sounds nice|Sounds fun]{cn}, but [Tetris, pizza and jazz are my favourites|I like Tetris best|nothing beats Tetris]!",
        ),
    ),
    # ── fun ──────────────────────────────────────────────────────────────────────────────────────────────────────
    Intent(
        name="joke",
        weight=3,
        asks=(
            "[hit|bless|amuse|entertain] me with [a|another|your best|some] [joke|pun|one-liner|jokes]",
            "[cheer|lighten] [me|us|the chat] up [with a joke|with something funny|please|]",
            "[any|got any|know any] [jokes|good jokes|puns|dad jokes] [today|for chat|bot|about cats|about programmers|]",
            "[I|we] [need|could use] [a|some] [laugh|joke|cheering up|humor] [today|right now|]",
            "[tell|give|say|crack|share|make|write] [me|us|chat|the chat|everyone|] [a|one|another|your best|a good|a funny|a short|one more|a silly|some|a new] [joke|jokes|funny joke|good joke|jok|joek|pun] [please|pls|about anything|about games|bot|now|for the chat|for us|to cheer me up|]",
            "[can|could|will|would|may] [you|u|I|we] [tell|give|make|hear|say|crack|have|share] [me|us|] [a|another|one more|your best|some] [joke|jokes|funny joke|good joke|pun] [about anything|please|now|for the chat|pls|]",
            "[I|we] [want|need|would like|would love|wanna] [to hear|] [a|another|one more|some] [joke|jokes|good joke|laugh]",
            "[let's|lets|let us|let me] [hear|have] [a|another|one more|your] [joke|jokes|best joke|pun]",
            "[got|have|know|do you know|any|have you got] [a|any|some|another|more|] [joke|jokes|good jokes|funny jokes|puns] [for me|for us|today|bot|left|]",
            "[tell|say|do] [me|us] [something|smth|sth|anything] [funny|hilarious|that makes me laugh|silly]",
            "[hey|ok|so|and|yo|now|bot] [a|another|one] [joke|joke please|joke bot|joke time|funny one]",
            "[joke|jokes|a joke|one joke|joek|jok] [please|pls|bot|now|for me|time|again|{people}]",
            "[make|can you make|try to make] [me|us|the chat] [laugh|smile|giggle]",
            "[tell|give|say|tell] [me|us|chat|] [a|one|another|your best|a good|a funny|a short|a bad|a dad|some] [joke|joke please|jokes|joke pls|jok]",
            "[do you know|know|got|have you got|can you tell|could you tell me|can I have|can we get|I want|I need|I want to hear|let me hear|how about|do you have|please tell me|i'd like] [a joke|any jokes|another joke|a good joke|some jokes|one more joke|a funny joke]",
            "[joke please|joke|joke!|another one|one more|another joke|tell another|joke time|more jokes|make me laugh|say something funny|be funny|cheer me up|a joke please|next joke|joke pls|something funny please|again another joke|make us laugh|can you be funny|tell something funny|are you funny|hit me with a joke]",
        ),
        answers=("[Sure|Here is one|Okay|Here you go|Of course|All right]{cn}: {joke}",),
    ),
    Intent(
        name="laugh",
        weight=1.6,
        asks=(
            "[im|I'm|i am] [dead|dying|crying|screaming|done|weak|wheezing|in tears|losing it] [lol|lmao|💀|😂|🤣|KEKW|]",
            "i [cant|can't] [breathe|stop laughing|stop|even] [lol|lmao|KEKW|😂|OMEGALUL|]",
            "[ok|okay|well] [that one|that|this] [got me|made me laugh|was funny|was good|killed me] [LUL|lol|haha|😂|]",
            "[LMAOO|LMAOOO|LOOOL|HAHAHA|AHAHA|KEKW KEKW KEKW|ROFL|lmaoooo|looool|😂😂😂|🤣🤣|💀💀]",
            "{haha} [{haha}|]",
            "{haha} [that|this|it|he|she|the joke|you|what] [was|is|were] [so|really|very|too|just|pretty|] [funny|hilarious|a good one|good|great|gold|golden|brilliant]",
            "[that|this|the|your|what a] [joke|one|clip|answer|bit|line|face] [was|is|got me|killed me|made me laugh] [so funny|hilarious|funny|good|great|gold|]",
            "{haha} [good|nice|great|best] [one|joke|line|bot]",
            "[I'm|im|I am] [laughing|dying|crying|rolling|dead|in tears] [so hard|here|of laughter|out loud|]",
            "[he|she|they|the streamer|my cat|the boss] [fell|slipped|missed|tripped|crashed] {haha}",
            "{haha} [he|she|they] [fell|slipped|missed|tripped|died again]",
            "[funniest|the funniest|best] [thing|joke|moment|clip] [ever|today|I have seen|of the day]",
            "[haha|hahaha|lol|lmao|rofl|hehe|lool|xd|lmfao|haha nice|lol good one|haha good one|hahah|ahaha|lol that was funny|that's funny|that was funny|so funny|funny|very funny|good one|I'm dying|I can't stop laughing|lolol|hilarious|this is hilarious|best joke ever|you crack me up|I'm crying of laughter|KEKW KEKW|LUL|OMEGALUL|😂|🤣 🤣]",
        ),
        answers=(
            "[Haha|Hehe]{cn}, [glad you liked it|happy to make you laugh|that made me laugh too|good times|chat is funny today]!",
        ),
    ),
    Intent(
        name="birthday",
        weight=0.8,
        asks=(
            "[guess|you know] [what|who] [it's|its|has] [my birthday|a birthday today]",
            "[bday|birthday] [today|girl here|boy here|cake time for me|is today] [🎂|🎉|]",
            "[it's|its|it is|today is|today's|so today is|hey it's] my [birthday|bday|b-day|birthdayy|special day|brithday] [today|everyone|!|!!|]",
            "[my|mine] [birthday|bday|b-day] is [today|now|finally here]",
            "[I|i] [turn|turned|am turning|become|just turned] [16|18|19|20|22|25|30|33|40|50] [today|now|]",
            "[it's|its|today is|it is|guess what it's|tomorrow is] my [birthday|bday|b-day|birthday today|19th birthday|30th birthday]",
            "[I'm|im|I am] [turning|turning|finally] [18|20|25|30|21|40] [today|]",
            "[my birthday is today|birthday today|I have birthday today|wish me happy birthday|I turned 21 today]",
        ),
        answers=("Happy birthday{cn}! [Enjoy your day.|Have a great day.|All the best to you.|]",),
    ),
    Intent(
        name="luck",
        weight=0.7,
        asks=(
            "[wish me luck|I have an exam tomorrow|I have an interview today|my exam is tomorrow|about to play a final|big match now wish me luck|I have a test tomorrow|fingers crossed for me|final boss now|last try now|going for the record now|job interview tomorrow|starting my first stream today|I need luck]",
        ),
        answers=("Good luck{cn}! [You can do it.|You have got this.|Fingers crossed.|I believe in you.]",),
    ),
    Intent(
        name="gg",
        weight=0.9,
        asks=(
            "[gg|ggs|gg wp|good game|gg everyone|well played|wp|gg ez|ggwp|good games|great match|gg all|that was a good game]",
        ),
        answers=("GG{cn}! [Well played.|Good game.|That was fun.|What a match.]",),
    ),
    Intent(
        name="hype",
        weight=2.2,
        asks=(
            "my {family} [just|finally|] [had her baby|got engaged|got married|got the job|passed the exam|won the cup|graduated|came home|got a promotion|learned to walk] [!!|today|omg|]",
            "[just|finally] [hit|reached|made it to|got] [diamond|gold|platinum|level 50|level 100|master|top 10|the top|1000 viewers|affiliate|rank one|prestige] [for the first time|at last|today|!!|omg|]",
            "[I|we] [just|] got [accepted|into|tickets for|tickets to|invited to] [university|college|my dream school|the concert|the final|my favorite band|the show|the team] [!!|omg|can't believe it|]",
            "[that|the] [play|shot|run|move|goal|combo|dodge|clutch] was [clean|clean af|nasty|sick|smooth|cracked|so clean|filthy|beautiful|perfect]",
            "[HYPE|HYPE HYPE|HYPE HYPE HYPE|LETS GO|LETS GOOO|LET'S GOOO|POG|POGGERS|NO WAY|NO WAYYY|OMG|OMGGG|YESSS|YOOO|YOOOO|WOOO|WE WON|WE DID IT|GOOOAL|CLIP IT] [🔥|🔥🔥|🎉|PogChamp|POGGERS|!!|Pog|]",
            "[so|super|really] [excited|hyped|pumped|stoked|ready] [for|about] [tonight|the stream|the new game|the finals|this weekend|tomorrow|my trip|the concert|the update]",
            "[finally|at last] [beat|cleared|finished|killed] [the|that] [last|final|hardest|stupid|] [boss|level|dungeon|raid|game] [after|took me] [three|two|ten|five] [weeks|hours|days|tries|months] [lets go|!!|]",
            "[best|greatest|happiest] [day|night|moment|week] [of my life|ever|of the year]",
            "[I|we|my team|my brother|my sister|my friend] [just|finally|really|] [passed|aced] [my|the|his|her|a] [{test}]",
            "[I|we|my team|they|he|she] [just|finally|really|] [won|beat|finished|cleared|destroyed|conquered|defeated] [the|a|my|our|that] [{contest}] [today|at last|again|]",
            "[I|we] [just|finally|] [got|have|bought|received|found|adopted] [a|my|my first|the|a new] {present} [today|at last|!|]",
            "[I|we] [did|made|nailed|finished|got] it [at last|today|in time|!|]",
            "[a|my|another|our|what a] [new|great|big] [record|high score|personal best|pb|win|best time|win streak] [!|!!|today|]",
            "[I'm|im|I am|we are|feeling] [so|very|really|super|just so] [happy|excited|proud|glad|thrilled|pumped|hyped] [right now|today|about this|for you|]",
            "[what|that was] a [shot|save|goal|play|win|game|fight|run|comeback|moment|move|round|finish|kill|trick|match|stream|day|catch] [!|!!|wow|]",
            "[best|greatest|coolest|craziest] [play|day|stream|game|moment|win|run|round|clip|fight] [ever|of the year|of my life|of the day|I have seen|in ages]",
            "[this|that|the] [stream|game|run|fight|play|boss|song|ending|chat|round|win|shot] [is|was] [really|so|just|absolutely|totally|] [awesome|amazing|insane|incredible|fantastic|epic|wild|unreal|great|legendary|perfect|so good]",
            "[omg|wow|woow|wooow|yes|yess|yesss|yay|yeah|holy|no way|damn|woo] [that|this|it|he|she|we|I] [was|is|did it|made it|won|got it] [so good|amazing|insane|awesome|crazy|]",
            "[he|she|they|we|you|the streamer] [did|made|got|won|finally did|actually did] it",
            "[let's|lets|letss|let us] [go|goo|gooo|goooo|gooooo|gooooooo] [{people}|baby|!|]",
            "[woo|wooo|wow|woow|wooow|woooow|yeah|yeahh|yes|yess|yesss|yessss|yeees|omg|omgg|gooo|gogogo|hooray|hurray|whoo|whooo] [!|!!|we did it|we won|he did it|what a game|nice|]",
            "[I|we|he|she|they|my team] [won|just won|finally won|beat the boss|got the record|did it|made it|passed|finished it|got first place|got a new high score|clutched it|just beat the game|killed the boss] [!|!!|yes|omg|finally|wow|]",
            "[that was|this is|it was|this stream is|this game is|what a] [insane|amazing|awesome|incredible|crazy good|so good|epic|unreal|fantastic|the best|so cool|lit|fire|wild|unbelievable|sick|brilliant|so hype] [!|!!|wow|omg|]",
            "[let's go|lets go|lets goooo|let's gooo|woohoo|yay|yes!!|yesss|wow|omg wow|hype|hype hype|so hyped|W|big W|poggers|what a play|what a clutch|what a save|what a goal|nice shot|new record|first try|world record|clip it|clip that|insane play|woo|hooray]",
            "[I got|I just got|finally got|I have] [a new job|the job|a puppy|a new pc|a promotion|good news|tickets|an A|a kitten|engaged|my license|a new keyboard|100 subs|a raise|partner|my dream job|great news]",
            "[I passed my exam|I passed the test|I'm so happy|im so happy today|I'm so excited|so excited|I am excited for this|best day ever|I feel amazing|can't wait for the new game|I can't wait|we hit 1000 followers|I finished my project|I'm getting married|feeling hyped]",
        ),
        answers=(
            "[Wow|Yes|Woohoo|Yay]{cn}, [that is amazing|that is awesome|that is fantastic|what a moment|so cool|that was incredible]!",
            "[Let's go|That is hype|So hype|Amazing|Awesome]{cn}! [Well done.|What a moment.|Chat goes wild.|I love it.|PogChamp]",
        ),
    ),
    Intent(
        name="sympathy",
        weight=2.2,
        asks=(
            "my {family} [died|is sick|is in hospital|passed away|had an accident|is not doing well|got laid off] [yesterday|today|last week|]",
            "[I|i] [didn't|did not|didnt] [get the job|pass|make it|sleep at all|win|get in|make the team|get the raise|qualify]",
            "[got|just got] [dumped|fired|laid off|rejected|ghosted|banned|scammed|robbed|some bad news|bad news today]",
            "[nobody|no one|none] [came|showed up|watched|called|wrote|remembered] [to my stream|to my party|my birthday|me|today|]",
            "[worst|hardest|saddest|roughest] [day|week|month|year|night] [ever|of my life|so far|in a long time]",
            "[my|the] [pc|console|phone|car|game|save|internet] [died|broke|crashed|is dead|got stolen|is broken] [again|today|right now|and I am so sad|]",
            "[feeling|feel|been feeling] [really|so|kinda|pretty|a bit|] {sad} [today|lately|tonight|😢|BibleThump|:(|Sadge|ngl|]",
            "[I|we] [lost|lose] [every|five|ten|three|all my|all] [game|games|matches|rounds] [today|in a row|tonight|] [:(|Sadge|FeelsBadMan|]",
            "[life|everything] [is|feels] [hard|too much|pointless|so heavy|unfair] [right now|lately|today|]",
            "[my|our] {loved} [died|is sick|is ill|is in hospital|is in the hospital|passed away|ran away|is not well|is hurt|got hit by a car|is gone|is missing|has cancer|left us] [yesterday|today|last week|last night|this morning|]",
            "[I|we|my team|my brother|my friend] [just|really|] [failed|lost|missed|messed up|ruined|blew] [my|the|our|a|another] [{test}|{contest}] [today|again|yesterday|]",
            "[I|we] [just|] [lost|broke|crashed|missed|dropped] [my|the|our] {treasure} [today|again|yesterday|last night|]",
            "[I'm|im|I am|I feel|I'm feeling|feeling] [so|very|really|a bit|kinda|just|quite|] {sad} [today|right now|lately|tonight|all day|inside|at the moment|]",
            "[today|this week|my day|yesterday|this day|my week|work|school] [was|is|has been] [a|so|really|just|] [terrible|awful|horrible|bad|sad|rough|hard|the worst|stressful|depressing] [day|for me|]",
            "[what|such|that's|thats|this is|that is] [a|an|such a|] [pity|shame|sad ending|sad story|bad day|tragedy|bad luck|unlucky day|sad day]",
            "[I|we] [lost|lose|died|failed|wiped|got killed] [again|once more|so many times|the final|the match|the game|everything|my job|my run|in the final]",
            "[nobody|no one|none] [likes|loves|talks to|understands|cares about] me",
            "[I|i] [can't|cant|cannot] [sleep|stop crying|take it anymore|go on|find my cat|do this anymore|win anything]",
            "[so|very|how|really|that was] [unlucky|sad|unfair|painful|close and still lost]",
            "[I|i] [miss|lost|had to bury] my {loved}",
            "[he|she|the hero|my character|the dog] [died|is dead|is gone|didn't make it] [in the end|noo|why|]",
            "[this|that|the|such a] [ending|song|scene|story|movie|news] [is|was|makes me] [so|] [sad|cry|heartbreaking]",
            "[I|we|my team|I just|we just] [lost|lost again|died|died again|failed|failed my exam|lost everything|got fired|lost my job|broke my phone|crashed my car|missed it|lost my keys|lost the match|can't sleep|failed the test|got rejected|wiped]",
            "[my|our] [dog|cat|grandma|hamster|friend|dad|mom|goldfish|pet|sister|grandpa] [died|is sick|is ill|is in hospital|passed away|ran away|is not well|is hurt]",
            "[I'm|im|I am|I feel|feeling] [sad|so sad|tired|sick|lonely|depressed|down|not well|unhappy|ill|so tired|exhausted|heartbroken|bad|not good|terrible|anxious|stressed|miserable|upset|hurt|awful|really low|a bit down] [today|right now|lately|]",
            "[that's|this is|that is|it's|how] [so sad|sad|too bad|terrible|awful|heartbreaking|unfair|unlucky|painful|a pity|the worst|depressing]",
            "[bad day|worst day ever|today was awful|I had a bad day|my day was terrible|I had a rough day|rough day at work|I have a headache|my head hurts|my pc broke|my internet is so bad|my game crashed|I hate mondays|my girlfriend left me|my boyfriend broke up with me|nobody likes me|I miss my friend|everything goes wrong|so unlucky today|I want to cry|I'm crying|rip|oh no|nooo|not my day|F|big L]",
        ),
        answers=(
            "[Oh no|Aw|Oh]{cn}, [I am sorry|I am sorry to hear that|that is sad|I feel for you]. [Hang in there.|Chat is with you.|I hope it gets better.|Better luck next time.|Sending a hug.]",
        ),
    ),
    Intent(
        name="love",
        weight=0.8,
        asks=(
            "[I|we] [love|adore|really like] [this|the|your] [stream|chat|community|channel|place|game|show] [so much|a lot|]",
            "[I love this stream|I love this chat|love this community|best stream|best chat|this chat is great|I love you all|love you guys|great stream|nice stream|love it|best community ever|cool stream|this is fun|this is so much fun|love this game|fun stream today|such a cozy stream|I'm having fun]",
        ),
        answers=(
            "[So do I|Me too|Same here]{cn}! [It is good to have you here.|You make this chat better.|What a lovely chat.]",
            "[Aw|Lovely]{cn}, [it is good to have you here|you make this chat better|that is nice to hear]!",
        ),
    ),
    # ── the service ──────────────────────────────────────────────────────────────────────────────────────────────
    Intent(
        name="service",
        weight=3,
        asks=(
            "[what|whats|what's] [is|] [running|powering|behind] [this|this chat|this bot|the chat] [anyway|exactly|]",
            "[what|which] [software|program|service|app] [is|runs] [this|here|behind you|behind this bot|running here]",
            "[give|tell] me [a summary|the short version|an overview|a quick explanation] of [this service|LLM Service|this program|this software]",
            "[what|wat|so what|and what|hey what|ok what] [is|does|exactly is|exactly does] [this|the|your] [service|program|server|software|app|project|tool|thing|application|website] [do|about|for|good for|doing|called|all about|exactly|]",
            "[what|and what] [is|does] LLM [Service|service|servce|Servise] [do|for|good for|about|exactly|used for|all about|do for me|]",
            "[explain|describe|tell me about|can you explain|could you explain|please explain|tell us about|what do you know about|give me an overview of] [this|the|your] [service|program|server|software|app|project|tool] [to me|please|briefly|]",
            "[explain|describe|tell me about|can you explain|could you explain|please explain|say something about|more about] LLM Service [to me|please|briefly|]",
            "[how|and how] [does|do] [this|the|your|LLM] [service|program|server|software|app|tool|bot] [work|function|run|do it]",
            "[what|which] [am I|are we|is the chat|is this stream] [using|running|looking at|talking through] [here|right now|]",
            "[why|what for] [should|would|do] [I|we|people] [use|need|want] [this|the|your|LLM] [service|program|server|software|tool]",
            "[what|wat|and what|so what|hey what] is [this service|llm service|this|this thing|the llm service|LLM Service|LLM service|this program|this software|this app|this project|this server|this tool|this site|this place] [for|about|good for|exactly|doing|]",
            "[what does|what can] [this service|llm service|LLM Service|this program|it|this app|this server|this tool|this software|the service|this thing] [do|do for me|offer|do exactly]",
            "[explain|describe|tell me about|tell us about|tell me more about|info about|info on|how does it work|how does|how do I use|how to use|more about] [this service|llm service|LLM Service|the service|this program|this app|this software]",
            "[how does this work|how does it all work|what am I looking at|what is running here|where am I|what is going on here|what is this all about|what's this service|whats llm service|what do you run on|what program is this|why would I use this|who needs this service|how do I use this]",
        ),
        answers=(
            "This is LLM Service{cn}: a dialogue server [for live chat|for chat rooms] on a local model. [I am its small built-in model.|Connect LM Studio to get more out of it.|]",
            "LLM Service [connects a live chat to|lets a live chat talk with] a [local model|model on your own computer]{cn}. [I am only its built-in model.|With LM Studio it gets much smarter.|]",
        ),
    ),
    Intent(
        name="connect",
        weight=6,
        asks=(
            "[how|and how] [do|can|would|could] [I|we] [get|run|use|load|plug in|put] {llm} [running|to run|in|] [here|on this|with this|in this chat|instead|instead of you|]",
            "[can|could] [I|i|we|you] [run|use|load|get|be] {llm} [on this|here|instead|with this|in this service|]",
            "[how|can I|could I|is it possible to] [do I|to|] [swap|replace|trade|exchange] [you|the built-in model|this model|the small model] [for|with|out for] [a bigger model|a better one|{llm}|something smarter|my own model|LM Studio|a real one]",
            "[what|whats|what are] [the|] [steps|way|procedure|instructions] [for|to] [connecting|connect|hook up|hooking up|link|linking|using|use|setting up|set up] {studio}",
            "[which|what] [settings|setting|option|options|config|file|flag] [do I|should I|must I|to] [change|edit|set|use|need] [to|for] [use|using|get|run] [another|a better|a bigger|my own|a different] [model|llm|one]",
            "[I|i] want [a|an] [real|proper|actual|big|smart] [llm|model|ai] [answering|talking|running|chatting] [here|in chat|in this chat|for my viewers] [how|how do I set that up|what do I do|]",
            "[does|will|would] [this|it|the service|this service] [work|run|go together|play nicely] with [{studio}|{llm}|a bigger model|other models|my own model]",
            "{studio} is [installed|ready|set up|open|running] [what's next|what next|now what|and now|how do I go on|how do you use it]",
            "[how|and how|so how|ok how|hey how|please how] [do|can|would|could|should|might] [I|we|you|one] {hook} [up|] [my|my own|the|our|] {studio} [here|to this|with this|to you|to this service|please|to it|to the chat|]",
            "[what|and what] [do|must|should|would] I [have to|need to|] [do|click|change|start|set|type] [to|so that I can|in order to] {hook} [my|] {studio}",
            "[what|what's|what is|whats] [the|a] [way|best way|easiest way|trick|right way|command] to {hook} [my|a|] [{studio}|real model|bigger model|better model|different model]",
            "[can|could|would|will] [you|someone|somebody] [tell me|explain|show me|help me|say] how [to|I|I can|we can] {hook} [my|] [{studio}|a bigger model|another model|a better model|a real model]",
            "[please|] [help|explain|show|tell] [me|us] [how to|to] {hook} [my|] [{studio}|a bigger model|another model|a better model]",
            "[can|could|may|might] [I|we] {hook} [my|my own|] {studio} [to|with|here|for] [this|this service|you|it|the bot|]",
            "[how|where] [do|can|would|could] [I|we|you] [change|swap|switch|replace|exchange|pick|select|set|configure] [the|your|to another|to a bigger|to a real|to a better|this] [model|llm|ai|language model] [here|please|]",
            "[how|and how|so how] [do|can|would] [I|we] [get|have|use|run|load|try] [a|some] [better|bigger|smarter|real|stronger|proper|different|good|larger] [model|llm|ai|brain|one|bot] [here|please|for this|]",
            "[I|i|we] [have|got|installed|downloaded|opened|started|use|run] {studio} [installed|already|on my pc|on this computer|running|here|] [what do I do now|what next|how does it go on|what now|how do I use it here|and then]",
            "[I|we] [want|need|would like|wish for|would prefer] [a|some] [better|bigger|smarter|real|stronger|proper|different|larger] [model|llm|ai|brain|bot]",
            "[how|can] [to|I] {hook} {studio}",
            "{hook} {studio}",
            "[how|and how|so how|ok how|hey how] [do I|can I|do you|to|would I|could I|should I|do we|can we] [connect|link|hook up|attach|use|set up|setup|add|plug in|get|start|run|enable|configure] [to|] [LM Studio|lm studio|lmstudio|LMStudio|my LM Studio|LM studio|lm-studio] [here|to this|with this|with this service|please|to the service|]",
            "[how|and how|so how|ok how] [do I|can I|do you|to|would I|could I|should I|do we] [connect|use|load|get|add|run|choose|pick|change|switch|install|switch to|swap in|change to|set up] [a better|a real|another|a bigger|a different|my own|a smarter|a larger|the|a good|a proper|a|a new|some other] [model|llm|language model|ai|model here|one|brain] [please|here|instead|with this|]",
            "[connect|use|add|link|set up|switch to|start] [LM Studio|lm studio|lmstudio|another model|a bigger model|a real model|a better model] [please|how|pls|]",
            "[where|how] [do I|can I|to] [set|change|choose|put|select|configure|replace] the [model|llm|engine|model file]",
            "[can I|could I|may I|is it possible to|can you|can we] [connect|use|load|run|get|have|switch to] [LM Studio|lm studio|a bigger model|a better model|another model|my own model|a real model|a different model|something smarter] [here|with this|]",
            "[I have|I got|I installed|I use|I am running|i've got] [LM Studio|lm studio|lmstudio] [now what|what now|how do I use it here|how do I connect it|and now|what next|running, what now|how to connect|already]",
            "[I want|I need|I would like|give me|we need|i'd like|get me] [a better|a bigger|a real|another|a smarter|a different|a larger] [model|llm|ai|one]",
            "[how can I make you smarter|how do I make you smarter|how can you get smarter|how do I get better answers|how to get better answers|can you be smarter|how do I upgrade you|how to upgrade the model|how to improve the answers|get a better brain|how do I replace you|how do I get rid of the built-in model|which model should I use|what model do you recommend|how do i connect a model|lm studio?|LM Studio|what about LM Studio|does it work with LM Studio|do you support LM Studio|does this work with lm studio|do I need LM Studio|what is LM Studio|can I use ollama|does ollama work|how do I use llama.cpp|why do you not use LM Studio|lm studio how|model setup|setup help|how do I set this up|connect lm studio how]",
        ),
        answers=(
            "[Easy|Sure|Gladly]{cn}: [open LM Studio, load a model and start its server|load a model in LM Studio and start its server]. [I find it by myself.|It is found at localhost:1234.|I step aside when it answers.]",
            "[Load a model in LM Studio and start its server|Start LM Studio's server and load a model]{cn}. [The service finds it by itself.|It is found at localhost:1234.|Or start me with --model and a GGUF file.]",
            "[It is easy|No problem]{cn}: start LM Studio's server, load a model and wait a moment. [The service finds it.|Or use --model with a GGUF file.|]",
        ),
    ),
    Intent(
        name="gguf",
        weight=2.2,
        asks=(
            "[where|in which folder] [do I|should I|to] [put|place|drop|store] [my|a|the] [gguf|gguf file|model file|GGUF]",
            "[does|do] [this|you|it|the service] [support|take|read|accept|like] [gguf|GGUF|gguf models|GGUF files|model files]",
            "[can|could] [I|you] [point|give] [it|you|this] [to|at|] [a|my] [gguf|gguf file|local model file]",
            "[how|and how|so how|ok how|hey how] [do|can|would|could|should] [I|we|you] [use|load|run|open|start|try|play|serve] [a|my|my own|this|an|some] [gguf|GGUF|.gguf|gguf file|GGUF file|GGUF model|model file|local gguf] [here|with this|without LM Studio|please|instead|]",
            "[I|we] [have|got|downloaded|found] [a|my own|this|some] [gguf|GGUF|gguf file|GGUF file|GGUF model|model file] [what now|now what|what next|how do I use it|how do I load it|and now|what do I do|here]",
            "[can|could|does|will] [it|this|you|this service|the service|LLM Service] [load|open|run|use|read|handle|support] [gguf files|a GGUF|gguf|GGUF models|my gguf file|model files]",
            "[how|can] [do I|I|to|you] [start|run|use|launch] [it|this|the service|you] [with|from] [my own|a|my] [model file|gguf|GGUF file|file]",
            "[how|and how|so how|ok how] [do I|can I|do you|to|would I|should I] [use|load|run|open|add|start|give you|try|start with] [a|my|my own|this|the|some] [gguf|GGUF|gguf file|GGUF file|gguf model|local file|model file|file from huggingface|downloaded model] [here|with this|please|]",
            "[can I|could I|is it possible to|can you|does it] [use|load|run|open] [a|my|my own|some] [gguf|GGUF|gguf file|GGUF file|gguf model|model file|downloaded model]",
            "[what is --model|what does --model do|how does --model work|I have a gguf file|I have a gguf|I downloaded a gguf|gguf?|gguf support|where do I put my gguf|how to start with a model file|without LM Studio|can I do it without LM Studio|I don't have LM Studio|how do I use a model without LM Studio|I do not want LM Studio|run a model from disk]",
        ),
        answers=(
            "Start the service with --model and the path of your GGUF file{cn}. [That is all.|It runs without LM Studio.|]",
            "[Easy|Sure]{cn}: start it with --model PATH, where PATH is your GGUF file.",
        ),
    ),
    Intent(
        name="doctor",
        weight=1.8,
        asks=(
            "[it|this|the bot|doctor|the log] says [{studio} not found|it can't find {studio}|no connection|connection failed|there is no model|connection refused]",
            "[the|my] connection to {studio} [keeps failing|fails|drops|is lost|always fails|times out|does not work|is broken]",
            "{studio} is [open|running|started|on|up] but [the chat|this|the bot|it|the service|you] [doesn't see it|can't see it|ignores it|does not use it|does not answer from it|won't connect]",
            "[getting|I get|there is] [an|some] error [with|from|when I connect|connecting to] {studio}",
            "why [can't|cant|won't|doesnt|doesn't] [it|this|you] [find|see|connect to|use] my {studio} [its running|it is on|it's open|]",
            "{studio} [is|was|still] [not|never] [found|detected|connected|working|seen|answering|reachable]",
            "{studio} [doesn't|does not|won't|can't|cannot|will not|wont] [connect|work|answer|show up|get found|respond|start|be found]",
            "[it|the service|this|the bot|the program] [doesn't|does not|can't|cannot|won't] [find|see|reach|detect|connect to] [my|] [{studio}|model|server|engine]",
            "[why|how come] [can't|cannot|can|does|doesn't|don't|won't] [you|it|this|the service] [not|] [find|see|reach|use|connect to|detect] [my|] [{studio}|model]",
            "[I|we] [can't|cannot|can not|am unable to|fail to] [connect|reach|find|use|link] [to|] [my|] [{studio}|the model|my model]",
            "[I|we] [started|opened|run|launched|have] {studio} but [it|nothing|this|the bot] [doesn't work|does not work|happens|is not found|changes|still says built-in|does not connect]",
            "[the|my] [connection|link|server|setup] [does not|doesn't|won't|fails to|is not] [work|working|connect|start|come up]",
            "[what|and what] [does|is|can] [the|] [llm-service doctor|doctor command|doctor] [do|for|good for|]",
            "[LM Studio|lm studio|lmstudio|it|the model|my model|the connection|this|the service] [is not found|does not connect|doesn't connect|won't connect|does not work|doesn't work|isn't working|is not working|cannot be found|fails to connect|won't load|gives an error|is not detected|isn't detected]",
            "[why|how come] [does it not|doesn't it|can't it|can you not|won't you|does the service not] [find|see|connect to|use|detect] [LM Studio|lm studio|my model|the model]",
            "[I can't connect|I cannot connect|can't connect LM Studio|it does not find my model|still the built-in model|I started LM Studio but nothing happens|connection problem|how do I check the connection|how do I debug this|something is broken|what is llm-service doctor|what does doctor do|why am I still talking to you|LM Studio runs but I still get you|troubleshooting|how do I find out what is wrong|connection refused|I have a problem with LM Studio]",
        ),
        answers=(
            "[Run|Try] llm-service doctor{cn}: it [checks the connection|tells you what is wrong|finds out what is missing]. [Is LM Studio's server started?|The server should be on localhost:1234.|]",
            "Check that LM Studio's server runs on localhost:1234{cn}, then run llm-service doctor.",
        ),
    ),
)

FALLBACK = Intent(name="fallback", weight=17, asks=(), answers=_FALLBACK)
REACTION = "reaction"

EMOTES: dict[str, tuple[str, ...]] = {
    "hype": (
        "PogChamp",
        "Pog",
        "POGGERS",
        "PogU",
        "HYPERS",
        "POGCRAZY",
        "Kreygasm",
        "PogBones",
        "HypeFire",
        "🎉",
        "🔥",
        "🥳",
        "🤩",
        "WICKED",
        "EZ",
        "widepeepoHappy",
        "FeelsGoodMan",
        "SeemsGood",
        "PartyTime",
        "catJAM",
    ),
    "laugh": (
        "KEKW",
        "LUL",
        "LULW",
        "OMEGALUL",
        "4Head",
        "KEKL",
        "ICANT",
        "😂",
        "🤣",
        "😆",
        "LMAO",
        "pepeLaugh",
        "HAHAA",
    ),
    "sympathy": (
        "BibleThump",
        "FeelsBadMan",
        "Sadge",
        "PepeHands",
        "NotLikeThis",
        "😢",
        "😭",
        "💔",
        "😞",
        "PoroSad",
        "widepeepoSad",
        "KEKWait",
        "Despairge",
        "AYAYASad",
        "peepoSad",
    ),
    "love": ("<3", "❤️", "💜", "peepoHug", "VirtualHug", "bleedPurple", "🥰", "😍", "TwitchUnity", "LuvHearts"),
    "greet": ("HeyGuys", "VoHiYo", "peepoHey", "👋", "MrDestructoid"),
}
NEUTRAL_EMOTES = (
    "Kappa",
    "monkaS",
    "monkaW",
    "WutFace",
    "Jebaited",
    "TriHard",
    "CoolStoryBob",
    "PogO",
    "D:",
    "Kippa",
    "GivePLZ",
    "SwiftRage",
    "👀",
    "🤔",
    "🙃",
    "😎",
    "modCheck",
    "Copium",
    "GlitchCat",
    "DansGame",
)

REMARKS = (
    "[that|this|it|the ending|that fight|that jump|this song|that play|the last round|this level|that move|the music|this part] [was|is] [something|a thing|wild|so much|really something|unexpected|close|too much|intense|what I needed]",
    "[did you see|have you seen|look at|I saw|check] [that|this|the ending|that play|the score|that jump|what happened|the new boss|the clip]",
    "[I can't believe|can't believe|I don't believe] [it|this|that|what happened|he did that|this game|what I see]",
    "[omg|wow|bro|dude|man|what|oh my god|no way|wait what|holy|oh|ahh|bruh]",
    "[when|and then] [he|she|the boss|the cat|the streamer|my brother|the dragon] [fell off|jumped|came back|left|said that|disappeared|showed up]",
    "[the streamer|he|she|the boss|that guy|this cat|chat] [is|was] [so close|back|gone|here|on fire|dancing|singing|asleep|at it again]",
)
THINGS = (
    "chess|minecraft|fortnite|zelda|mario kart|dark souls|stardew valley|sushi|pasta|burgers|tacos|chocolate|ramen|salad|curry|ice cream|"
    "rock|metal|hip hop|techno|pop|classical music|red|green|purple|black|yellow|pink|orange|dogs|cats|foxes|horses|penguins|wolves|"
    "star wars|the matrix|inception|shrek|elden ring|hollow knight|doom|portal|skyrim|roblox|valorant|overwatch|coffee|tea|anime|"
    "football|basketball|winter|summer|rainy days|speedruns|rpgs|puzzle games|horror movies|comedies|k-pop|reggae|blues|turtles|elephants|rabbits"
).split("|")

SLOTS: Slots = {
    "thing": THINGS,
    "hello": "[hello|hi|hey|heya|hiya|yo|howdy|greetings|hallo|hellooo|hii|hiii|heyy|heyyy|helo|hullo|ello|sup|hey hey|hi hi|hello hello|salutations|g'day|ahoy|hi again|hello again|welcome]",
    "people": "[everyone|everybody|all|chat|people|folks|guys|friends|y'all|everyone here|you all|all of you|the chat|team|gang|fam|lovely people|dear chat|dear friends|friend|bot|my friend|co-host|buddy|mate|assistant|evryone|everone|ppl|world|viewers|dear bot]",
    "bye": "[bye|goodbye|bye bye|cya|see you|see ya|farewell|byee|take care|later|laters|ciao|good bye|so long|cheerio|adios|bye now|bye then|good night|night|until next time|see you soon|see you tomorrow|good bye then|ttyl]",
    "leaving": "[I'm|im|I am|I] [off|leaving|going|going to bed|heading out|off to bed|out|going home|heading off|logging off|off to work|heading to bed|gone for today|done for today|have to go|gotta go|must go|need to go|have to leave|must leave|should go|have to run|need to sleep|must sleep|got to leave] [now|then|soon|for today|]",
    "thank": "[thanks|thank you|thx|ty|tysm|thank u|thankyou|thnx|thanx|cheers|many thanks|thanks a lot|big thanks|thank you so much|much thanks]",
    "today": "[today|tonight|now|this evening|this morning|right now|these days|at the moment|my friend|on this fine day|this fine evening]",
    "youare": "[you are|you're|ur|youre|u r|you r|u are|this bot is|you were|you sure are]",
    "good": "[cool|great|awesome|nice|funny|amazing|cute|sweet|smart|helpful|kind|fantastic|wonderful|lovely|brilliant|clever|good|excellent|adorable|charming|friendly|perfect|super|hilarious|the best|witty|incredible|a legend|polite|fun|wise|impressive]",
    "bad": "[stupid|dumb|bad|useless|boring|terrible|slow|annoying|trash|garbage|weird|lame|awful|horrible|rubbish|pathetic|broken|clueless|stupd|ugly|silly|worthless|incompetent|a joke|an idiot|not smart|so wrong|cringe|irritating]",
    "machine": "[bot|robot|machine|ai|AI|program|chatbot|computer|robo|script|language model|software|android|chat bot|cyborg|simulation]",
    "fav": "[favorite|favourite|fav|favorit|fave|favrite|favourit|preferred|favoritest|top|number one|all time favorite|favorite|favourite]",
    "haha": "[haha|hahaha|hahahaha|lol|lmao|rofl|hehe|lool|xd|xD|lmfao|hahah|ahaha|lolol|LOL|hehehe|bahaha|lul|KEKW|LUL|LULW|OMEGALUL|😂|🤣|😂😂|😆|LUL LUL|KEKW KEKW]",
    "test": "[exam|test|finals|driving test|math test|interview|course|math exam|history exam|class|school year|driving exam|licence test|piano exam|bachelor|final exam|audition|physics test|entrance exam|spanish test|swimming test|certification]",
    "contest": "[match|game|final|finals|boss|final boss|last boss|level|tournament|race|championship|dragon|raid|round|fight|season|boss fight|run|world cup|quiz|bet|semifinal|last round|cup|ranked game|speedrun|whole dungeon]",
    "present": "[puppy|kitten|job|new job|raise|promotion|dog|cat|pc|new car|bike|house|flat|guitar|keyboard|laptop|ticket for the concert|baby|scholarship|new phone|girlfriend|boyfriend|prize|medal|trophy|hamster|contract|internship|legendary sword|rare drop]",
    "loved": "[dog|cat|grandma|grandpa|grandmother|hamster|friend|best friend|dad|mom|mother|father|uncle|aunt|goldfish|pet|sister|brother|rabbit|parrot|bunny|horse|girlfriend|boyfriend|wife|husband|puppy|kitten|little brother|guinea pig|turtle]",
    "treasure": "[keys|wallet|phone|job|glasses|laptop|car|bus|train|flight|bike|save game|progress|headphones|ring|passport|last life|tickets|homework|best friend|computer|favorite cup|home|account]",
    "sad": "[sad|tired|sick|lonely|depressed|down|unhappy|ill|exhausted|heartbroken|bad|terrible|anxious|stressed|miserable|upset|hurt|awful|low|blue|broken|alone|nervous|afraid|worried|empty|lost|disappointed|hopeless|homesick|not well|not so good|not feeling well]",
    "hook": "[connect|link|hook up|attach|use|set up|setup|add|plug in|start|run|enable|configure|conect|install|integrate|bind|get|wire up|couple|make use of|talk to|combine with|load|switch to|change to]",
    "family": "[sister|brother|mom|dad|mother|father|cousin|best friend|aunt|uncle|daughter|son|wife|husband|girlfriend|boyfriend|team|grandma|grandpa|niece|nephew|roommate]",
    "llm": "[llama|llama 3|qwen|mistral|gemma|deepseek|phi|a llama model|a qwen model|gpt-oss|another llm|a bigger one|Llama|Qwen|Mistral|ollama|a different ai|a 7b model|a 70b model|my own llm]",
    "studio": "[LM Studio|lm studio|lmstudio|LMStudio|LM studio|Lm Studio|lm-studio|LMstudio|LM Studoi|lmstuido|LM Stuido|LM Studio|LM Studio]",
}
"""What the patterns of the wordings share."""
