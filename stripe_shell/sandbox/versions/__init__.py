"""API versions in the sandbox: a chain of small changes between the form that is stored, the newest, and older ones.

Objects are stored in the newest form only. A request in an older version is judged by that version's table
(spec/versions), carried forward by the changes since, oldest first, and run as a request of today; the answer is
carried back by the same changes, newest first. A request in the current version meets none of them.
"""
