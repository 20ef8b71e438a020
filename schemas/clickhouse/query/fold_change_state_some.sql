-- What the view change_state gives of the parts of a snapshot: of all changes, or of
-- those whose keys were touched.
INSERT INTO fold_change_state
WITH
    {{- if .Some}}
    touched AS
    (
        SELECT t.key AS key FROM fold_touched AS t WHERE t.run = {touched:String}
    ),
    {{- end}}
    change_told AS
    (
        SELECT f.* FROM fold_change AS f
        {{if .Some}}PREWHERE f.key GLOBAL IN (SELECT key FROM touched){{end}}
        WHERE f.run IN ({base:String}, {delta:String}) AND f.is_change
            AND ({delta:String} = '' OR f.run = {delta:String} OR f.key GLOBAL NOT IN (SELECT d.key FROM fold_change AS d WHERE d.run = {delta:String}))
    ),
    change_merged AS
    (
        SELECT f.entity AS entity, f.change_id AS change_id FROM fold_merged AS f
        WHERE f.run = {joined:String} {{if .Some}}AND cityHash64(f.entity) GLOBAL IN (SELECT key FROM touched){{end}}
    ),
    change_rolled_back AS
    (
        SELECT f.change_id AS change_id, f.at AS at, f.automatic AS automatic FROM fold_rolled_back AS f
        WHERE f.run = {joined:String} {{if .Some}}AND cityHash64(f.change_id) GLOBAL IN (SELECT key FROM touched){{end}}
    )
SELECT {run:String}, cityHash64(s.change_id), true, s.* FROM ({{view "change_state"}}) AS s
