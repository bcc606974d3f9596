"""Prompt and system texts of a simulated world: composed word by word, a function of numbers, so that any chunk can be
written alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from forensics.worlds.simulate.base import Array, blend, generator, unit
from forensics.worlds.simulate.lexicon import (
    ADJECTIVES,
    ASKS,
    CLOSINGS,
    EXTRAS,
    FRAMEWORKS,
    OPENINGS,
    PATTERNS_CODE,
    PATTERNS_PROSE,
    ROLES,
    SKILLS,
    TOPICS,
    VERBS,
)

NAMES = 30_000
CLAUSE = 12  # words a pattern fills; shorter patterns end in a connecting word
CODE_TOPICS = 6
SLOT = -1

# Syllables of made-up names.
_HEADS = """
    ba be bri ca cor da del el fa fen gal gri ha hol in jo ka kel la lor ma mer na nor o pal per qui ra ros sa sel
    ta tor u val ver wen xa yor za
""".split()  # noqa: SIM905 - a list of words reads better so
_MIDDLES = """
    bi da den fa go la len mi mon na nex pa ra ri ro sa ta ti van ver vi xo
""".split()  # noqa: SIM905 - a list of words reads better so
_TAILS = """
    bix dale dor en era fall gate ia ion ix land line lo ment mere mos na ora phi rex ris soft son sta tech tia
    ton um us vale ware wick works yn zen
