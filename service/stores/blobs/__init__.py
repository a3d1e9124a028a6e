"""What is big: pictures, by names of ours. `port` is the promise, `files` keeps it in a directory, `s3` in a bucket.

`outage` is what the operator hears when a place cannot be used.
"""
