"""What is logged of messages that subscribers missed, and when."""

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.losses import LossLog
from tests.stepping import in_virtual_time, let_all_run


@in_virtual_time
async def test_to_have_nothing_to_report_does_not_put_off_the_next_line(caplog):
    home, losses = HomeLoop("AsyncPubSub"), LossLog()
    home.check()
    losses.report_soon(home)
    await let_all_run()
    losses.add(2, home)
    await let_all_run()
    assert [record.args for record in caplog.records] == [("AsyncPubSub", 2)]


def test_what_is_lost_before_there_is_an_event_loop_is_reported_once_there_is_one(caplog):
    @in_virtual_time
    async def report() -> None:
        home.check()
        losses.report_soon(home)
        await let_all_run()

    home, losses = HomeLoop("AsyncPubSub"), LossLog()
    losses.add(2, home)
    losses.report_soon(home)
    report()
    assert [record.args for record in caplog.records] == [("AsyncPubSub", 2)]
