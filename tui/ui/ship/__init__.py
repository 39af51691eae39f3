"""Creating and deploying on the screen: the form, and how far it got."""
