"""The web application, for a WSGI server: `gunicorn wsgi:app`."""

import gc
import os

from config import Config, log_as
from tracker.web import create_app

log_as("web")
app = create_app(Config.from_env(os.environ))
gc.freeze()  # what is loaded by now stays: looking through it for garbage costs a request 90 ms, again and again
