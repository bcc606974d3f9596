"""What a prompt asks for, as bits of CONTENT_FLAGS, from a small lexicon in English and Chinese.

A flag says that words of its kind stand in the prompt or the system text, nothing more: it is a clue that hallmarks
weigh over many requests, never a verdict on one. Only the first LOOKED_AT characters and the last quarter of that are
read.
"""

from __future__ import annotations

import functools
import re
from typing import Final

import polars as pl

from forensics.common.schema import CONTENT_FLAGS
from forensics.reading.cleaning.flag_matcher import Worth
from forensics.reading.cleaning.remembered import Remembered

LOOKED_AT: Final = 3_000

_WORK = (
    r"(?:reasoning|thinking|thoughts?|thought process|chain[- ]of[- "
    r"]thought|cot|logic|rationale|deliberation|working|inner monologue|scratch ?pad)"
)
_SHOW = (
    r"(?:show|write|spell|lay|set|articulat[a-z0-9_]*|explain[a-z0-9_]*|describ[a-z0-9_]*|detail[a-z0-9_]*|reconstruct[a-z0-9_]*|"
    r"reproduc[a-z0-9_]*|output[a-z0-9_]*|expos[a-z0-9_]*|reveal[a-z0-9_]*|print[a-z0-9_]*|narrat[a-z0-9_]*|verbali[sz][a-z0-9_]*|trace|"
    r"outline|walk|think[a-z0-9_]*|reason[a-z0-9_]*|recount[a-z0-9_]*|document[a-z0-9_]*|provide|include|imagine)"
)
LEXICON: Final[dict[str, tuple[str, ...]]] = {
    "reasoning": (
        rf"\b{_SHOW}\b(?:[ a-z0-9_,'-]{{0,40}})\b{_WORK}\b",
        r"\bstep[- ]by[- ]step\b",
        r"\bchain[- ]of[- ]thought\b",
        r"\bone step at a time\b",
        r"\beach (?:intermediate )?step\b",
        r"\bintermediate steps?\b",
        r"\bthink (?:out loud|aloud|it through|through)\b",
        r"\binternal (?:reasoning|monologue|deliberation)\b",
        r"\b(?:reasoning|thinking) (?:trace|process|steps?|path)s?\b",
        r"\bhow you (?:arrived|got|came) (?:at|to)\b",
        r"\bwalk (?:me )?through\b",
        "逐步|一步一步|一步步|分步|推理过程|思考过程|思维链|推导过程|详细推理|解题步骤|思路|逐條|推理過程|思維鏈|思考過程",
    ),
    "verbatim": (
        r"\bverbatim\b",
        r"\bword[- ](?:for|by)[- ]word\b",
        r"\bexact(?:ly)? (?:as|what) (?:you|it|was|written|above)\b",
        (
            r"\b(?:repeat|copy|reproduce|recite|echo|quote|print|transcribe)\b[ "
            r"a-z0-9_,'-]{0,40}\b(?:above|previous|earlier|hidden|system "
            r"prompt|instructions|reasoning|thinking|thoughts?|everything)\b"
        ),
        r"\bwithout (?:omitting|leaving out|summari[sz]ing|paraphras[a-z0-9_]+|changing) (?:anything|a word|any|it)\b",
        r"\b(?:previous|prior|earlier|hidden) (?:thinking|reasoning|thoughts)\b",
        "逐字|一字不差|一字不漏|原封不动|原文复述|重复上面|完整复述|不要省略|逐字复述|原樣|一字不改",
    ),
    "forced_tags": (
        r"<\s*/?\s*(?:think|thinking|reasoning|reason|scratchpad|thought|thoughts|analysis|rationale|cot|inner_monologue|reflection|answer|final)\s*>",
        r"\[(?:think|thinking|reasoning|scratchpad|thought|analysis)\]",
        (
            r"\b(?:inside|within|between|in|using|use|wrap[a-z0-9_]*|enclos[a-z0-9_]*|surround[a-z0-9_]*|put)\b[ "
            r"a-z0-9_,'\"`-]{0,40}\btags?\b"
        ),
        r"\bxml tags?\b",
        "标签内|标签中|放在标签|标签包|標籤內|標籤中|用标签|用.{0,12}标签",
    ),
    "grading": (
        r"\brubric\b",
        (
            r"\b(?:grad(?:e|es|ed|ing)|scor(?:e|es|ed|ing)|rat(?:e|es|ed|ing)|evaluat[a-z0-9_]+|judg(?:e|es|ed|ing)|assess[a-z0-9_]*|mark|"
            r"critique)\b[ "
            r"a-z0-9_,'/-]{0,50}\b(?:answers?|responses?|outputs?|solutions?|essays?|submissions?|completions?|candidates?|replies|"
            r"reply|rubric|assistants?|quality)\b"
        ),
        r"\bon a scale (?:of|from)\b",
        r"\b(?:which|what) (?:response|answer|completion|reply) is better\b",
        r"\bpreferred (?:response|answer)\b",
        r"\bpairwise (?:comparison|preference)\b",
        r"\b\d+ ?(?:/|out of) ?(?:5|10|100)\b",
        "评分|打分|评估(?:以下|下面|这)|评价(?:以下|下面|这)|给出分数|评判|哪个回答更好|评分标准|評分|打個分|評估",
    ),
    "rewrite": (
        (
            r"\b(?:rewrit[a-z0-9_]+|rephras[a-z0-9_]+|reword[a-z0-9_]*|reformulat[a-z0-9_]*|paraphras[a-z0-9_]*|recast|soften[a-z0-9_]*|"
            r"saniti[sz][a-z0-9_]*|revise|turn|convert|transform)\b[ "
            r"a-z0-9_,'-]{0,60}\b(?:safe|safer|neutral|harmless|polite|acceptable|"
            r"compliant|non[- ]?toxic|inoffensive|appropriate|benign|politically|sensitive|non-?controversial)\b"
        ),
        (
            r"\b(?:safe|safer|neutral|harmless|censorship[- ]safe|policy[- ]safe) "
            r"(?:alternative|version|variant|wording|rewrite|rephrasing|"
            r"answer|response)s?\b"
        ),
        r"\bcensorship\b",
        "改写成|改写为|改寫|换一种说法|中立的?(?:表述|版本|说法)|安全的?(?:版本|替代|回答|表述)|无害化|敏感(?:内容|话题|词)|委婉",
    ),
    "tools": (
        (
            r"\b(?:call|use|invoke|using|calling|invoking|orchestrat[a-z0-9_]+|select[a-z0-9_]*|choos[a-z0-9_]+)\b[ "
            r"a-z0-9_,'-]{0,30}\b(?:tools?"
            r"|functions?|apis?|plugins?)\b"
        ),
        r"\bfunction[- ]call(?:s|ing)?\b",
        r"\btool[- ](?:use|calls?|calling)\b",
        r"\bagent(?:ic|s)?\b[ a-z0-9_,'-]{0,40}\b(?:tools?|steps?|plan|tasks?|loop|workflow)\b",
        r"\b(?:next|subsequent) action\b",
        r"\baction input\b",
        r"\bmulti[- ]step (?:plan|task)\b",
        r"\bcomputer[- ]use\b",
        r"\bbrowser (?:agent|automation)\b",
        "调用工具|工具调用|使用工具|函数调用|智能体|多步(?:任务|规划)|調用工具|函式呼叫",
    ),
    "thinking_language": (
        (
            r"\b(?:think|reason|thinking|reasoning|thoughts?)\b[ a-z0-9_,'-]{0,40}\b(?:only )?in "
            r"(?:english|chinese|mandarin|simplified chinese|"
            r"russian|japanese|korean|german|french|spanish|arabic|the same language|the user'?s language)\b"
        ),
        (
            r"\b(?:in|use) (?:english|chinese|mandarin|russian|japanese|korean) (?:for|when|while) (?:your |the "
            r")?(?:thinking|reasoning|thoughts?)\b"
        ),
        "(?:用|使用|以)(?:中文|英文|英语|汉语|日语|俄语|日文)(?:进行)?(?:思考|推理|思维)|思考.{0,8}(?:使用|用)(?:中文|英文|英语)|用中文進行",
    ),
    "code": (
        r"```",
        (
            r"\b(?:refactor[a-z0-9_]*|debug[a-z0-9_]*|compil[a-z0-9_]+|unit tests?|pull request|stack "
            r"?trace|traceback|codebase|repository|git "
            r"(?:diff|commit)|type ?error|null ?pointer|segfault|docker(?:file)?|kubernetes|regex|sql query|merge "
            r"conflict|linter)\b"
        ),
        (
            r"\b(?:python|javascript|typescript|rust|golang|java|c\+\+|c#|kotlin|swift|bash|sql|react|django|html|css)\b"
            r"[ a-z0-9_,'-]{0,30}\b(?:"
            r"function|class|script|code|program|method|module|snippet|query|component|app|library)\b"
        ),
        (
            r"\b(?:write|implement|fix|review|optimi[sz]e|complete|generate|add)\b[ "
            r"a-z0-9_,'-]{0,30}\b(?:function|class|script|code|program|"
            r"method|bug|tests?|api|endpoint|module|algorithm)\b"
        ),
        (
            r"\bdef [a-z0-9_]+\(|\bfunction [a-z0-9_]+\(|\bimport [a-z0-9_]+|#include\b|\bpublic "
            r"(?:static|class)\b|\bselect\b[ -~]{1,60}\bfrom\b"
        ),
        "代码|编程|函数|脚本|重构|单元测试|调试|程式碼|编写.{0,10}(?:程序|函数|代码)|修复.{0,10}(?:错误|漏洞|bug)",
    ),
}


