SELECT count() FROM fold_change_state AS f WHERE f.run = {run:String}
