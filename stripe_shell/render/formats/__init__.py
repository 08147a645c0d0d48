"""The formats of `--format` and `@format`, one module each: a module that stands here is a format of its name.

A module defines `render` with the signature of `Render`.
"""
