SELECT DISTINCT partition_id, partition FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active
