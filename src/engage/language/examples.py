"""An example of each step, shown in the reference and proved by the tests."""

from __future__ import annotations

from collections.abc import Mapping

#: Step key → a list of steps in YAML with the step in it.
EXAMPLES: Mapping[str, str] = {
    "send_email": """\
- id: invite
  after: 3 days
  send_email: {template: demo-invitation, from: owner, once: true}""",
    "add_to_list": "- add_to_list: nurture-pool",
    "remove_from_list": "- remove_from_list: [newsletter, seminar-news]",
    "add_tag": "- add_tag: [vip, met-at-expo]",
    "remove_tag": "- remove_tag: dormant",
    "adjust_score": """\
- adjust_score: +10
- adjust_score: {by: -5, category: pricing}
- adjust_score: {to: 0}""",
    "set_field": """\
- set_field: {lead_stage: mql, purchase_timing: null}
- set_field: {notes: "{{ prospect.current_system }}"}     # copies a field""",
    "assign": """\
- assign: group:east
- assign: {to: user:sato, reassign: true}""",
    "create_todo": """\
- create_todo:
    subject: "Call {{ prospect.company | default('the prospect') }}"
    due: 1 business day
    priority: high
    to: owner""",
    "notify": """\
- notify:
    to: owner
    subject: "{{ prospect.company }} looks at prices"
    text: "{{ prospect.full_name }} has viewed the price page."
""".rstrip(),
    "add_to_campaign": "- add_to_campaign: {campaign: seminar-crm, status: attended}",
    "opt_out": "- opt_out: true",
    "enrol": "- enrol: pricing-interest",
    "leave": "- leave: whitepaper-nurture",
    "webhook": """\
- webhook:
    url: https://hooks.example.com/engage
    payload: {email: "{{ prospect.email }}", company: "{{ prospect.company | default('') }}", kind: hot-lead}""",
    "action": "- action: {name: print-label, with: {size: large}}",
    "trigger": """\
- id: invite
  send_email: demo-invitation
- trigger:
    - {email_clicked: {email: invite, link: "*/demo*"}}
    - {page_viewed: "/demo*"}
  within: 4 days
  yes:
    - add_tag: interested
  no:
    - add_to_list: nurture-pool""",
    "rule": """\
- rule: {score: {gte: 100}, grade: {gte: B-}}
  yes:
    - assign: group:east""",
    "wait": """\
- wait: 3 days
- wait: 2 business days
- wait: {until: 2027-01-12T09:00, on_past: leave}
- wait: {until: next monday 09:00}
- wait: {until: "09:00"}
- wait: {field: renewal_date, offset: -30 days, at: "09:00", on_missing: go_on}
- wait: {field: renewal_date, yearly: true}""",
    "switch": """\
- id: interest
  switch:
    - name: software
      case: {industry: Software}
      steps: [{add_to_list: seminar-news}]
    - case: {employees: {gte: 500}}          # without a name its outcome is 2, its place
      steps: [{assign: group:east}]
  else:
    - add_to_list: newsletter""",
    "split": """\
- id: subject-test
  split:
    question: {share: 45, steps: [{send_email: demo-invitation}]}
    offer: {share: 45, steps: [{send_email: product-tour}]}
    holdout: {share: 10}""",
    "repeat": """\
- repeat:
    times: 3
    every: 2 days
    until: {email_clicked: remind}
    steps:
      - id: remind
        send_email: demo-invitation""",
    "go_to": """\
- rule: {score: {gte: 100}}
  yes:
    - go_to: handover
- wait: 3 days
- id: handover
  assign: group:east""",
    "end": "- end: true",
}