_GAP: Final = re.compile(r"\(\?:\[[^\]]*\]\{\d+,\d+\}\)|\[[^\]]*\]\{\d+,\d+\}")
# Flags whose beginnings are looked for together: four patterns in one pass cost little more than one, and most texts
# have none of them.
_GROUPS: Final = (
    ("verbatim", "grading", "rewrite", "thinking_language", "forced_tags"),
    ("reasoning", "tools", "code"),
)

_SELDOM: Final = frozenset({"forced_tags", "rewrite", "reasoning"})  # these are worth a look of their own before


def _needed(word: str) -> str:
    """What a text must hold for a pattern of the lexicon to fit: the part before its gap or after it. Gaps side by side
    would fill the matcher's memory.
    """
    gap = _GAP.search(word)
    if gap is None:
        return word
    parts = [
        part
        for part, other in ((word[: gap.start()], word[gap.end() :]), (word[gap.end() :], word[: gap.start()]))
        if part and not _alternates(other)
    ]
    return min((part for part in parts if not _GAP.search(part)), key=len, default=word)


def _alternates(part: str) -> bool:
    """Whether there is a `|` outside all brackets: then what stands on the other side of the gap is not needed."""
    depth = 0
    for sign in re.sub(r"\\.|\[[^\]]*\]", "", part):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth <= 0:
            return True
    return False


