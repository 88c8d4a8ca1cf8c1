"""Invented prospects: Japanese names with their readings, companies, posts, and how keen each is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from engage.rehearse.chance import Chance, weighted
from engage.rehearse.companies import Firm, firms


@dataclass(frozen=True, slots=True)
class Person:
    """A prospect as the importer gets it, and what only chance knows."""

    email: str
    last_name: str
    first_name: str
    last_name_kana: str
    first_name_kana: str
    firm: Firm
    department: str
    job_title: str
    phone: str
    source: str
    product_interest: str | None
    purchase_timing: str | None
    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    #: 0 to 1: how keen on the product
    interest: float = field(default=0.0, compare=False)
    #: 0 to 1: how readily mail is opened
    reads: float = field(default=0.0, compare=False)


_FAMILY = (
    ("佐々木", "ササキ", "sasaki"), ("松本", "マツモト", "matsumoto"), ("井上", "イノウエ", "inoue"),
    ("木村", "キムラ", "kimura"), ("林", "ハヤシ", "hayashi"), ("斎藤", "サイトウ", "saito"),
    ("清水", "シミズ", "shimizu"), ("山崎", "ヤマザキ", "yamazaki"), ("森", "モリ", "mori"),
    ("池田", "イケダ", "ikeda"), ("橋本", "ハシモト", "hashimoto"), ("阿部", "アベ", "abe"),
    ("石川", "イシカワ", "ishikawa"), ("山下", "ヤマシタ", "yamashita"), ("中島", "ナカジマ", "nakajima"),
    ("小川", "オガワ", "ogawa"), ("石井", "イシイ", "ishii"), ("前田", "マエダ", "maeda"),
    ("岡田", "オカダ", "okada"), ("長谷川", "ハセガワ", "hasegawa"), ("藤田", "フジタ", "fujita"),
    ("後藤", "ゴトウ", "goto"), ("近藤", "コンドウ", "kondo"), ("村上", "ムラカミ", "murakami"),
    ("遠藤", "エンドウ", "endo"), ("坂本", "サカモト", "sakamoto"), ("青木", "アオキ", "aoki"),
    ("藤井", "フジイ", "fujii"), ("西村", "ニシムラ", "nishimura"), ("福田", "フクダ", "fukuda"),
    ("太田", "オオタ", "ota"), ("三浦", "ミウラ", "miura"), ("岡本", "オカモト", "okamoto"),
    ("松田", "マツダ", "matsuda"), ("中川", "ナカガワ", "nakagawa"), ("原田", "ハラダ", "harada"),
    ("小野", "オノ", "ono"), ("竹内", "タケウチ", "takeuchi"), ("和田", "ワダ", "wada"), ("柴田", "シバタ", "shibata"),
)  # fmt: skip
_GIVEN = (
    ("翔太", "ショウタ", "shota"), ("健一", "ケンイチ", "kenichi"), ("大輔", "ダイスケ", "daisuke"),
    ("直人", "ナオト", "naoto"), ("拓也", "タクヤ", "takuya"), ("誠", "マコト", "makoto"), ("隆", "タカシ", "takashi"),
    ("洋平", "ヨウヘイ", "yohei"), ("和彦", "カズヒコ", "kazuhiko"), ("雅人", "マサト", "masato"),
    ("恵", "メグミ", "megumi"), ("陽子", "ヨウコ", "yoko"), ("真由美", "マユミ", "mayumi"), ("彩", "アヤ", "aya"),
    ("美穂", "ミホ", "miho"), ("千尋", "チヒロ", "chihiro"), ("由紀", "ユキ", "yuki"), ("智子", "トモコ", "tomoko"),
    ("麻衣", "マイ", "mai"), ("亮", "リョウ", "ryo"), ("純", "ジュン", "jun"), ("浩二", "コウジ", "koji"),
    ("優子", "ユウコ", "yuko"), ("葉月", "ハヅキ", "hazuki"), ("慎吾", "シンゴ", "shingo"), ("薫", "カオル", "kaoru"),
)  # fmt: skip
_DEPARTMENTS = (
    ("営業部", 20), ("営業企画部", 8), ("マーケティング部", 15), ("情報システム部", 17), ("経営企画室", 9),
    ("DX推進室", 6), ("総務部", 10), ("管理部", 7), ("カスタマーサポート部", 8),
)  # fmt: skip
_TITLES = (
    ("", 14), ("担当", 20), ("主任", 14), ("係長", 9), ("課長", 19), ("次長", 5), ("部長", 13), ("執行役員", 3),
    ("取締役", 3),
)  # fmt: skip
_SOURCES = (("展示会", 24), ("Web検索", 30), ("セミナー", 16), ("紹介", 10), ("広告", 20))
_INTERESTS = (("crm", 44), ("ma", 32), ("bi", 24))
#: When people mean to buy.
TIMINGS = (("within-3-months", 14), ("within-6-months", 26), ("within-a-year", 30), ("undecided", 30))
#: How many of a hundred prospects are on a list.
_SUBSCRIBED, _SEMINAR, _NO_SHOW = 0.62, 0.12, 0.06


def people(chance: Chance, count: int) -> tuple[Person, ...]:
    """Return prospects with different addresses; the same chance gives the same people."""
    source = chance.of("people")
    employers = firms(source, max(count * 11 // 20, 1))
    found: dict[str, Person] = {}
    for person in _endless(source, employers):
        found.setdefault(person.email, person)
        if len(found) == count:
            break
    return tuple(found.values())


def _endless(chance: Random, employers: tuple[Firm, ...]) -> Iterator[Person]:
    while True:
        firm = chance.choice(employers)
        family, given = chance.choice(_FAMILY), chance.choice(_GIVEN)
        # Most are a little interested, a few very much.
        interest = chance.random() ** 2.6
        yield Person(
            email=f"{given[2][0]}.{family[2]}@{firm.stem}.example.jp",
            last_name=family[0],
            first_name=given[0],
            last_name_kana=family[1],
            first_name_kana=given[1],
            firm=firm,
            department=weighted(chance, _DEPARTMENTS),
            job_title=weighted(chance, _TITLES),
            phone=_phone(chance, firm.prefecture),
            source=weighted(chance, _SOURCES),
            product_interest=weighted(chance, _INTERESTS) if chance.random() < 0.45 else None,
            purchase_timing=weighted(chance, TIMINGS) if chance.random() < 0.12 else None,
            tags=("partner",) if firm.industry == "情報通信業" and chance.random() < 0.08 else (),
            lists=_lists(chance),
            interest=interest,
            reads=0.05 + 0.4 * chance.random() + 0.3 * interest,
        )


def _phone(chance: Random, prefecture: str) -> str:
    """Return a number that nobody can have: no exchange begins with 0."""
    area = {"東京都": "03", "大阪府": "06"}.get(prefecture, "050")
    return f"{area}-0{chance.randrange(1000):03}-{chance.randrange(10_000):04}"


def _lists(chance: Random) -> tuple[str, ...]:
    found = ["newsletter"] if chance.random() < _SUBSCRIBED else []
    drawn = chance.random()
    if drawn < _SEMINAR:
        found.append("seminar-attendees")
    elif drawn < _SEMINAR + _NO_SHOW:
        found.append("seminar-no-shows")
    elif drawn > 0.985:
        found.append("competitors")
    return tuple(found)
