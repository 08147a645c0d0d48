"""Generic objects: create, retrieve, update, delete, list, search and storage, driven by the table."""
