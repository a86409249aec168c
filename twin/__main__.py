"""``python -m twin``: the command line."""

from viz.cli import console

if __name__ == "__main__":
    console()
