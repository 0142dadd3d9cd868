"""Plausible wrong answers to the exercises of notebook 11, and what the check says to each."""

import asyncio
import contextlib
import secrets
from collections import deque


def nothing_is_lost(numbers):
    return 0


def one_sequence_for_all(numbers):
    lost, last = 0, None
    for _, number in numbers:
        if last is not None:
            lost += max(number - last - 1, 0)
        last = number
    return lost


def counts_from_one(numbers):
    last, lost = {}, 0
    for name, number in numbers:
        lost += max(number - last.get(name, 0) - 1, 0)
        last[name] = max(number, last.get(name, 0))
    return lost


def repetitions_start_over(numbers):
    last, lost = {}, 0
    for name, number in numbers:
        lost += abs(number - last.get(name, number - 1) - 1)
        last[name] = number
    return lost


def late_ones_stay_lost(numbers):
    last, lost = {}, 0
    for name, number in numbers:
        lost += max(number - last.get(name, number - 1) - 1, 0)
        last[name] = max(number, last.get(name, number))
    return lost


def every_late_one_is_found(numbers):
    last, lost = {}, 0
    for name, number in numbers:
        step = number - last.get(name, number - 1) - 1
        lost += step if step >= 0 else -1
        last[name] = max(number, last.get(name, number))
    return lost


def only_gaps_of_one(numbers):
    last, lost = {}, 0
    for name, number in numbers:
        lost += number > last.get(name, number - 1) + 1
        last[name] = number
    return lost


def counts_from_the_lowest(numbers):
    seen = {}
    for name, number in numbers:
        seen.setdefault(name, []).append(number)
    return sum(
        len(set(range(min(some), max(some) + 1)) - set(some)) + (some[0] > min(some))
        for some in seen.values()
    )


def finds_the_number_of_another(numbers):
    last, missing = {}, []
    for name, number in numbers:
        missing += range(last.get(name, number - 1) + 1, number)
        if number in missing:
            missing.remove(number)
        last[name] = max(number, last.get(name, number))
    return len(missing)


async def acknowledges_first(inbox, ledger):
    while (order := await inbox.get()) is not None:
        inbox.task_done()
        await ledger.carry_out(order)


async def never_acknowledges(inbox, ledger):
    while (order := await inbox.get()) is not None:
        if order not in ledger:
            await ledger.carry_out(order)


async def does_not_ask_the_ledger(inbox, ledger):
    while (order := await inbox.get()) is not None:
        await ledger.carry_out(order)
        inbox.task_done()


async def acknowledges_only_what_is_new(inbox, ledger):
    while (order := await inbox.get()) is not None:
        if order not in ledger:
            await ledger.carry_out(order)
            inbox.task_done()


async def acknowledges_in_any_case(inbox, ledger):
    while (order := await inbox.get()) is not None:
        try:
            if order not in ledger:
                await ledger.carry_out(order)
        finally:
            inbox.task_done()


async def goes_on_after_an_error(inbox, ledger):
    while (order := await inbox.get()) is not None:
        try:
            if order not in ledger:
                await ledger.carry_out(order)
        except ConnectionError:
            continue  # so the next task_done() is for this one
        inbox.task_done()


async def handles_the_end_too(inbox, ledger):
    while True:
        order = await inbox.get()
        if order not in ledger:
            await ledger.carry_out(order)
        if order is None:
            return
        inbox.task_done()


async def all_at_once(inbox, ledger):
    async def handle(order):
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()

    async with asyncio.TaskGroup() as group:
        while (order := await inbox.get()) is not None:
            group.create_task(handle(order))


async def polls(inbox, ledger):
    while True:
        try:
            async with asyncio.timeout(0.1):
                order = await inbox.get()
        except TimeoutError:
            continue
        if order is None:
            return
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()


async def polls_what_is_there(inbox, ledger):
    while True:
        while inbox.empty():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        order = await inbox.get()
        if order is None:
            return
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()


async def takes_what_is_there(inbox, ledger):
    while not inbox.empty():
        order = inbox.get_nowait()
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()


