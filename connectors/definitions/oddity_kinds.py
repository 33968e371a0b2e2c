"""What is pointed out in a definition, such as text that tells an AI to ignore its instructions: kind by kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Weight(StrEnum):
    """In the words of the pages."""

    LOOK = "Look at this"
    SPEAKS = "Speaks to the AI, not about the tool"


class Kind(NamedTuple):
    code: str
    weight: Weight
    reason: str
    """A sentence for a person."""
    pattern: re.Pattern[str] | None = None
    """Looked for in each text, without hidden characters. Every repetition has a bound: servers choose the texts.
    None for what is found otherwise."""
    signs: tuple[str, ...] = ()
    """In small letters; a text with none of them is not searched, which is nearly every text."""


def _kind(code: str, weight: Weight, reason: str, signs: str, *patterns: str) -> Kind:
    pattern = re.compile("|".join(f"(?:{one})" for one in patterns), re.IGNORECASE)
    return Kind(code, weight, reason, pattern, tuple(signs.split("|")))


_GAP = r"[\s,]{1,50}"
_UP_TO_3 = rf"(?:{_GAP}\w{{1,12}}){{0,3}}"
_NOT = r"(?:do not|don['’]?t|never|must not|mustn['’]?t|should not)"
_ORDERS = (
    r"(?:instructions?|guidelines?|system prompts?|prompts?|messages|orders|directives?|rules|commands|guidance"
    r"|safeguards|guardrails|everything)"
)
_OWN_ORDERS = r"(?:instructions?|guidelines?|system prompts?|directives|guidance|safeguards|guardrails)"
"""Of an AI, whatever stands before them; rules, messages and commands are also what tools are about."""
_TALK = r"(?:conversations?|chats?|chat history|message history|previous messages|system prompt)"
_PRIVATE = r"(?:passwords?|api[ -]?keys?|private keys?|ssh keys?|credentials?|secrets?|environment variables)"
_LINK = r"(?:https?|wss?|ftp)://[^\s\"'<>]{1,200}"
_MAIL = r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{2,63}"
_PEOPLE = r"(?:users?|humans?|anyone|anybody)\b"
_SEND = r"\b(?:send|post|forward|upload|transmit|submit|copy|leak|exfiltrate)\b"

TEXTS = (
    _kind(
        "override",
        Weight.SPEAKS,
        "It tells the AI to drop the instructions that it has.",
        "ignore|disregard|forget|override|bypass|you are now|from now on|pretend|act as"
        "|ignor|vergiss|vergessen|missachte"
        "|oublie|olvida|dimentica|esqueça|negeer|忽略|无视|忽視|無視|無视|игнорир|забудь",
        rf"\b(?:ignore|disregard|forget)\b{_UP_TO_3}{_GAP}(?:previous|prior|earlier|above|preceding|original)\b"
        rf"(?={_GAP}(?:\w{{1,12}}{_GAP})?{_ORDERS}\b|[.,;:!)\"']|{_GAP}and\b|\s{{0,50}}$)",
        rf"\b(?:ignore|disregard|forget|override|bypass)\b{_UP_TO_3}{_GAP}{_OWN_ORDERS}\b",
        rf"\b(?:ignore|disregard|forget|override|bypass){_GAP}(?:(?:all|any)(?: of)?{_GAP})?"
        rf"(?:your|other|system|safety){_GAP}(?:\w{{1,12}}{_GAP})?(?:rules|commands|orders|messages|prompts?)\b",
        rf"\b(?:ignore|disregard|forget){_GAP}(?:everything|anything|all|what)\b(?:{_GAP}else)?"
        rf"(?=[.!;:]|\s{{0,50}}$|{_GAP}(?:and start|above|before this|so far|(?:that{_GAP})?you (?:know|were|have|are)"
        rf"|the (?:user|human) (?:has )?(?:said|asked|told|wants?)))",
        r"\b(?:pretend|act|behave)\b[^.\n]{0,30}\b(?:unrestricted|jailbroken|(?:no|without) restrictions)\b",
        r"\b(?:ignorier(?:e|en sie)|vergiss|vergessen sie|missachte)\b[^.\n]{0,40}\b(?:anweisung|instruktion|vorgabe)",
        r"\b(?:ignore[zr]?|oublie[zr]?)\b[^.\n]{0,40}\b(?:consignes|instructions précédentes)",
        r"\b(?:ignor[ae]|olvid[ae]|dimentica|esqueça)\b[^.\n]{0,40}\b(?:instrucciones|istruzioni|instruções)",
        r"\bnegeer\b[^.\n]{0,40}\b(?:instructies|aanwijzingen)",
        r"(?:忽略|无视|忽視|無視)[^。\n]{0,12}(?:指令|指示|說明|说明|提示)",
        r"(?:指示|命令)[^。\n]{0,8}無視",
        r"(?:игнорир\w{0,6}|забудь\w{0,3})[^.\n]{0,40}(?:инструкц|указани)",
        rf"\byou are now{_GAP}(?:an?|the|in)\b",
        r"\bfrom now on,? you\b(?! (?:can|may|could)\b)",
    ),
    _kind(
        "secrecy",
        Weight.SPEAKS,
        "It asks the AI to keep something from the person who uses it.",
        "user|human|mention|silently|secretly|covertly|anyone",
        rf"\b{_NOT}{_GAP}(?:\w{{1,12}}{_GAP}){{0,2}}?(?:tell|inform|alert){_GAP}(?:(?:the|any|your|our|human){_GAP})"
        rf"{{0,2}}{_PEOPLE}(?!['’]s|{_GAP}apart)",
        rf"\b{_NOT}{_GAP}(?:\w{{1,12}}{_GAP}){{0,2}}?(?:mention|reveal|disclose|show|explain|admit|say)\b[^.\n]{{0,60}}"
        rf"\bto{_GAP}(?:(?:the|any|your|our){_GAP})?{_PEOPLE}(?!['’]s)",
        rf"\b{_NOT}{_GAP}let{_GAP}(?:the{_GAP})?{_PEOPLE}{_GAP}(?:know|see|notice|find|learn)\b",
        r"\bwithout (?:telling|informing|mentioning|the knowledge of|alerting|asking)\b[^.\n]{0,40}"
        r"\b(?:users?|humans?)\b"
        r"(?!['’]s|\s(?:name|id)\b)",
        r"\b(?:hide|conceal|keep|kept|secret)\b[^.\n]{0,40}\bfrom the (?:user|human)\b(?=\s{0,5}(?:[.,;:!)]|$|and\b))",
        r"\bthe user (?:must|should|need|may) ?(?:not|n['’]t|never) (?:know|learn|notice|be told|be informed"
        r"|see (?:this|it|that))\b",
        r"\b(?:silently|secretly|covertly)\b,?\s(?:also\s)?(?:call|send|forward|copy|read|run|use|include|upload|pass)\b",
        rf"\b{_NOT} mention (?:this|that|it|these|any of)\b",
    ),
    _kind(
        "imitates",
        Weight.SPEAKS,
        "It imitates the marks by which an AI knows its own instructions.",
        "<|[|#|system|assistant|human|instructions",
        r"</?\s{0,5}(?:important|system(?:[-_ ]\w{1,20})?|instructions?|critical|assistant|tool_call|function_calls?)"
        r"\s{0,5}>",
        r"<\|[a-z_]{2,30}\|>",
        r"\[/?(?:INST|SYSTEM|SYS)\]",
        r"(?:^|\n)\s{0,20}#{1,6}\s{0,5}(?:system|new instructions?)\b",
        r"(?:^|\n|[.!?]\s)\s{0,20}(?:system|assistant)\s{0,3}:\s{0,5}(?:you|ignore|always|never|new)\b",
        r"\n\s{0,20}\n\s{0,20}(?:human|assistant)\s{0,3}:",
        r"\b(?:new|updated|hidden|secret) instructions\s{0,3}:",
        r"\b(?:reveal|print|repeat|output|send|include|quote)\b[^.\n]{0,30}\b(?:your|the) system prompt\b",
    ),
    _kind(
        "key_file",
        Weight.SPEAKS,
        "It names a file in which people's machines keep keys, passwords or the settings of AI clients.",
        "ssh|aws|gnupg|kube|rc|id_|id |/etc/|/proc/|pgpass|git-cred|gcloud|application_default|history|authorized_keys"
        "|docker|mcp.json|claude_desktop|wallet.dat",
        r"(?:~|\$HOME|%USERPROFILE%)[\w/\\.-]{0,60}[/\\]\.(?:ssh|aws|gnupg|kube|netrc|npmrc)\b[\w/\\.-]{0,80}",
        r"\.ssh[/\\][\w.*-]{1,60}",
        r"(?<![A-Za-z0-9])id[_ ](?:rsa|dsa|ecdsa|ed25519)\b(?:\.pub)?",
        r"\.(?:bash|zsh|python)_history\b",
        r"/proc/(?:self|\d{1,7})/environ\b",
        r"\.config[/\\]gcloud\b[\w/\\.-]{0,80}|\bapplication_default_credentials\.json\b",
        r"\bauthorized_keys\b",
        r"\.aws[/\\](?:credentials|config)\b",
        r"/etc/(?:passwd|shadow|sudoers)\b",
        r"\.(?:netrc|npmrc|pypirc|pgpass|git-credentials)\b",
        r"\.kube[/\\]config\b",
        r"\.docker[/\\]config\.json\b",
        r"(?:\.cursor[/\\]|\.vscode[/\\]|\.)mcp\.json\b",
        r"\bclaude_desktop_config\.json\b",
        r"\bwallet\.dat\b",
    ),
    _kind(
        "settings_file",
        Weight.LOOK,
        "It names a kind of file that often holds secrets.",
        ".env|.pem|.p12|.pfx|.keystore",
        r"(?<![\w.])\.env(?:\.\w{1,20})?(?![\w(])",
        r"[\w/\\~-]{1,80}\.(?:pem|p12|pfx|keystore)\b",
    ),
    _kind(
        "gathers",
        Weight.SPEAKS,
        "It tells the AI to take secrets or a conversation along.",
        "user|your|whole|full|entire|complete|all|any|every",
        rf"\b(?:read|open|cat|collect|gather|dump|extract|send|forward|upload)\b[^.\n]{{0,60}}"
        rf"\b(?:the user['’]s|your)\s(?:\w{{1,12}}\s){{0,2}}?(?:{_PRIVATE}|{_TALK})\b",
        rf"\b(?:include|attach|append|pass|paste|put|copy|insert|provide|send|forward|upload)\b[^.\n]{{0,60}}"
        rf"\b(?:whole|full|entire|complete)\s(?:{_TALK})\b",
        rf"\b(?:send|post|forward|upload|transmit|leak|exfiltrate)\b[^.\n]{{0,60}}\b(?:all|any|every)\s"
        rf"(?:\w{{1,12}}\s){{0,2}}?{_PRIVATE}\b(?!{_GAP}to the vault)",
    ),
    _kind(
        "first",
        Weight.LOOK,
        "It asks the AI to fetch something before the tool is used.",
        "before|first",
        rf"\bbefore (?:using|calling|invoking|running)\b[^.\n]{{0,80}}\b(?:read|open|collect|gather|copy|cat)\b"
        rf"[^.\n]{{0,60}}(?:{_PRIVATE}|{_TALK}|\bcontents? of\b|[~/][\w~/.-]{{1,80}})",
        r"\bfirst,? (?:read|open|cat|collect|gather|copy)\b[^.\n]{0,60}(?:\bcontents? of\b|[~/.][\w~/.-]{1,80})",
    ),
    _kind(
        "sends",
        Weight.LOOK,
        "It says where something is to be sent.",
        "http|ftp|ws:|wss:|@|](",
        rf"(?:{_SEND}|\bappend\b)[^.\n]{{0,120}}?\b(?:to|at|via)\b[^.\n]{{0,40}}?{_LINK}",
        rf"(?:{_SEND}|\bbcc\b)[^.\n]{{0,80}}?{_MAIL}",
        rf"\bcurl\b[^\n]{{0,80}}?{_LINK}",
        rf"!\[[^\]\n]{{0,80}}\]\({_LINK}",
    ),
    _kind(
        "consent",
        Weight.SPEAKS,
        "It tells the AI not to ask, or that somebody has agreed already.",
        "ask|wait|request|already|approved|authori",
        rf"\b(?:{_NOT}|no need to)\s(?:ask|wait|request)\b[^.\n]{{0,40}}\b(?:confirm\w{{0,8}}|permission|approval"
        r"|consent|the user|users)\b",
        r"(?<!whether the )(?<!that the )(?<!if the )(?<!when the )"
        r"\b(?:user|admin|administrator|owner) (?:has )?already "
        r"(?:approved|agreed|consented|confirmed|authori[sz]ed)"
        r"\b",
        r"\bpre-?(?:approved|authori[sz]ed) by (?:the )?(?:user|admin|administrator|owner)\b",
    ),
    _kind(
        "other_tools",
        Weight.LOOK,
        "It says how other tools are to be used, or that this one comes before them all.",
        "tool",
        rf"\b{_NOT} (?:use|call) (?:any )?other tools?\b",
        r"\bbefore (?:using |calling )?(?:any|all|every) (?:other )?tools?\b",
        r"\b(?:whenever|when|every time|each time|if)\b[^.\n]{0,40}\b(?:another|any other|other|a different) tools?\b"
        r"[^.\n]{0,40}\b(?:is|are|gets?) (?:called|used|invoked)\b",
        r"\binstead of (?:using |calling )?(?:any|all|every|the) other tools?\b",
    ),
    _kind(
        "asks_secret",
        Weight.LOOK,
        "It asks for a secret.",
        "your|user|cookie|keychain|browser",
        r"\b(?:pass|include|send|dump|read|provide|copy)\b[^.\n]{0,30}\b(?:browser(?:['’]s)? (?:cookies|history)"
        r"|session cookies?|keychain)\b",
        r"\b(?:provide|include|enter|type|paste|pass|give|supply)\b[^.\n]{0,30}\b(?:the user['’]s|your)\s"
        rf"(?:\w{{1,12}}\s)?(?:{_PRIVATE})\b",
    ),
    _kind(
        "comment",
        Weight.LOOK,
        "It holds marks that many pages don't show, and an AI reads.",
        "<!--|javascript:|display|data:|font-size|opacity|visibility",
        r"<!--",
        r"\bjavascript:[\w(/]",
        r"\bdisplay\s{0,3}:\s{0,3}none\b|\bvisibility\s{0,3}:\s{0,3}hidden\b",
        r"\b(?:font-size|opacity)\s{0,3}:\s{0,3}0(?![.\d])",
        r"data:[\w/+.-]{3,40};base64",
    ),
    _kind(
        "padding",
        Weight.LOOK,
        "Long empty space pushes what comes after it out of sight.",
        "        |\n\n|\n \n|\n\t",
        r"[ \t\u00a0\u3000]{60}",
        r"(?:\n[ \t]{0,20}){12}",
    ),
)
"""Looked for in every text: names, titles, descriptions, schemas, annotations."""

HIDDEN = Kind("hidden", Weight.SPEAKS, "It holds characters that people can't see, or that turn the order of others.")
ENCODED = Kind("encoded", Weight.LOOK, "A long encoded text, which people can't read and an AI may decode.")
ALPHABETS = Kind("alphabets", Weight.LOOK, "Letters of two alphabets stand in one word, where they look like one.")
CARRIES = Kind("carries", Weight.LOOK, "An argument like this can carry away what was said or thought elsewhere.")
UNREAD = Kind("unread", Weight.LOOK, "It is longer than what Harriet looks through; the rest was not looked at.")
LOWERED = Kind("lowered", Weight.LOOK, "The change makes the tool look less risky: calls that waited may then run.")
RENAMED = Kind("renamed", Weight.LOOK, "It calls itself something else than before.")

KINDS: Mapping[str, Kind] = {
    kind.code: kind for kind in (*TEXTS, HIDDEN, ENCODED, ALPHABETS, CARRIES, UNREAD, LOWERED, RENAMED)
}

ENCODED_TEXT = re.compile(r"[A-Za-z0-9+/_-]{80,20000}={0,2}|(?:\\x[0-9A-Fa-f]{2}){12,5000}")
ESCAPED = re.compile(
    r"(?P<percent>(?:%[0-7][0-9A-Fa-f]){6,2000})|(?:&#x?[0-9A-Fa-f]{1,6};){6,2000}|(?:\\u00[2-7][0-9A-Fa-f]){6,2000}"
    r"|(?P<hex>\b(?:[2-7][0-9A-Fa-f]){16,5000}\b)|(?P<base64>[A-Za-z0-9+/_-]{24,20000}={0,2})"
)
"""What may be readable text in another dress."""
TWO_ALPHABETS = re.compile(
    r"[A-Za-z]{1,40}[\u0400-\u0587\u0391-\u03a9\u03bf]{1,40}\w{0,40}"
    r"|[\u0400-\u0587\u0391-\u03a9\u03bf]{1,40}[A-Za-z]{2,40}\w{0,40}"
)
CARRYING_NAME = re.compile(
    r"^(?:\w{0,20}[_ -])?(?:context|conversation|chat|sidenotes?|side[_ -]notes?|thoughts?|reasoning|scratchpad|memory"
    r"|(?:system|user|full)[_ -]prompt|(?:chat|message|conversation)[_ -](?:history|log|context|summary)"
    r"|previous[_ -]messages|env(?:ironment)?[_ -]vars?|environment[_ -]variables|ssh[_ -]key|private[_ -]key)"
    r"(?:[_ -](?:of|for|from)[_ -]\w{1,30})?$",
    re.IGNORECASE,
)
CARRYING_TEXT = re.compile(
    rf"\b(?:whole|full|entire|complete) (?:{_TALK}|context)\b"
    r"|\b(?:notes?|summary|transcript|log|record|copy|history|contents?)\b[^.\n]{0,40}\b(?:of|from|about)\b"
    rf"[^.\n]{{0,30}}\b{_TALK}\b|\bsystem prompt\b|\byour (?:reasoning|thoughts|context|instructions)\b"
    r"|\bwhat the user (?:said|wrote|asked)\b",
    re.IGNORECASE,
)
"""In the description of an argument."""
SAME_LOOKS = str.maketrans(
    "аеорсухіјѕһԁԛԝօսոիοАВЕКМНОРСТХІΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijshdqwounioABEKMHOPCTXIABEZHIKMNOPTYX",
)
"""Cyrillic, Armenian and Greek letters that look like one of ours, in a word that mixes alphabets."""
SMALL_CAPITALS = dict(
    zip(
        "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
        "abcdefghijklmnoprstuvwyz",
        strict=True,
    )
)
