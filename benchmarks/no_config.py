"""No settings: keeps gunicorn from taking those of the folder that it is started in."""
