-- The functions keep their newer bodies, so they need the table that this removes: run it only on the way to an older binary whose own
-- migrations put the older bodies back.
DROP TABLE effects;
