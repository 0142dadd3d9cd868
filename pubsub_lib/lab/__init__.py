"""What the notebooks measure with. The broker never imports it.

`virtual_time` runs a coroutine on a clock that jumps, `workloads` makes traffic, `recordings` keeps
what happened, `figures` draws it, `experiments` puts several brokers to the same test,
`predictions` and `exercises` talk with the learner, `verdicts` settles the claims.
"""
