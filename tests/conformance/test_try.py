from tests.support.world import World
def test_x(engine):
    w = World(engine, '''
        steps:
          - {id: invite, send_email: invite}
          - {id: opened, trigger: {email_opened: invite}, within: 3 days, yes: [add_tag: warm], no: []}
        ''')
    w.add("a")
    w.tick("0 days")
    w.deliver("1 hour")
    w.activity("a", "email_opened", "invite", at="1 day")
    w.tick("1 day")
    assert w.path("a") == ["invite", "opened.yes", "add_tag-warm"]
