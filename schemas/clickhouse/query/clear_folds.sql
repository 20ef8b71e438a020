TRUNCATE TABLE IF EXISTS fold_run{{.Local}};
TRUNCATE TABLE IF EXISTS fold_change{{.Local}};
TRUNCATE TABLE IF EXISTS fold_incident{{.Local}};
TRUNCATE TABLE IF EXISTS fold_touched{{.Local}};
TRUNCATE TABLE IF EXISTS fold_merged{{.Local}};
TRUNCATE TABLE IF EXISTS fold_rollback{{.Local}};
TRUNCATE TABLE IF EXISTS fold_rolled_back{{.Local}};
