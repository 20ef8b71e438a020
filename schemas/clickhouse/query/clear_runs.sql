TRUNCATE TABLE IF EXISTS estimate_run{{.Local}};
TRUNCATE TABLE IF EXISTS estimate_row{{.Local}};
TRUNCATE TABLE IF EXISTS estimate_basis{{.Local}};
TRUNCATE TABLE IF EXISTS watch_row{{.Local}};
