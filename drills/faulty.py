"""The WSGI door of a service with a planted fault: `gunicorn --pythonpath drills faulty:app`."""

import os

from faults import VARIABLE, create_faulty_app

app = create_faulty_app(os.environ[VARIABLE])
