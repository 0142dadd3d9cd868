"""Shows a learner how far they are, in a table of the course or a line of one notebook."""

from IPython.display import Markdown, display

from pubsub_lib.lab.exercises.checking import EXERCISES
from pubsub_lib.lab.lesson.progress import progress_table, solved


def show_progress(notebook: str | None = None) -> None:
    """Show which exercises are solved and which are still open.

    Args:
        notebook: the number of a notebook, such as `02`, of which a line is printed; a table of the
            whole course is shown without.
    """
    if notebook is None:
        display(Markdown(progress_table(EXERCISES, solved())))
        return
    here = [number for number in EXERCISES if number.startswith(f"{notebook}.")]
    done = solved().intersection(here)
    print(f"Notebook {notebook}: {len(done)} of {len(here)} exercises solved.")
