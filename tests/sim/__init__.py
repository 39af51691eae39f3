"""Tests of the simulator: is it a LiveKit, as far as official clients and the contract can tell?"""
