"""What notebook 04 suggests to change, and what is then found."""

from . import Change

CHANGES = [
    Change(
        cell="29f33846",
        replace=[
            ("till, archive, website = [", "archive, website, till = ["),
            ('("till", "archive", "website")', '("archive", "website", "till")'),
        ],
        run=["a6f9bc64"],
        expect=["Found here: the till"],
    ),
    Change(
        cell="ff2ae580",
        replace=("async with self.line:", "if True:"),
        run=["b9d5238a"],
        expect=[
            "| publish two at once | left: [3, 4], right: [4, 3] | left: [3, 4], right: [4, 3] |"
        ],
    ),
    Change(
        cell="166dece2",
        replace=("self.queues.remove(queue)", "pass"),
        run=["c32653d2", "f3af5bff"],
        expect=[
            "the chapter's: 110 publishes take 9 s in all, the longest 1 s. "
            "with an owner: 110 publishes take 9 s in all, the longest 1 s.",
            "50 of 50",
        ],
    ),
]
