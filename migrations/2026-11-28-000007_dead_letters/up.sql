-- Expands: a dead job can be discarded, with a reason; it then keeps its week's partitions no longer.

ALTER TABLE jobs ADD COLUMN discarded_at timestamptz, ADD COLUMN discard_reason text;
