"""What must survive: rows, changed all or not at all. `port` is the promise; SQLite and PostgreSQL keep it.

One schema and one text of every statement serve both; `migrations` holds the schema, numbered.
"""
