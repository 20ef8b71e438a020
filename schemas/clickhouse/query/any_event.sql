-- Whether anything is stored; before the first migration there is no table.
SELECT toString(total_rows) FROM system.tables WHERE database = currentDatabase() AND name = 'event' AND total_rows > 0