""".split()  # noqa: SIM905 - a list of words reads better so


def _names(rng: np.random.Generator) -> list[str]:
    """Made-up names, each once."""
    found: dict[str, None] = {}
    while len(found) < NAMES:
        parts = (
            _HEADS[rng.integers(len(_HEADS))],
            _MIDDLES[rng.integers(len(_MIDDLES))] if rng.random() < 0.7 else "",
            _TAILS[rng.integers(len(_TAILS))],
        )
        found["".join(parts).capitalize()] = None
        if len(found) > NAMES * 0.6 and rng.random() < 0.6:
            found["".join(parts).capitalize() + str(rng.integers(2, 999))] = None
    return list(found)[:NAMES]


@dataclass
class Template:
    """One prompt template: fixed words around one slot, where an item of `slot_words` words goes."""

    tokens: list[int]
    slot_at: int
    slot_words: int
    masked: bool  # the slot is quoted, so that masking finds the skeleton
    paraphrase: float  # share of fixed words that differ from variant to variant
    topic: int
    task: str


@dataclass
class Words:
    """The vocabulary, templates and texts of one world."""

    seed: int
    brevity: float = 1.0  # factor on the length of texts
    words: list[str] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out the vocabulary by category."""
        self._known: dict[str, int] = {}
        rng = generator(self.seed, "words")
        topics = [text.split() for text in TOPICS.values()]
        per_topic = min(len(nouns) for nouns in topics)
        self._base = {
            "V": self._many(VERBS),
            "A": self._many(ADJECTIVES),
            "X": self._many(EXTRAS),
            "N": self._many([noun for nouns in topics for noun in nouns[:per_topic]]),
        }
        self._base["E"] = self._many(_names(rng))
        self._base["#"] = self._many([str(n) for n in range(2, 402)])
        self._size = {"V": len(VERBS), "A": len(ADJECTIVES), "X": len(EXTRAS), "N": per_topic, "E": NAMES, "#": 400}
        self.topic_count = len(topics)
        rows = [self._pattern(text, rng) for text in (*PATTERNS_PROSE, *PATTERNS_CODE)]
        self._patterns = np.array(rows, dtype=np.int32)  # >= 0 a word, else minus the category
        self._code_from = len(PATTERNS_PROSE)

    def _many(self, words: list[str]) -> int:
        self.words.extend(words)
        return len(self.words) - len(words)

    def _word(self, word: str) -> int:
        if word not in self._known:
            self._known[word] = self._many([word])
        return self._known[word]

    def _pattern(self, text: str, rng: np.random.Generator) -> list[int]:
        codes = {"V": -1, "A": -2, "N": -3, "M": -4, "E": -5, "#": -6}
        row = [codes.get(word, 0) or self._word(word) for word in text.split()]
        while len(row) < CLAUSE:
            row.append(self._word(("then", "with", "so", "also", "but", "for", "about", "since")[rng.integers(8)]))
        return row[:CLAUSE]

    def add_template(
        self,
        rng: np.random.Generator,
        task: str,
        *,
        paraphrase: float = 0.0,
        topic: int = -1,
        affix: str = "",
        slot_words: int = 0,
    ) -> int:
        """A new template for a task of ASKS; its number."""
        topic = int(rng.integers(self.topic_count)) if topic < 0 else topic
        a, b = rng.choice(len(SKILLS), 2, replace=False)
        opening = OPENINGS[rng.integers(len(OPENINGS))].format(
            role=ROLES[rng.integers(len(ROLES))], a=SKILLS[a], b=SKILLS[b]
        )
        ask = self._reword(rng, ASKS[task][rng.integers(len(ASKS[task]))])
        closings = [CLOSINGS[i] for i in rng.choice(len(CLOSINGS), int(rng.integers(1, 4)), replace=False)]
        own = self._say(rng, topic, int(rng.integers(1, 4)))  # sentences only this template has
        masked = bool(rng.random() < 0.7)
        label = ("Task", "Input", "Question", "Text", "Material", "Problem", "Message", "Case")[rng.integers(8)]
        slot = f'{label}: " {{slot}} "' if masked else f"{label}: {{slot}} ."
        parts = (
            [affix, opening, own, slot, ask, *closings]
            if rng.random() < 0.5
            else [affix, opening, ask, own, *closings, slot]
        )
        pieces = " ".join(part for part in parts if part).split()
        tokens = [SLOT if piece == "{slot}" else self._word(piece) for piece in pieces]
        words = slot_words or max(int(rng.integers(8, 60) * self.brevity), 5)
        self.templates.append(Template(tokens, tokens.index(SLOT), words, masked, paraphrase, topic, task))
        return len(self.templates) - 1

    def add_fixed(self, text: str) -> int:
        """A prompt without a slot; its number."""
        tokens = [self._word(piece) for piece in text.split()]
        self.templates.append(
            Template([*tokens, SLOT], len(tokens), 0, masked=True, paraphrase=0.0, topic=0, task="plain")
        )
        return len(self.templates) - 1

    @staticmethod
    def _reword(rng: np.random.Generator, text: str) -> str:
        """Everybody words a request a little differently."""
        pieces = text.split()
        for _ in range(int(rng.integers(0, 4))):
            place = int(rng.integers(1, len(pieces)))
            if rng.random() < 0.5:
                pieces.insert(place, EXTRAS[rng.integers(len(EXTRAS))])
            else:
                pieces[place] = EXTRAS[rng.integers(len(EXTRAS))]
        return " ".join(pieces)

    def _say(self, rng: np.random.Generator, topic: int, clauses: int) -> str:
        item = blend(int(rng.integers(2**62)), 77)
        ids = self._free(
            item, np.zeros(clauses * CLAUSE, dtype=np.int64), np.arange(clauses * CLAUSE), np.array([topic]), item
        )
        return " ".join(self.words[i] for i in ids).capitalize() + "."

    def _free(self, item: Array, row: Array, place: Array, topic: Array, owner: Array) -> Array:
        """Word numbers of free text: the place-th word of the row's item."""
        clause, within = place // CLAUSE, place % CLAUSE
        seed = blend(item[row], clause)
        u = unit(seed)
        code = (topic[row] < CODE_TOPICS) & (u < 0.8)
        n = np.where(code, len(self._patterns) - self._code_from, self._code_from)
        pattern = (unit(blend(seed, 3)) * n).astype(np.int64) + np.where(code, self._code_from, 0)
        ids = self._patterns[pattern, within]
        draw = unit(blend(seed, within))
        out = ids.astype(np.int64)
        for category, letter in ((-1, "V"), (-2, "A"), (-6, "#")):
            mask = ids == category
            out[mask] = self._base[letter] + (draw[mask] ** 1.6 * self._size[letter]).astype(np.int64)
        mask = ids == -3
        out[mask] = (
            self._base["N"]
            + topic[row[mask]] * self._size["N"]
            + (draw[mask] ** 1.4 * self._size["N"]).astype(np.int64)
        )
        mask = ids == -4
        second = (
            topic[row[mask]] + 1 + (unit(blend(seed[mask], 9)) * (self.topic_count - 1)).astype(np.int64)
        ) % self.topic_count
        second = np.where(unit(blend(seed[mask], 10)) < 0.6, topic[row[mask]], second)
        out[mask] = self._base["N"] + second * self._size["N"] + (draw[mask] ** 1.4 * self._size["N"]).astype(np.int64)
        mask = ids == -5
        out[mask] = self._base["E"] + (
            unit(blend(owner[row[mask]], (draw[mask] ** 2 * 9).astype(np.int64))) * NAMES
        ).astype(np.int64)
        return np.asarray(out)

    def prompts(
        self, template: Array, variant: Array, item: Array, topic: Array, words: Array, owner: Array
    ) -> pl.Series:
        """The prompt text of each request."""
        n = len(template)
        fixed = np.array([len(t.tokens) - 1 for t in self.templates] + [0])
        slot_at = np.array([t.slot_at for t in self.templates] + [0])
        rate = np.array([t.paraphrase for t in self.templates] + [0.0])
        flat = np.array([token for t in self.templates for token in t.tokens if token != SLOT] + [0], dtype=np.int64)
        start = np.cumsum(fixed) - fixed
        total = fixed[template] + words
        width = (total + 15) // 16 * 16
        if not n:
            return pl.Series("prompt_text", [], dtype=pl.String)
        table = pl.Series([word + " " for word in self.words] + [""])
        pad = len(self.words)
        pieces, order = [], []
        for size in np.unique(width):
            rows = np.flatnonzero(width == size)
            row = np.repeat(np.arange(len(rows)), size)
            place = np.tile(np.arange(size), len(rows))
            which = template[rows][row]
            at, length = slot_at[which], words[rows][row].astype(np.int64)
            used = place < total[rows][row]
            in_slot = used & (place >= at) & (place < at + length)
            ids = np.full(len(row), pad, dtype=np.int64)
            ids[in_slot] = self._free(
                item[rows], row[in_slot], (place - at)[in_slot], topic[rows].astype(np.int64), owner[rows]
            )
            rest = used & ~in_slot
            index = np.where(place < at, place, place - length)[rest]
            ids[rest] = flat[start[which[rest]] + index]
            loose = rest & (rate[which] > 0) & (variant[rows][row] > 0)
            if loose.any():
                ids[loose] = self._paraphrase(
                    ids[loose],
                    which[loose],
                    variant[rows][row][loose],
                    np.where(place < at, place, place - length)[loose],
                    rate[which[loose]],
                )
            text = table.gather(ids).reshape((len(rows), int(size))).arr.join("").str.strip_chars_end(" ")
            pieces.append(text)
            order.append(rows)
        joined = pl.concat(pieces)
        back = np.empty(n, dtype=np.int64)
        back[np.concatenate(order)] = np.arange(n)
        return joined.gather(back).alias("prompt_text")

    def _paraphrase(self, ids: Array, template: Array, variant: Array, place: Array, rate: Array) -> Array:
        """Each variant replaces its own share of the fixed words."""
        seed = blend(template, variant, place)
        change = unit(seed) < rate
        draw = unit(blend(seed, 5))
        other = np.where(
            unit(blend(seed, 6)) < 0.5,
            self._base["X"] + (draw * self._size["X"]).astype(np.int64),
            self._base["V"] + (draw * self._size["V"]).astype(np.int64),
        )
        return np.asarray(np.where(change, other, ids))

    def systems(self, system: Array) -> pl.Series:
        """The system text of each request; null where there is none."""
        unique, back = np.unique(system, return_inverse=True)
        framework, private = unique >> 32, unique & 0xFFFFFFFF
        count = np.where(
            private > 0,
            ((24 + blend(private, 1) % np.uint64(48)).astype(np.float64) * self.brevity).astype(np.int64),
            0,
        )
        text = self.prompts(
            np.full(len(unique), -1),
            np.zeros(len(unique), dtype=np.int64),
            blend(private, 2),
            (blend(private, 3) % np.uint64(self.topic_count)).astype(np.int64),
            count,
            blend(private, 4),
        )
        frame = pl.DataFrame({"base": pl.Series(["", *FRAMEWORKS]).gather(framework), "own": text, "has": private > 0})
        joined = frame.select(
            pl.when(pl.col("base") == "")
            .then(pl.when("has").then(pl.lit("You support the team. ") + pl.col("own")))
            .when("has")
            .then(pl.col("base") + "\n\n" + pl.col("own"))
            .otherwise("base")
        ).to_series()
        return joined.gather(back).alias("system_text")
