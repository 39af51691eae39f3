"""A LiveKit control plane to practise on, made of the official messages. Imports nothing of ours."""