async def takes_as_many_as_wait(inbox, ledger):
    for _ in range(inbox.qsize()):
        order = await inbox.get()
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()


async def takes_four_orders(inbox, ledger):
    for _ in range(4):
        order = await inbox.get()
        if order is None:
            return
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()


async def acknowledges_what_the_loop_does(inbox, ledger):
    async for order in inbox:
        if order not in ledger:
            await ledger.carry_out(order)
        inbox.task_done()


async def remembers_in_memory(inbox, ledger, done=set()):  # noqa: B006
    while (order := await inbox.get()) is not None:
        if order not in done:
            await ledger.carry_out(order)
            done.add(order)
        inbox.task_done()


def is_new(order, ledger):
    return order not in ledger


async def calls_what_a_desk_does_not_have(inbox, ledger):
    while (order := await inbox.get()) is not None:
        if is_new(order, ledger):
            await ledger.carry_out(order)
        inbox.task_done()


class RepeatsAll:
    def __init__(self, capacity):
        self.capacity = capacity

    def handle(self, message_id, effect):
        effect()
        return True


class TellsNothing(RepeatsAll):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.handled = set()

    def handle(self, message_id, effect):
        if message_id not in self.handled:
            effect()
            self.handled.add(message_id)


class RemembersBefore(TellsNothing):
    def handle(self, message_id, effect):
        if message_id in self.handled:
            return False
        self.handled.add(message_id)
        effect()
        return True


class SwallowsTheError(TellsNothing):
    def handle(self, message_id, effect):
        if message_id in self.handled:
            return False
        try:
            effect()
        except ConnectionError:
            return False
        self.handled.add(message_id)
        return True


class RemembersForEver(TellsNothing):
    def handle(self, message_id, effect):
        if message_id in self.handled:
            return False
        effect()
        self.handled.add(message_id)
        return True


class RemembersTheLastOnly(TellsNothing):
    last = None

    def handle(self, message_id, effect):
        if message_id == self.last:
            return False
        effect()
        self.last = message_id
        return True


class ForgetsAllWhenFull(RemembersForEver):
    def handle(self, message_id, effect):
        if len(self.handled) == self.capacity and message_id not in self.handled:
            self.handled.clear()
        return super().handle(message_id, effect)


class OneTooFew(TellsNothing):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.handled = deque(maxlen=capacity - 1)

    def handle(self, message_id, effect):
        if message_id in self.handled:
            return False
        effect()
        self.handled.append(message_id)
        return True


async def removes_first(outbox, broker):
    for number, change in outbox.waiting():
        outbox.remove(number)
        await broker.publish(change, message_id=f"change {number}")


async def gives_no_id(outbox, broker):
    for number, change in outbox.waiting():
        await broker.publish(change)
        outbox.remove(number)


async def gives_a_new_id_each_time(outbox, broker):
    for number, change in outbox.waiting():
        await broker.publish(change, message_id=secrets.token_hex(8))
        outbox.remove(number)


async def gives_the_same_id_to_all(outbox, broker):
    for number, change in outbox.waiting():
        await broker.publish(change, message_id="a change")
        outbox.remove(number)


async def never_removes(outbox, broker):
    for number, change in outbox.waiting():
        await broker.publish(change, message_id=f"change {number}")


async def takes_silence_for_a_yes(outbox, broker):
    for number, change in outbox.waiting():
        with contextlib.suppress(TimeoutError):
            await broker.publish(change)
        outbox.remove(number)


async def takes_silence_for_a_yes_with_an_id(outbox, broker):
    for number, change in outbox.waiting():
        with contextlib.suppress(TimeoutError):
            await broker.publish(change, message_id=f"change {number}")
        outbox.remove(number)


async def makes_the_id_of_what_it_says(outbox, broker):
    for number, change in outbox.waiting():
        await broker.publish(change, message_id=str(change))
        outbox.remove(number)


