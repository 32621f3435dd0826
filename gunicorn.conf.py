"""What `gunicorn` reads when it is started here: the settings that come with the package."""

from creditscore.web.gunicorn_config import *  # noqa: F403  # it takes all names of this file
