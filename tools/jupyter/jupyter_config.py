"""What every Jupyter program is told that opens or runs the course's notebooks.

`make lab` has JupyterLab read this file, and tools/open_course.py puts it into the environment as
well, so that Jupyter Notebook and nbconvert, which are started without it, find it there.
"""

import logging

from jupyter_client.manager import KernelManager
from traitlets import TraitError

c = get_config()  # type: ignore[name-defined]  # noqa: F821

# A form that nobody answered is saved as the text beside it.
c.ContentsManager.pre_save_hook = "pubsub_lib.lab.lesson.widget_views.before_saving"

# It would fetch news, and look for updates at every start. Whether it may, its page asks all the
# same, unless labconfig/default_setting_overrides.json answers.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"

# Of a default of the server's own, which does no harm, each kernel that is opened would warn.
logging.getLogger("tornado.general").addFilter(
    lambda record: "websocket_ping_timeout" not in record.getMessage()
)

# Else each kernel that starts warns that others on this machine could listen.
if hasattr(KernelManager, "transport_encryption"):
    try:
        KernelManager(transport_encryption="auto")
    except TraitError:
        pass  # pyzmq was built without libsodium
    else:
        c.KernelManager.transport_encryption = "auto"
