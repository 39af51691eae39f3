"""A simulated LiveKit control plane, made of the official messages. Imports nothing else of this project.

It has four rooms. Each may import those after it: `http`, `scenarios`, `world`, `wire`.
"""
