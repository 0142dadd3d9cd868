"""Your own broker: one file of the learner's, which grows from notebook 03 to 10.

- `stages`: which promises are asked of it after which notebook. `given`: it after each of them.
- `file`: where it lies. `loading`: made a class, or what is wrong with it in plain words.
- `trying`: which promises it keeps, with a film of the first that it breaks.
- `programs`, `playing`, `played`: small programs over it, and what came of each.
- `laws`, `searching`: a search for the smallest program that breaks a promise.
- `measuring`: how fast it is beside others.
- `apart`: runs any of that in a process of its own, with a limit. `commands`: what learners type.
"""
