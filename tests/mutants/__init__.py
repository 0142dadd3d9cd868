"""Mutation testing: does a test notice when one thing in the library is changed?"""
