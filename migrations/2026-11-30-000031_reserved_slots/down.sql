ALTER TABLE workers DROP COLUMN reserved;
