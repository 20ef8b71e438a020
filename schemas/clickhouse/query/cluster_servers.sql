SELECT host_name, port FROM system.clusters WHERE cluster = ? ORDER BY shard_num, replica_num
