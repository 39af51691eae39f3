"""From a working directory to a version that runs: what is found, what is asked, what is sent. No screen."""