@functools.cache
def _pattern(*names: str, loosely: bool = False) -> str:
    """The lexicon of some flags as one pattern of the regex crate. The English part is matched bytewise: Unicode
    classes are a hundred times slower.
    """
    words = [_needed(word) if loosely else word for name in names for word in LEXICON[name]]
    latin, other = (
        "|".join(word for word in words if word.isascii()),
        "|".join(word for word in words if not word.isascii()),
    )
    return f"(?i-u:{latin})|{other}"


_worth: Final = Worth(
    {name: [word for word in words if word.isascii()] for name, words in LEXICON.items()}, CONTENT_FLAGS
)


def _flags(texts: pl.Series) -> pl.Series:
    """Bits of CONTENT_FLAGS of each text; null where it is null."""
    looked_at = _looked_at(texts)
    matcher = _worth.matcher(texts.len())
    if matcher is None:
        return _flags_plainly(looked_at)
    wide = (looked_at.str.len_bytes() != looked_at.str.len_chars()).fill_null(value=False)
    flags = matcher(looked_at)
    if wide.any():  # the matcher knows the English part
        flags = flags.scatter(wide.arg_true(), _flags_plainly(looked_at.filter(wide)))
    return flags.set(texts.is_null(), None)


def _flags_plainly(looked_at: pl.Series) -> pl.Series:
    """Without a library for it: what could have a flag is found first, then each flag by itself."""
    flags = pl.Series("flags", [0], dtype=pl.UInt32).new_from_index(0, looked_at.len())
    every = _holding(
        looked_at, pl.arange(0, looked_at.len(), dtype=pl.UInt32, eager=True), _pattern(*LEXICON, loosely=True)
    )
    for group in _GROUPS:
        likely = _holding(looked_at, every, _pattern(*group, loosely=True))
        for name in group:
            some = _holding(looked_at, likely, _pattern(name, loosely=True)) if name in _SELDOM else likely
            hit = _holding(looked_at, some, _pattern(name))
            flags = flags.scatter(hit, flags.gather(hit) + CONTENT_FLAGS[name])
    return flags.set(looked_at.is_null(), None)


def _holding(texts: pl.Series, places: pl.Series, pattern: str) -> pl.Series:
    """Those of the places whose text a pattern fits. None of none costs nothing: to get a pattern ready costs as much
    as thousands of short texts.
    """
    return places.filter(texts.gather(places).str.contains(pattern).fill_null(value=False)) if places.len() else places


_flags_again: Final = Remembered(_flags)


def flag_texts(prompt: pl.Series | None, system: pl.Series | None) -> pl.Series:
    """Bits of each row's prompt and system text together; null where both are null."""
    found = either_flags(None if prompt is None else flag_prompts(prompt), flag_systems(system))
    return pl.Series([], dtype=pl.UInt32) if found is None else found


def flag_prompts(texts: pl.Series) -> pl.Series:
    """Bits of each prompt."""
    return _flags(texts)


def flag_systems(texts: pl.Series | None) -> pl.Series | None:
    """Bits of each system text; these repeat, so each is read once, in whichever batch it stands."""
    return None if texts is None else _flags_again(texts)


def either_flags(first: pl.Series | None, second: pl.Series | None) -> pl.Series | None:
    """Bits that either has; null where both are null."""
    if first is None or second is None:
        return second if first is None else first
    frame = pl.DataFrame({"a": first, "b": second})
    return frame.select(
        pl.when(pl.col("a").is_not_null() | pl.col("b").is_not_null()).then(
            pl.col("a").fill_null(0) | pl.col("b").fill_null(0)
        )
    ).to_series()


def _looked_at(texts: pl.Series) -> pl.Series:
    long = texts.str.len_bytes() > LOOKED_AT
    if not long.any():
        return texts
    return texts.zip_with(
        ~long.fill_null(value=False), texts.str.slice(0, LOOKED_AT) + "\n" + texts.str.slice(-(LOOKED_AT // 4))
    )
