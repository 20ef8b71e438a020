SELECT count() FROM fold_touched AS t WHERE t.run = {run:String}