async def sends_all_at_once(outbox, broker):
    waiting = outbox.waiting()
    async with asyncio.TaskGroup() as group:
        for number, change in waiting:
            group.create_task(broker.publish(change, message_id=f"change {number}"))
    for number, _ in waiting:
        outbox.remove(number)


async def never_returns(outbox, broker):
    while True:
        for number, change in outbox.waiting():
            await broker.publish(change, message_id=f"change {number}")
            outbox.remove(number)
        await asyncio.sleep(0.1)


async def counts_anew(outbox, broker):
    for count, (number, change) in enumerate(outbox.waiting()):
        await broker.publish(change, message_id=f"change {count}")
        outbox.remove(number)


WRONG_ANSWERS = [
    ("11.1", nothing_is_lost, "2 and 3 are missing, which makes 2, and you return 0"),
    ("11.1", one_sequence_for_all, "each publisher has numbers of its own"),
    ("11.1", counts_from_one, "who came late has not lost what was before"),
    ("11.1", repetitions_start_over, "2 came twice"),
    ("11.1", late_ones_stay_lost, "2 was late, and came in after all"),
    ("11.1", every_late_one_is_found, "2 came twice, and nothing is missing"),
    ("11.1", only_gaps_of_one, "which makes 2, and you return 1"),
    ("11.1", counts_from_the_lowest, "4 was late, it is from before the first one"),
    ("11.1", finds_the_number_of_another, "Ben's 2 is not Ada's"),
    ("11.2", acknowledges_first, "carry_out() or task_done()?"),
    ("11.2", never_acknowledges, "will deliver them again, for ever"),
    ("11.2", does_not_ask_the_ledger, "came again, and was carried out twice"),
    ("11.2", acknowledges_only_what_is_new, "not acknowledged"),
    ("11.2", acknowledges_in_any_case, "carry_out() or task_done()?"),
    ("11.2", goes_on_after_an_error, "never carried out"),
    ("11.2", handles_the_end_too, "the end and no order"),
    ("11.2", all_at_once, "never carried out"),
    ("11.2", polls, "it looks again and again"),
    ("11.2", polls_what_is_there, "it looks again and again"),
    ("11.2", takes_what_is_there, "it has returned after orders 1, 2, and more may come"),
    ("11.2", takes_as_many_as_wait, "it has returned after orders 1, 2, and more may come"),
    ("11.2", takes_four_orders, "it has returned after orders 1, 2, 3, 4, and more may come"),
    ("11.2", acknowledges_what_the_loop_does, "leaves it to the loop"),
    ("11.2", remembers_in_memory, "who knows, beyond the end of a process"),
    ("11.2", calls_what_a_desk_does_not_have, "knows the source of this function"),
    ("11.3", RepeatsAll, "4 effects, not 2"),
    ("11.3", TellsNothing, "return whether it has called the effect"),
    ("11.3", RemembersBefore, "it is lost"),
    ("11.3", SwallowsTheError, "who called it would acknowledge"),
    ("11.3", RemembersForEver, "in a year the memory will be full"),
    ("11.3", RemembersTheLastOnly, "4 effects, not 2"),
    ("11.3", ForgetsAllWhenFull, "these are the last three"),
    ("11.3", OneTooFew, "with a capacity of 3"),
    ("11.4", removes_first, "publish() or remove()?"),
    ("11.4", gives_no_id, "by what could it know again"),
    ("11.4", gives_a_new_id_each_time, "by what could it know again"),
    ("11.4", gives_the_same_id_to_all, "an id of its own?"),
    ("11.4", never_removes, "the outbox is not empty"),
    ("11.4", takes_silence_for_a_yes, "by what could it know again"),
    ("11.4", takes_silence_for_a_yes_with_an_id, "neither with the server nor in the outbox"),
    ("11.4", makes_the_id_of_what_it_says, "that of the change, and not what it says"),
    ("11.4", sends_all_at_once, "and not in their order"),
    ("11.4", never_returns, "the relay goes on for a minute"),
    ("11.4", counts_anew, "an id of its own?"),
]
