SELECT count() FROM fold_incident AS f WHERE f.run = {run:String}
