"""The WSGI door: for gunicorn and other servers as app:app, for the commands of flask as --app app.

.venv/bin/python app.py     serves without gunicorn
"""

import sys

from creditscore.environment import open_door

app, main = (served := open_door("app.py")).app, served.main

if __name__ == "__main__":
    sys.exit(main())
