"""The web application, for a WSGI server: `gunicorn wsgi:app`."""

import os

from config import Config, log_as
from tracker.web import create_app

log_as("web")
app = create_app(Config.from_env(os.environ))
