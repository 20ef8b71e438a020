INSERT INTO migration (name) SELECT ?
