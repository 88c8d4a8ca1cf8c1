"""Invented Japanese companies: a name, an industry, a size, a place."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engage.rehearse.chance import weighted


@dataclass(frozen=True, slots=True)
class Firm:
    """A company."""

    name: str
    #: the name in an address: ``aoba-seiki``
    stem: str
    industry: str
    employees: int
    prefecture: str


#: The first part of a name, written and in letters; none is a well-known company's.
_FIRST = (
    ("青葉", "aoba"), ("若草", "wakakusa"), ("桜川", "sakuragawa"), ("北斗", "hokuto"), ("東雲", "shinonome"),
    ("朝凪", "asanagi"), ("楓", "kaede"), ("千歳", "chitose"), ("白鷺", "shirasagi"), ("深山", "miyama"),
    ("八雲", "yakumo"), ("暁", "akatsuki"), ("月見", "tsukimi"), ("稲穂", "inaho"), ("鳴海", "narumi"),
    ("汐見", "shiomi"), ("星野", "hoshino"), ("雪村", "yukimura"), ("緑ヶ丘", "midorigaoka"), ("清瀬", "kiyose"),
    ("高砂", "takasago"), ("葵", "aoi"), ("橘", "tachibana"), ("柏木", "kashiwagi"), ("富士見", "fujimi"),
    ("光が丘", "hikarigaoka"), ("早瀬", "hayase"), ("常盤", "tokiwa"), ("萩原", "hagiwara"), ("水無瀬", "minase"),
    ("琴平", "kotohira"), ("花園", "hanazono"), ("松風", "matsukaze"), ("飛鳥", "asuka"), ("若松", "wakamatsu"),
    ("春日", "kasuga"), ("秋月", "akizuki"), ("霧島", "kirishima"), ("藤波", "fujinami"), ("音羽", "otowa"),
)  # fmt: skip
#: Industries with their weight, and the second parts of names in each.
_INDUSTRIES = (
    ("製造業", 26, (("精機", "seiki"), ("製作所", "seisakusho"), ("工業", "kogyo"), ("電子", "denshi"))),
    ("情報通信業", 20, (("システム", "system"), ("ソリューションズ", "solutions"), ("データ", "data"))),
    ("卸売業", 14, (("商事", "shoji"), ("物産", "bussan"), ("商会", "shokai"))),
    ("小売業", 10, (("ストア", "store"), ("百貨", "hyakka"))),
    ("建設業", 9, (("建設", "kensetsu"), ("設備", "setsubi"))),
    ("運輸業", 7, (("運輸", "unyu"), ("ロジスティクス", "logistics"))),
    ("サービス業", 9, (("コンサルティング", "consulting"), ("サービス", "services"))),
    ("医療・福祉", 5, (("メディカル", "medical"), ("ケア", "care"))),
)
_PREFECTURES = (
    ("東京都", 34), ("大阪府", 14), ("愛知県", 9), ("神奈川県", 9), ("福岡県", 6), ("埼玉県", 5), ("千葉県", 4),
    ("兵庫県", 5), ("北海道", 4), ("京都府", 3), ("静岡県", 3), ("広島県", 3), ("宮城県", 3), ("長野県", 2),
    ("石川県", 1), ("岡山県", 1), ("新潟県", 2), ("熊本県", 1), ("茨城県", 2), ("愛媛県", 1),
)  # fmt: skip
_SIZES = ((10, 29, 16), (30, 99, 30), (100, 299, 28), (300, 999, 17), (1000, 4800, 9))


def firms(chance: Random, count: int) -> tuple[Firm, ...]:
    """Return companies of different names."""
    found: dict[str, Firm] = {}
    while len(found) < count:
        firm = _firm(chance)
        found.setdefault(firm.stem, firm)
    return tuple(found.values())


def _firm(chance: Random) -> Firm:
    first, letters = chance.choice(_FIRST)
    industry, seconds = weighted(chance, [((name, seconds), weight) for name, weight, seconds in _INDUSTRIES])
    second, more = chance.choice(seconds)
    whole = f"{first}{second}"
    name = f"{whole}株式会社" if chance.random() < 0.25 else f"株式会社{whole}"
    least, most = weighted(chance, [((low, high), weight) for low, high, weight in _SIZES])
    return Firm(
        name=name,
        stem=f"{letters}-{more}",
        industry=industry,
        employees=round(chance.randint(least, most), -1 if least >= 100 else 0),
        prefecture=weighted(chance, _PREFECTURES),
    )
