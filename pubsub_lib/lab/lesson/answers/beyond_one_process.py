"""The answers of notebook 11, and the questions at its end."""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Recall

ANSWERS: Answers = {}

RECALL: Recall = []
