"""An empty Textual application, E: the least that a program on Textual can cost."""

from textual.app import App

if __name__ == "__main__":
    App[None]().run(mouse=False)
