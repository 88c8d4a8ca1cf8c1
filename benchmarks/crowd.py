"""A database as a large company's after two years, made by plain SQL: what the pages are measured on.

People with Japanese names and companies, ten activities each, two hundred scenarios with their figures, runs, visits,
ToDos and mails. All is in proportion to the number of prospects; a tenth of the size takes a tenth of the time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.world import series, settle
from engage.app import App, apply, open_app
from engage.clock import micros
from engage.graph.folder import read_workspace
from engage.settings import Settings
from engage.sql.interning import word_id

SCENARIOS = 200
#: Sales users, each owner of some prospects.
SELLERS = 50
_DAY = 86_400_000_000

_FAMILY = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "林",
    "斎藤",
    "清水",
    "山崎",
    "森",
    "池田",
    "橋本",
    "阿部",
    "石川",
    "山下",
    "中島",
    "石井",
    "小川",
    "前田",
    "岡田",
    "長谷川",
    "藤田",
    "後藤",
    "近藤",
    "村上",
    "遠藤",
    "青木",
    "坂本",
    "Smith",
    "Johnson",
    "Miller",
    "Weber",
    "Dupont",
]
_GIVEN = [
    "太郎",
    "花子",
    "一郎",
    "美咲",
    "健",
    "陽子",
    "翔太",
    "結衣",
    "大輔",
    "恵",
    "直樹",
    "由美",
    "和也",
    "愛",
    "誠",
    "裕子",
    "拓也",
    "真由美",
    "浩",
    "さくら",
    "優",
    "蓮",
    "葵",
    "陽菜",
    "悠真",
    "John",
    "Anna",
]
_COMPANY = [
    "サンプル",
    "東京商事",
    "大阪製作所",
    "みらいソフト",
    "北海道物産",
    "九州電機",
    "さくら保険",
    "日本システム",
    "中央運輸",
    "太平洋化学",
    "青空メディア",
    "第一建設",
    "つばさ航空",
    "ひかり印刷",
    "富士機械",
    "瀬戸内造船",
    "信州精密",
    "京都織物",
    "横浜貿易",
    "名古屋工業",
]
_PAGES = ("/pricing", "/cases", "/cases/bank", "/docs", "/blog", "/seminar", "/", "/contact", "/download", "/news")
_JOB = ("部長", "課長", "担当", "代表取締役", "Manager", "エンジニア")
_PLACES = ("東京都", "大阪府", "愛知県", "福岡県", "北海道", "神奈川県", "兵庫県", "京都府")

FILES = {
    "engage.yaml": (
        "name: 株式会社ベンチ\nlocale: ja\ntimezone: Asia/Tokyo\n"
        "sender: {name: ベンチ, email: marketing@bench.example, address: 東京都千代田区1-1}\n"
    ),
    "scoring.yaml": "rules:\n  - {activity: email_clicked, points: 3}\n  - {activity: page_viewed, points: 1}\n",
    "grading.yaml": (
        "profiles:\n  default:\n    - {name: Country, match: {country: JP}, worth: 1}\n"
        "    - {name: Decision maker, match: {job_title: {contains: 部長}}, worth: 2, mismatch: 0}\n"
    ),
    "templates/invite.html": "---\nsubject: ご案内\n---\n<p>{{ prospect.last_name }}様</p>\n",
}
_SCENARIO = """\
name: 育成シナリオ{n}
description: 資料請求の後に育て、温まった人を営業へ
audience: {{lists: [segment-{group}]}}
goal: {{opportunity: {{status: won}}}}
steps:
  - {{id: invite, send_email: invite}}
  - wait: 1 day
  - rule: {{score: {{gte: 50}}}}
    id: warm
    yes: [{{adjust_score: +10}}, {{add_tag: warm}}]
  - trigger: {{email_clicked: invite}}
    id: clicked
    within: 3 days
  - rule: {{score: {{gte: 50}}, grade: {{gte: C}}}}
    id: fits
    yes:
      - assign: group:sales
      - create_todo: {{subject: "{{{{ prospect.last_name }}}}様に電話", due: 1 business day}}
  - end: true
