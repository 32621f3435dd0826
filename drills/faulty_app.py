"""A service with a planted fault, for `gunicorn --pythonpath drills faulty_app:app`."""

import os

from fault_injection import VARIABLE, create_faulty_app

app = create_faulty_app(os.environ[VARIABLE])
