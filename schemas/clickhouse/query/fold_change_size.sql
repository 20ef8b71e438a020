SELECT count() FROM fold_change AS f WHERE f.run = {run:String}