"""
#: The steps, in the order in which a run passes them.
_STEPS = (
    "invite",
    "wait",
    "warm",
    "adjust_score",
    "add_tag-warm",
    "clicked",
    "fits",
    "assign-sales",
    "create_todo",
    "end",
)


def write_workspace(root: Path) -> None:
    """Write the workspace: two hundred scenarios, fifty who sell."""
    sellers = [f"s{n}" for n in range(1, SELLERS + 1)]
    users = "".join(
        f"  {name}: {{name: 営業 {name}, role: sales, department: 第{n % 5 + 1}営業部}}\n"
        for n, name in enumerate(sellers)
    )
    team = f"users:\n{users}groups: {{sales: [{', '.join(sellers)}]}}\nqueues: {{inside: [s1, s2, s3]}}\n"
    lists = (
        "".join(f"segment-{n}: {{name: セグメント{n}}}\n" for n in range(20))
        + "hot: {name: Hot, where: {score: {gte: 100}}}\n"
    )
    campaigns = "".join(f"campaign-{n}: {{name: 施策{n}, statuses: [invited, attended]}}\n" for n in range(20))
    scenarios = {f"scenarios/s{n}.yaml": _SCENARIO.format(n=n, group=n % 20) for n in range(1, SCENARIOS + 1)}
    files = {**FILES, "team.yaml": team, "lists.yaml": lists, "campaigns.yaml": campaigns, **scenarios}
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, "utf-8")


def make_crowd(root: Path, url: str, prospects: int, now: datetime) -> App:
    """Return an application whose database is full; progress is printed."""
    write_workspace(root)
    app = open_app(Settings(root, url, secret_key="a key for benchmarks"))
    workspace, problems = read_workspace(root)
    assert not problems, problems
    apply(app, workspace, now - timedelta(days=730))
    app.tick(now - timedelta(days=730))
    crowd = _Crowd(prospects, micros(now), postgres=app.engine.dialect.name == "postgresql")
    for work in (crowd.people, crowd.standing, crowd.activities, crowd.ledger, crowd.runs, crowd.visits, crowd.timers,
                 crowd.mails, crowd.todos, crowd.totals, crowd.settled):  # fmt: skip
        with app.engine.begin() as connection:
            work(connection)
        print(f"  made: {work.__name__}", flush=True)
    settle(app)
    return app


def _choice(words: tuple[str, ...] | list[str], number: str) -> str:
    """Return SQL that picks one of some words by a number."""
    whens = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
    return f"CASE ({number}) % {len(words)} {whens} END"


class _Crowd:
    """The statements, one method for each part of the database."""

    def __init__(self, prospects: int, now: int, *, postgres: bool) -> None:
        self.count, self.now, self.postgres = prospects, now, postgres
        self.least, self.greatest = ("least", "greatest") if postgres else ("min", "max")

    def people(self, connection: Connection) -> None:
        """Names, addresses and companies; a company has 25 people."""
        email = "'p' || n || '@c' || (n / 25) || '.example.co.jp'"
        family, given = _choice(_FAMILY, "n * 7919 / 13"), _choice(_GIVEN, "n * 104729 / 17")
        company = f"(CASE n % 3 WHEN 0 THEN '株式会社' ELSE '' END) || {_choice(_COMPANY, 'n / 25')} || (n / 500)"
        place, job = _choice(_PLACES, "n / 5"), _choice(_JOB, "n / 3")
        texts = {
            "last_name": family,
            "first_name": given,
            "company": company,
            "job_title": job,
            "prefecture": place,
            "country": "'JP'",
        }
        columns = ", ".join(f"{name}, {name}_folded" for name in texts)
        values = ", ".join(f"{value}, lower({value})" for value in texts.values())
        self._run(
            connection,
            f"INSERT INTO prospects (id, email, email_folded, {columns}) SELECT n, {email}, {email}, {values} FROM",
            self.count,
        )

    def standing(self, connection: Connection) -> None:
        """Scores of a few and of many points, grades, owners of every tenth; lists, tags, campaigns."""
        made = f"{self.now} - ({self.count} - n) * ({730 * _DAY} / {self.count})"
        score = "CASE WHEN n % 100 = 0 THEN 120 + n % 80 WHEN n % 5 = 0 THEN 40 + n % 60 ELSE n % 30 END"
        owner = f"CASE WHEN n % 10 = 0 THEN 'user:s' || (n / 10 % {SELLERS} + 1) END"
        self._run(
            connection,
            "INSERT INTO standings (prospect_id, score, grade, lot, owner, opted_out, created_at, last_activity_at) "
            f"SELECT n, {score}, CASE WHEN n % 4 < 3 THEN n * 7 % 13 END, n * 7919 % 2147483647, {owner}, n % 50 = 0, {made}, "
            f"{self.least}({self.now} - 3600000000, {made} + n % 90 * {_DAY}) FROM",
            self.count,
        )
        for table, column, place in (
            ("list_members", "list_id", "lists"),
            ("campaign_members", "campaign_id", "campaigns"),
        ):
            keys = list(connection.scalars(text(f"SELECT id FROM {place} ORDER BY id LIMIT 20")))
            every = 1 if table == "list_members" else 5
            number = _choice([str(key) for key in keys], f"n / {every}").replace("'", "")
            self._run(
                connection,
                f"INSERT INTO {table} (prospect_id, {column}, since) SELECT n, {number}, {made} FROM",
                self.count,
                f"WHERE n % {every} = 0",
            )
        for word in ("warm", "seminar", "partner"):
            word_id(connection, "tag", word)
        self._run(
            connection,
            "INSERT INTO prospect_tags (prospect_id, tag_id) SELECT n, (SELECT min(id) FROM words WHERE kind = 'tag') + n / 2 % 3 FROM",
            self.count, "WHERE n % 2 = 0",
        )  # fmt: skip
        owner_word = word_id(connection, "field", "owner")
        self._run(
            connection,
            f"INSERT INTO changes (prospect_id, at, kind, ref) SELECT n, {self.least}({self.now}, {made} + n % 30 * {_DAY}), 0, {owner_word} FROM",
            self.count, "WHERE n % 10 = 0",
        )  # fmt: skip

    def activities(self, connection: Connection) -> None:
        """Ten events for each prospect, over its own time."""
        kinds = [word_id(connection, "event", word) for word in ("page_viewed", "email_clicked", "form_submitted")]
        pages = [word_id(connection, "target", word) for word in _PAGES]
        kind = f"CASE WHEN n % 10 < 7 THEN {kinds[0]} WHEN n % 10 < 9 THEN {kinds[1]} ELSE {kinds[2]} END"
        page = _choice([str(key) for key in pages], "n * 31 / 7").replace("'", "")
        key = "decode(lpad(to_hex(n), 32, '0'), 'hex')" if self.postgres else "CAST(printf('%016d', n) AS BLOB)"
        at = f"{self.now} - ({self.count * 10} - n) * ({729 * _DAY} / {self.count * 10}) - {3600000000}"
        self._run(
            connection,
            "INSERT INTO activities (id, prospect_id, type_id, target_id, occurred_at, learnt_at, key, source, source_id) "
            f"SELECT n, 1 + (n - 1) / 10, {kind}, {page}, {at}, {at} + 60000000, {key}, 'web', '' || n FROM",
            self.count * 10,
        )

    def ledger(self, connection: Connection) -> None:
        """Three entries for each score."""
        rule = word_id(connection, "rule", '{"activity": "page_viewed", "points": 1}')
        self._run(
            connection,
            "INSERT INTO score_entries (prospect_id, at, points, kind, rule_id, activity_id) SELECT prospect_id, "
            "last_activity_at, CASE n WHEN 1 THEN score - score / 3 * 2 ELSE score / 3 END, 0, "
            f"{rule}, prospect_id * 10 - n FROM standings,",
            3, "ORDER BY prospect_id",
        )  # fmt: skip

    def runs(self, connection: Connection) -> None:
        """Two runs for each prospect; a fifth of them wait."""
        scenario = f"(SELECT min(id) FROM scenarios) + (n * 13 % {SCENARIOS // 2}) * 2 + n % 2"
        entered = f"{self.now} - ({self.count * 2} - n) * ({365 * _DAY} / {self.count * 2})"
        self._run(
            connection,
            "INSERT INTO enrolments (id, prospect_id, scenario_id, step_id, run, state, moves, phase, entered_at, arrived_at, "
            "due_at, ended_at) SELECT n, (n + 1) / 2, s, (SELECT id FROM steps WHERE scenario_id = s AND key = "
            "CASE WHEN n % 5 > 0 THEN 'end' WHEN n % 2 = 0 THEN 'wait' ELSE 'clicked' END), 1, "
            "CASE WHEN n % 5 = 0 THEN 0 WHEN n % 10 = 1 THEN 3 WHEN n % 10 = 3 THEN 4 ELSE 2 END, 4, 2, at, "
            f"at + {_DAY}, {self.now} + (1 + n % 7) * {_DAY}, CASE WHEN n % 5 > 0 THEN at + {4 * _DAY} END "
            f"FROM (SELECT n, {scenario} AS s, {entered} AS at FROM",
            self.count * 2, ")",
        )  # fmt: skip

    def visits(self, connection: Connection) -> None:
        """Five passages for each run."""
        keys = ("invite", "wait", "warm", "clicked", "fits")
        step = " ".join(f"WHEN {place} THEN '{key}'" for place, key in enumerate(keys, 1))
        outcome = "CASE WHEN n < 3 THEN 0 ELSE 1 + (e.id + n) % 2 END"
        self._run(
            connection,
            "INSERT INTO visits (enrolment_id, arrived_at, left_at, step_id, move, outcome) "
            f"SELECT e.id, e.entered_at + n * 3600000000, e.entered_at + n * 7200000000, k.id, n - 1, {outcome} "
            f"FROM enrolments e, steps k, (SELECT s.n, CASE s.n {step} END AS key FROM", 5,
            ") s WHERE k.scenario_id = e.scenario_id AND k.key = s.key ORDER BY e.id, n",
        )  # fmt: skip

    def timers(self, connection: Connection) -> None:
        """The waiting, packed by scenario, step and moment."""
        packed = "array_agg(id)" if self.postgres else "json_group_array(id)"
        connection.execute(text(
            "INSERT INTO timers (kind, due_at, scenario_id, step_id, count, ids) SELECT 0, due_at, scenario_id, step_id, count(*), "
            f"{packed} FROM enrolments WHERE state = 0 GROUP BY scenario_id, step_id, due_at"
        ))  # fmt: skip

    def mails(self, connection: Connection) -> None:
        """A mail for each second run; three in doubt, a few calls that failed."""
        template = word_id(connection, "template", "invite")
        connection.execute(text(
            "INSERT INTO messages (prospect_id, enrolment_id, queued_at, sent_at, step_id, template_id, status, kind, from_owner, "
            "opened_at, clicked_at, subject) SELECT e.prospect_id, e.id, e.entered_at, e.entered_at + 60000000, k.id, "
            f"{template}, 2, 0, false, CASE WHEN e.id % 6 = 0 THEN e.entered_at + 7200000000 END, CASE WHEN e.id % 18 = 0 THEN "
            "e.entered_at + 7300000000 END, 'ご案内' FROM enrolments e JOIN steps k ON k.scenario_id = e.scenario_id "
            "AND k.key = 'invite' WHERE e.id % 2 = 0 ORDER BY e.id"
        ))  # fmt: skip
        connection.execute(text("UPDATE messages SET status = 4 WHERE id IN (5, 6, 7)"))

    def todos(self, connection: Connection) -> None:
        """A ToDo for each fifth prospect; a tenth of them open, spread over sales and a queue."""
        to = f"CASE WHEN n % 20 = 0 THEN 'queue:inside' ELSE 'user:s' || (n % {SELLERS} + 1) END"
        made = f"{self.now} - ({self.count // 5} - n) * ({365 * _DAY} / {self.count // 5})"
        self._run(
            connection,
            "INSERT INTO todos (prospect_id, enrolment_id, step_id, subject, due_at, priority, status, assignee, created_at, "
            "completed_at, outcome) SELECT n * 5, n * 10, (SELECT id FROM steps WHERE scenario_id = e.scenario_id AND key = "
            "'create_todo'), p.last_name || '様に電話', at + "
            f"{_DAY}, CASE n % 5 WHEN 0 THEN 'high' WHEN 1 THEN 'low' ELSE 'normal' END, CASE WHEN n % 10 = 0 THEN "
            f"'not_started' ELSE 'completed' END, {to}, at, CASE WHEN n % 10 > 0 THEN at + {_DAY} END, CASE WHEN n % 10 > 0 "
            f"THEN '商談になった' END FROM (SELECT n, {made} AS at FROM", self.count // 5,
            ") JOIN prospects p ON p.id = n * 5 JOIN enrolments e ON e.id = n * 10",
        )  # fmt: skip

    def totals(self, connection: Connection) -> None:
        """A year of figures for each step: runs begun and ended, passages by outcome, what mails came to."""
        first = self.now // _DAY - 365
        share = max(1, self.count * 2 // (SCENARIOS * 365))
        shares: dict[str, dict[int, float]] = {
            "invite": {12: 1, 0: 1, 20: 1, 23: 0.4, 24: 0.1, 25: 0.01, 21: 0.01},
            "wait": {0: 1}, "warm": {1: 0.4, 2: 0.6}, "adjust_score": {0: 0.4}, "add_tag-warm": {0: 0.4},
            "clicked": {1: 0.3, 2: 0.65, 6: 0.05}, "fits": {1: 0.2, 2: 0.7}, "assign-sales": {0: 0.1, 3: 0.1},
            "create_todo": {0: 0.2, 4: 0.002}, "end": {0: 0.9},
        }  # fmt: skip
        for key, figures in shares.items():
            for figure, part in figures.items():
                self._run(
                    connection,
                    "INSERT INTO totals (scenario_id, step_id, day, figure, bucket, folded, count, first_at, last_at) SELECT "
                    f"k.scenario_id, k.id, {first} + n, {figure}, k.id % 20, 1, {self.greatest}(1, CAST({share * part} AS INTEGER) + k.id % 3), "
                    f"{self.now}, {self.now} FROM steps k,", 365, f"WHERE k.key = '{key}'",
                )  # fmt: skip
        connection.execute(text(
            "INSERT INTO totals (scenario_id, step_id, day, figure, bucket, folded, count) SELECT scenario_id, step_id, "
            f"{first + 365}, 10, 0, 1, count(*) FROM enrolments WHERE state = 0 GROUP BY scenario_id, step_id"
        ))  # fmt: skip

    def settled(self, connection: Connection) -> None:
        """The scenarios run, a tick has been, and what comes next has keys of its own."""
        connection.execute(text(f"UPDATE scenarios SET state = 'running', started_at = {self.now - 365 * _DAY}"))
        connection.execute(text(f"UPDATE ticks SET at = {self.now - 60_000_000}"))
        for table in ("prospects", "activities", "enrolments") if self.postgres else ():
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"))

    def _run(self, connection: Connection, statement: str, count: int, rest: str = "") -> None:
        connection.execute(text(f"{statement} {series(connection, count)} {rest}".replace(":", "\\:")))
