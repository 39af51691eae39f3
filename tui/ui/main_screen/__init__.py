"""The main screen: panes in their places, header, footer, time bar. Opens no dialog; knows no application."""
