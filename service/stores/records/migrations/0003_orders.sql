-- What a provider calls an order that it has accepted, and the key that it was placed with: whoever asks again after
-- a crash can be given what was ordered.

ALTER TABLE attempts ADD COLUMN job TEXT;
ALTER TABLE attempts ADD COLUMN job_key TEXT;
